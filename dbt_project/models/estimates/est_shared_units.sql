-- Grain: one row per sampling unit with members of a panel, and earlier wave that has them too (unit_id, earlier_wave_id).
select distinct
    later.unit_id,
    earlier.wave_id as earlier_wave_id,
    later.wave_id,
    later.stratum_id,
    earlier.unit_id as earlier_unit_id,
    earlier.stratum_id as earlier_stratum_id
from {{ ref('est_sample') }} as later
inner join {{ ref('est_sample') }} as earlier
    on later.panel_key = earlier.panel_key
    and later.place = earlier.place
    and later.instrument_id = earlier.instrument_id
inner join {{ ref('dim_wave') }} as later_wave on later.wave_id = later_wave.wave_id
inner join {{ ref('dim_wave') }} as earlier_wave on earlier.wave_id = earlier_wave.wave_id
where earlier_wave.wave_order < later_wave.wave_order
