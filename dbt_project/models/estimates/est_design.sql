-- Grain: one row per wave and stratum (wave_id, stratum_id): the first stage of the sample.
-- The sampling fraction n_h/N_h is zero where the number of units in the population is not known: drawn with replacement.
with strata as (
    select
        wave_id,
        instrument_id,
        stratum_id,
        count(distinct psu) as stratum_units_n,
        coalesce(count(distinct psu) / any_value(psu_population), 0) as sampling_fraction
    from {{ ref('fct_respondent') }}
    where weight > 0
    group by wave_id, instrument_id, stratum_id
)

select
    *,
    sum(stratum_units_n) over samples as design_units_n,
    count(*) over samples as design_strata_n,
    stratum_units_n = 1 and sampling_fraction < 1 as is_lone
from strata
window samples as (partition by wave_id, instrument_id)
