-- Grain: one row per population of the registry (population_id), with the path from the root of its tree.
with recursive tree as (
    select population_id, parent_population_id, instrument_id, [population_id] as path
    from {{ ref('populations') }}
    where parent_population_id is null
    union all
    select child.population_id, child.parent_population_id, child.instrument_id, list_append(tree.path, child.population_id)
    from {{ ref('populations') }} as child
    inner join tree on child.parent_population_id = tree.population_id
)

select
    populations.population_id,
    populations.parent_population_id,
    populations.instrument_id,
    populations.label_nl,
    populations.label_en,
    populations.is_public_body = 'true' as is_public_body,
    if(populations.is_public_body = 'true', 'organisation', 'person') as disclosure_unit,
    tree.path,
    cast(populations.sort_order as integer) as sort_order
from {{ ref('populations') }} as populations
inner join tree using (population_id)
