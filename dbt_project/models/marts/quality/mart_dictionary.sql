-- Grain: entry (entry_type, parent_id, entry_id): every column, concept, code, and whatever else a released table names by its id.
-- Columns are those that leave: what a reader of a release has in front of them. A description is the program's, in English;
-- a note is the registry's, in its own language.
with columns as (
{% for node in (graph.nodes.values() if execute else []) if node.resource_type == 'model' and node.config.schema == 'release' %}
    {% for column in node.columns.values() %}
    select
        'column' as entry_type, {{ quoted_text(node.alias) }} as parent_id, {{ quoted_text(column.name) }} as entry_id,
        null::varchar as label_nl, null::varchar as label_en,
        {{ quoted_text(column.description) }} as description, {{ quoted_text(column.data_type or '') }} as data_type,
        null::varchar as note
    union all
    {% endfor %}
{% endfor %}
    select
        null::varchar as entry_type, null::varchar as parent_id, null::varchar as entry_id, null::varchar as label_nl,
        null::varchar as label_en, null::varchar as description, null::varchar as data_type, null::varchar as note
    where false
),

testing as (
    select
        'changes of one wave, population and breakdown are adjusted together: '
        || any_value(value) filter (where policy_id = 'multiple_testing')
        || ', alpha ' || any_value(value) filter (where policy_id = 'stable_alpha') as description
    from {{ ref('estimation_policies') }}
),

-- Who is in the denominator: one answer of each concept brings a respondent in, and these missings stay.
members as (
    select base_id, string_agg(concept_id || ' = ' || codes, ' and ' order by concept_id) as rules
    from (
        select base_id, concept_id, string_agg(code, ' or ' order by code) as codes
        from {{ ref('base_rules') }}
        group by base_id, concept_id
    )
    group by base_id
),

staying as (
    select base_id, string_agg(missing_kind, ', ' order by missing_kind) as missings
    from {{ ref('base_missings') }}
    group by base_id
)

select entry_type, parent_id, entry_id, label_nl, label_en, description, data_type, note from columns
union all
select
    'concept', concepts.theme_id, concepts.concept_id, concepts.label_nl, concepts.label_en,
    case sides.part
        when 'answered_by' then 'where two sides answered for one organisation, the valid answer of ' || sides.code || ' counts for both'
        when 'answered_by_each' then 'each side that answers for an organisation answers for its own part'
    end,
    concepts.type, sides.reason
from {{ ref('concepts') }} as concepts
left join {{ ref('organisation_concepts') }} as sides
    on concepts.concept_id = sides.concept_id
    and sides.part in ('answered_by', 'answered_by_each')
union all
select 'code', codelist_id, code, label_nl, label_en, description, null, note from {{ ref('dim_code') }}
union all
select 'missing_kind', null, missing_kind, label_nl, label_en, null, null, null from {{ ref('missing_kinds') }}
union all
select 'indicator', concept_id, indicator_id, label_nl, label_en, 'base ' || base_id, unit, null from {{ ref('indicators') }}
union all
select
    'base', null, bases.base_id, bases.label_nl, bases.label_en,
    -- Some bases are those of published counts alone.
    case
        when bases.base_id in (select base_id from {{ ref('indicators') }})
            then 'everyone asked' || coalesce(' with ' || members.rules, '') || ' who gave a valid answer' || coalesce(' or ' || staying.missings, '')
    end,
    null, bases.note
from {{ ref('bases') }} as bases
left join members using (base_id)
left join staying using (base_id)
union all
select 'population', parent_population_id, population_id, label_nl, label_en, description, null, null from {{ ref('populations') }}
union all
select 'breakdown', concept_id, breakdown_id, label_nl, label_en, null, null, null from {{ ref('breakdowns') }}
union all
select 'programme', null, programme_id, label_nl, label_en, null, null, null from {{ ref('programmes') }}
union all
select
    'wave', waves.programme_id, waves.wave_id, programmes.label_nl || ' ' || waves.year, programmes.label_en || ' ' || waves.year,
    'maturity ' || waves.maturity
    || coalesce(', fieldwork from ' || waves.fieldwork_from, '') || coalesce(' until ' || waves.fieldwork_until, ''),
    null, concat_ws('; ', waves.reference_period, waves.contractor, waves.note)
from {{ accepted(ref('waves')) }} as waves
inner join {{ ref('programmes') }} as programmes using (programme_id)
union all
select 'theme', null, theme_id, label_nl, label_en, null, null, null from {{ ref('themes') }}
union all
select 'block', theme_id, block_id, label_nl, label_en, null, null, null from {{ ref('blocks') }}
union all
select 'instrument', null, instrument_id, label_nl, label_en, null, unit_of_observation, null from {{ ref('instruments') }}
union all
select 'break', null, break_id, null, null, kind || ', ' || effect || ', between ' || from_wave_id || ' and ' || to_wave_id, null, reason
from {{ accepted(ref('series_breaks')) }}
union all
select 'family', null, families.family_id, families.label_nl, families.label_en, testing.description, null, null
from {{ ref('families') }} as families
cross join testing
union all
select 'policy', null, policy_id, null, null, 'chosen: ' || value, null, reason from {{ ref('estimation_policies') }}
