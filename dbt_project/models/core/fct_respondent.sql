-- Grain: one row per respondent (respondent_key) with the design variables of the sample.
-- A stratum is a stratum of one wave and instrument; without clusters every respondent is a sampling unit.
select
    respondent_key,
    file_key,
    wave_id,
    programme_id,
    instrument_id,
    file_id,
    weight,
    stratum,
    coalesce(stratum || '/' || psu, cast(respondent_key as varchar)) as psu,
    psu is not null as is_clustered,
    psu_population,
    coalesce(ssu, cast(respondent_key as varchar)) as ssu,
    ssu_population,
    panel_key,
    dense_rank() over (order by wave_id, instrument_id, stratum) as stratum_id
from {{ ref('stg_respondents') }}
