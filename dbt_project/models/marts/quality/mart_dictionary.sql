-- Grain: entry (entry_type, parent_id, entry_id): every column, concept, code, indicator, base, population and breakdown.
-- Columns are those that leave: what a reader of a release has in front of them.
with columns as (
{% for node in (graph.nodes.values() if execute else []) if node.resource_type == 'model' and node.config.schema == 'release' %}
    {% for column in node.columns.values() %}
    select
        'column' as entry_type, {{ quoted_text(node.alias) }} as parent_id, {{ quoted_text(column.name) }} as entry_id,
        null::varchar as label_nl, null::varchar as label_en,
        {{ quoted_text(column.description) }} as description, {{ quoted_text(column.data_type or '') }} as data_type
    union all
    {% endfor %}
{% endfor %}
    select
        null::varchar as entry_type, null::varchar as parent_id, null::varchar as entry_id, null::varchar as label_nl,
        null::varchar as label_en, null::varchar as description, null::varchar as data_type
    where false
)

select entry_type, parent_id, entry_id, label_nl, label_en, description, data_type from columns
union all
select 'concept', theme_id, concept_id, label_nl, label_en, null, type from {{ ref('concepts') }}
union all
select 'code', codelist_id, code, label_nl, label_en, null, null from {{ ref('codelists') }}
union all
select 'missing_kind', null, missing_kind, label_nl, label_en, null, null from {{ ref('missing_kinds') }}
union all
select 'indicator', concept_id, indicator_id, label_nl, label_en, 'base ' || base_id, unit from {{ ref('indicators') }}
union all
select 'base', null, base_id, label_nl, label_en, note, null from {{ ref('bases') }}
union all
select 'population', parent_population_id, population_id, label_nl, label_en, description, null from {{ ref('populations') }}
union all
select 'breakdown', concept_id, breakdown_id, label_nl, label_en, null, null from {{ ref('breakdowns') }}
