-- Grain: one row per wave of the registry (wave_id).
select
    waves.wave_id,
    waves.programme_id,
    programmes.label_nl as programme_label_nl,
    cast(waves.year as integer) as year,
    row_number() over (order by cast(waves.year as integer), waves.wave_id) as wave_order,
    waves.reference_period,
    waves.contractor,
    waves.maturity
from {{ accepted(ref('waves')) }} as waves
left join {{ ref('programmes') }} as programmes using (programme_id)
