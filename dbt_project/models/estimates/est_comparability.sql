-- Grain: one row per indicator, population and wave (indicator_id, population_id, wave_id).
-- Says whether the wave asked it, to which segment of comparable waves it belongs, and the wave a change goes to.
with needed as (
    {{ needed_concepts() }}
),

asked as (
    {{ asked_indicators() }}
),

-- A question is asked of a population when a file that holds members of it asks it, routed past them or not. That the other
-- files of these members ask it too, or hold nobody of the base, is tested (assert_a_population_is_asked_whole_or_not_at_all).
present as (
    select distinct asked.indicator_id, members.population_id, asked.wave_id
    from asked
    inner join (
        select distinct respondents.file_key, domains.population_id
        from {{ ref('fct_domain_member') }} as member
        inner join {{ ref('dim_domain') }} as domains using (domain_id)
        inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
        where domains.breakdown_id = 'total'
    ) as members using (file_key)
),

-- A population whose every member has another answer than a base asks for (a province, of a base of municipalities).
outside_base as (
    select distinct indicators.indicator_id, populations.population_id
    from {{ ref('dim_indicator') }} as indicators
    inner join {{ ref('base_rules') }} as base_rule using (base_id)
    inner join {{ ref('population_rules') }} as population_rule on base_rule.concept_id = population_rule.concept_id
    inner join {{ ref('dim_population') }} as populations on list_contains(populations.path, population_rule.population_id)
    group by indicators.indicator_id, populations.population_id, base_rule.concept_id, population_rule.population_id
    having bool_and(base_rule.code <> population_rule.code)
),

pairs as (
    select distinct asked.indicator_id, populations.population_id, populations.instrument_id
    from asked
    inner join {{ ref('dim_population') }} as populations using (instrument_id)
),

grid as (
    select
        pairs.indicator_id,
        pairs.population_id,
        pairs.instrument_id,
        waves.wave_id,
        waves.programme_id,
        waves.year,
        waves.wave_order,
        indicators.theme_id,
        indicators.block_id,
        present.wave_id is not null and outside_base.population_id is null as is_asked,
        questionnaires.wave_id is not null as is_in_questionnaire,
        outside_base.population_id is not null as is_outside_base
    from pairs
    cross join {{ ref('dim_wave') }} as waves
    inner join {{ ref('dim_indicator') }} as indicators using (indicator_id)
    left join (select distinct indicator_id, instrument_id, wave_id from asked) as questionnaires
        on pairs.indicator_id = questionnaires.indicator_id
        and pairs.instrument_id = questionnaires.instrument_id
        and waves.wave_id = questionnaires.wave_id
    left join present
        on pairs.indicator_id = present.indicator_id
        and pairs.population_id = present.population_id
        and waves.wave_id = present.wave_id
    left join outside_base
        on pairs.indicator_id = outside_base.indicator_id
        and pairs.population_id = outside_base.population_id
),

-- Of what an indicator needs and the instrument did not ask, a concept or what it is derived from: what the crosswalk says of it.
-- Named is the indicator's own concept before those of its base, and another form before a question that was left out.
notes as (
    select lacking.indicator_id, rows.wave_id, rows.instrument_id, rows.note, rows.verb = 'impossible' as is_other_form
    from (
        select indicator_id, concept_id, concept_id as told_concept_id from needed
        union
        select needed.indicator_id, needed.concept_id, inputs.input_concept_id
        from needed
        inner join {{ ref('derived_inputs') }} as inputs using (concept_id)
    ) as lacking
    inner join {{ ref('dim_indicator') }} as indicators using (indicator_id)
    inner join {{ accepted(ref('xw_variables')) }} as rows
        on lacking.told_concept_id = rows.concept_id
        and rows.verb in ('not_asked', 'impossible')
    where (rows.wave_id, rows.instrument_id, lacking.concept_id)
        not in (select (wave_id, instrument_id, concept_id) from ({{ asked_concepts() }}))
    qualify row_number() over (
        partition by lacking.indicator_id, rows.wave_id, rows.instrument_id
        order by lacking.concept_id <> indicators.concept_id, rows.verb <> 'impossible', rows.note, rows.concept_id
    ) = 1
),

left_out as (
    select
        grid.indicator_id,
        grid.population_id,
        grid.wave_id,
        -- What was left out, the group or the question, and the registry's word on it: together, so that they cannot disagree.
        case
            when grid.is_asked then null
            when wave_instruments.status = 'not_asked' then {'what': 'instrument', 'reason': wave_instruments.reason}
            when wave_themes.theme_id is null then {'what': 'theme', 'reason': null}
            when not grid.is_in_questionnaire and notes.note is not null
                then {'what': if(notes.is_other_form, 'form', 'question'), 'reason': notes.note}
            when not grid.is_in_questionnaire
                and (grid.wave_id, grid.instrument_id) not in (select (wave_id, instrument_id) from {{ ref('dim_delivery') }})
                then {'what': 'delivery', 'reason': null}
            when not grid.is_in_questionnaire then {'what': 'question', 'reason': null}
            when grid.is_outside_base then {'what': 'base', 'reason': null}
            else {'what': 'population', 'reason': null}
        end as told
    from grid
    left join {{ accepted(ref('wave_instruments'), 'row_status') }} as wave_instruments
        on grid.wave_id = wave_instruments.wave_id
        and grid.instrument_id = wave_instruments.instrument_id
    left join {{ accepted(ref('wave_themes')) }} as wave_themes
        on grid.wave_id = wave_themes.wave_id
        and grid.theme_id = wave_themes.theme_id
    left join notes
        on grid.wave_id = notes.wave_id
        and grid.instrument_id = notes.instrument_id
        and grid.indicator_id = notes.indicator_id
),

not_asked as (
    select
        left_out.indicator_id,
        left_out.population_id,
        left_out.wave_id,
        left_out.told.what,
        coalesce(left_out.told.reason, codes.label_nl) as reason
    from left_out
    left join {{ ref('dim_code') }} as codes
        on codes.codelist_id = 'not_asked_of'
        and left_out.told.what = codes.code
),

hits as (
    -- A break without an indicator hits its block, without a block every block; a population hits its descendants,
    -- unless it only changed as a whole: a part that joined or left leaves the other parts what they were.
    select
        grid.indicator_id,
        grid.population_id,
        breaks.break_id,
        breaks.effect,
        breaks.kind,
        breaks.reason,
        breaks.constant_scope_population_id,
        from_wave.year as from_year,
        to_wave.year as to_year,
        breaks.from_wave_id,
        breaks.to_wave_id
    from (select distinct indicator_id, population_id, block_id from grid) as grid
    inner join {{ ref('dim_population') }} as populations using (population_id)
    inner join {{ accepted(ref('series_breaks')) }} as breaks
        on (breaks.indicator_id is null or breaks.indicator_id = grid.indicator_id)
        and (breaks.block_id is null or breaks.block_id = grid.block_id)
        and (
            breaks.population_id is null
            or breaks.population_id = grid.population_id
            or (breaks.whole_only is distinct from 'true' and list_contains(populations.path, breaks.population_id))
        )
    inner join {{ ref('dim_wave') }} as from_wave on breaks.from_wave_id = from_wave.wave_id
    inner join {{ ref('dim_wave') }} as to_wave on breaks.to_wave_id = to_wave.wave_id
),

apart as (
    select
        grid.indicator_id,
        grid.population_id,
        grid.wave_id,
        min(hits.break_id) as break_id,
        min_by(hits.reason, hits.break_id) as reason,
        min_by(hits.constant_scope_population_id, hits.break_id) as constant_scope_population_id
    from grid
    inner join hits
        on grid.indicator_id = hits.indicator_id
        and grid.population_id = hits.population_id
        and grid.wave_id = hits.to_wave_id
        and hits.effect = 'wave_apart'
    where grid.is_asked
    group by all
),

series as (
    select
        grid.indicator_id,
        grid.population_id,
        grid.wave_id,
        grid.year,
        grid.wave_order,
        lag(grid.wave_id) over series_order as previous_wave_id,
        lag(grid.year) over series_order as previous_year
    from grid
    left join apart using (indicator_id, population_id, wave_id)
    where grid.is_asked and apart.wave_id is null
    window series_order as (partition by grid.indicator_id, grid.population_id order by grid.wave_order)
),

overlapping as (
    -- A break lies somewhere between its two waves: a step that overlaps them is hit.
    select
        series.indicator_id,
        series.population_id,
        series.wave_id,
        hits.break_id,
        hits.effect,
        hits.kind,
        hits.reason,
        hits.constant_scope_population_id,
        -- Named is the one that weighs most: blocking, then declared for this very step, then the latest.
        row_number() over (
            partition by series.indicator_id, series.population_id, series.wave_id
            order by
                hits.effect <> 'block',
                hits.from_wave_id <> series.previous_wave_id or hits.to_wave_id <> series.wave_id,
                hits.to_year desc,
                hits.break_id
        ) as break_rank
    from series
    inner join hits
        on series.indicator_id = hits.indicator_id
        and series.population_id = hits.population_id
        and hits.effect <> 'wave_apart'
        and series.previous_year < hits.to_year
        and series.year > hits.from_year
),

-- Whoever reads why a series stops reads where it goes on: with a population of which nothing blocks the step into this wave.
going_on as (
    select
        series.indicator_id,
        series.population_id,
        series.wave_id,
        '; zonder deze breuk te volgen bij ' || populations.label_nl || ' (' || series.population_id || ')' as told
    from series
    inner join {{ ref('dim_population') }} as populations using (population_id)
    anti join (select * from overlapping where effect = 'block') as blocking using (indicator_id, population_id, wave_id)
    where series.previous_wave_id is not null
),

broken as (
    select
        overlapping.indicator_id,
        overlapping.population_id,
        overlapping.wave_id,
        min_by(overlapping.break_id, overlapping.break_rank) as break_id,
        min_by(overlapping.reason || coalesce(going_on.told, ''), overlapping.break_rank) as reason,
        bool_or(overlapping.effect = 'block') as is_blocked,
        string_agg(
            overlapping.break_id || ' (' || overlapping.kind || ', ' || overlapping.effect || '): ' || overlapping.reason
            || coalesce(going_on.told, ''),
            '; ' order by overlapping.break_rank
        ) filter (overlapping.break_rank > 1) as other_breaks
    from overlapping
    left join going_on
        on overlapping.indicator_id = going_on.indicator_id
        and overlapping.wave_id = going_on.wave_id
        and overlapping.constant_scope_population_id = going_on.population_id
    group by all
),

segments as (
    select
        series.*,
        broken.break_id,
        broken.reason as break_reason,
        broken.other_breaks,
        coalesce(broken.is_blocked, false) as is_blocked,
        1 + sum(if(coalesce(broken.is_blocked, false), 1, 0)) over (
            partition by series.indicator_id, series.population_id order by series.wave_order
        ) as segment_number
    from series
    left join broken using (indicator_id, population_id, wave_id)
)

select
    grid.indicator_id,
    grid.population_id,
    grid.instrument_id,
    grid.wave_id,
    grid.programme_id,
    grid.year,
    grid.wave_order,
    grid.is_asked,
    not_asked.what as not_asked_of,
    case
        when apart.wave_id is not null then 'apart_' || grid.wave_id
        when segments.wave_id is not null then 'segment_' || cast(segments.segment_number as integer)
    end as segment_id,
    case when not coalesce(segments.is_blocked, true) then segments.previous_wave_id end as comparable_wave_id,
    coalesce(apart.break_id, segments.break_id) as break_id,
    case
        when apart.wave_id is not null then 'wave_apart'
        when segments.is_blocked then 'block'
        when segments.break_id is not null then 'warn'
    end as break_effect,
    coalesce(not_asked.reason, apart.reason || coalesce(going_on.told, ''), segments.break_reason) as reason,
    segments.other_breaks
from grid
left join not_asked using (indicator_id, population_id, wave_id)
left join apart using (indicator_id, population_id, wave_id)
left join segments using (indicator_id, population_id, wave_id)
left join going_on
    on grid.indicator_id = going_on.indicator_id
    and grid.wave_id = going_on.wave_id
    and apart.constant_scope_population_id = going_on.population_id
