-- Grain: one row per sampling unit of a panel and earlier wave that has it too (unit_id, earlier_wave_id).
with units as (
    select distinct unit_id, wave_id, instrument_id, stratum_id, panel_unit
    from {{ ref('est_sample') }}
    where panel_unit is not null
)

select
    later.unit_id,
    earlier.wave_id as earlier_wave_id,
    later.wave_id,
    later.stratum_id,
    earlier.unit_id as earlier_unit_id,
    earlier.stratum_id as earlier_stratum_id
from units as later
inner join units as earlier
    on later.panel_unit = earlier.panel_unit
    and later.instrument_id = earlier.instrument_id
inner join {{ ref('dim_wave') }} as later_wave on later.wave_id = later_wave.wave_id
inner join {{ ref('dim_wave') }} as earlier_wave on earlier.wave_id = earlier_wave.wave_id
where earlier_wave.wave_order < later_wave.wave_order
