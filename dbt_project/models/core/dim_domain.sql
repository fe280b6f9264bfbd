-- Grain: one row per population, breakdown and breakdown value that may be published (domain_id).
with cells as (
    select
        allowed.population_id,
        allowed.breakdown_id,
        breakdowns.concept_id as breakdown_concept_id,
        coalesce(codelists.code, 'total') as breakdown_code,
        coalesce(codelists.label_nl, breakdowns.label_nl) as breakdown_label_nl,
        coalesce(codelists.label_en, breakdowns.label_en) as breakdown_label_en,
        coalesce(cast(codelists.sort_order as integer), 0) as sort_order
    from {{ ref('population_breakdowns') }} as allowed
    inner join {{ ref('breakdowns') }} as breakdowns using (breakdown_id)
    left join {{ ref('concepts') }} as concepts using (concept_id)
    left join {{ ref('codelists') }} as codelists using (codelist_id)
    where breakdowns.concept_id is null or codelists.code is not null
)

select
    row_number() over (order by population_id, breakdown_id, breakdown_code) as domain_id,
    *
from cells
