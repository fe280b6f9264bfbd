-- Grain: one row per wave and stratum (wave_id, stratum_id): the first stage of the sample.
-- The sampling fraction n_h/N_h is zero where the number of units in the population is not known: drawn with replacement.
-- Clusters of which the number of secondary units is not known count as taken whole.
with units as (
    select
        wave_id,
        instrument_id,
        stratum_id,
        psu,
        any_value(psu_population) as psu_population,
        not bool_or(is_clustered) or coalesce(count(distinct ssu) >= any_value(ssu_population), true) as is_whole
    from {{ ref('fct_respondent') }}
    where weight > 0
    group by wave_id, instrument_id, stratum_id, psu
),

strata as (
    select
        wave_id,
        instrument_id,
        stratum_id,
        count(*) as stratum_units_n,
        coalesce(count(*) / any_value(psu_population), 0) as sampling_fraction,
        bool_and(is_whole) as is_whole
    from units
    group by wave_id, instrument_id, stratum_id
)

select
    wave_id,
    instrument_id,
    stratum_id,
    stratum_units_n,
    sampling_fraction,
    sampling_fraction >= 1 and is_whole as is_census,
    stratum_units_n = 1 and sampling_fraction < 1 as is_lone,
    sum(stratum_units_n) over samples as design_units_n,
    count(*) over samples as design_strata_n
from strata
window samples as (partition by wave_id, instrument_id)
