-- Beside a confidential cell of one population, the same breakdown of its sibling populations stays away; and no part of
-- a whole that is withheld is shown.
with cells as (
    select trend.*, populations.parent_population_id
    from {{ ref('release_mart_trend') }} as trend
    inner join {{ ref('dim_population') }} as populations using (population_id)
),

confidential as (
    select distinct indicator_id, wave_id, parent_population_id, breakdown_id
    from cells
    where parent_population_id is not null and conf_status = 'C'
),

withheld as (
    select indicator_id, wave_id, population_id
    from cells
    where breakdown_id = 'total' and publication_status = 'suppress'
)

select cells.indicator_id, cells.wave_id, cells.population_id, cells.breakdown_id, cells.breakdown_code
from cells
left join confidential using (indicator_id, wave_id, parent_population_id, breakdown_id)
left join withheld
    on cells.indicator_id = withheld.indicator_id
    and cells.wave_id = withheld.wave_id
    and cells.population_id = withheld.population_id
where cells.publication_status <> 'suppress'
    and (confidential.indicator_id is not null or withheld.indicator_id is not null)
