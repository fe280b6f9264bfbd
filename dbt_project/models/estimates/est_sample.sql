-- Grain: one row per respondent of positive weight (respondent_key): the sampling units as numbers, which are quick to group by.
with panels as (
    select
        *,
        -- Only members that another wave of the panel has too are of use.
        min(wave_id) over members <> max(wave_id) over members as is_in_other_wave
    from {{ ref('fct_respondent') }}
    where weight > 0
    window members as (partition by instrument_id, panel_key)
)

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
    -- Where each respondent is a unit, sums by unit are of use only to recognise members of a panel in another wave. A stratum
    -- with clusters may have respondents without one, of another file: all its units are summed.
    bool_or(is_clustered or (panel_key is not null and is_in_other_wave)) over (partition by wave_id, instrument_id)
        as is_summed_by_unit,
    panel_key,
    -- A member is the same unit only in the same place: a cluster, or a stratum.
    if(is_clustered, psu, stratum) as place
from panels
