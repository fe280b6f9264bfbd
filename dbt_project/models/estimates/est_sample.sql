-- Grain: one row per respondent of positive weight (respondent_key): the sampling units as numbers, which are quick to group by.
select
    respondent_key,
    wave_id,
    stratum_id,
    weight,
    is_clustered,
    cast(dense_rank() over (order by stratum_id, psu) as integer) as unit_id,
    -- Only where the number of secondary units in the population is known is the second stage estimated.
    if(is_clustered and ssu_population is not null, cast(dense_rank() over (order by stratum_id, psu, ssu) as integer), null)
        as secondary_unit_id
from {{ ref('fct_respondent') }}
where weight > 0
