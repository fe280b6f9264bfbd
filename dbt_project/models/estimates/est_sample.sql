-- Grain: one row per respondent of positive weight (respondent_key): the sampling units as numbers, which are quick to group by.
select
    respondent_key,
    wave_id,
    instrument_id,
    stratum_id,
    weight,
    cast(dense_rank() over (order by stratum_id, psu) as integer) as unit_id,
    -- Only where the number of secondary units in the population is known is the second stage estimated.
    if(is_clustered and ssu_population is not null, cast(dense_rank() over (order by stratum_id, psu, ssu) as integer), null)
        as secondary_unit_id,
    -- Where each respondent is a unit, sums by unit are of use only to recognise members of a panel in another wave.
    is_clustered or count(panel_key) over (partition by wave_id, instrument_id) > 0 as is_summed_by_unit,
    -- How the unit is recognised in another wave: by its panel member, or by its label where members live in clusters.
    case when count(panel_key) over (partition by wave_id, instrument_id) > 0
        then if(is_clustered, psu, stratum || '/' || panel_key) end as panel_unit
from {{ ref('fct_respondent') }}
where weight > 0
