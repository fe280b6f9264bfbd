-- Grain: one row per delivered file and version (file_key): the one that the warehouse was built from, which alone has
-- respondents, and those that it superseded, under keys below zero.
select
    file_key, wave_id, programme_id, instrument_id, file_id, delivery_version, path, sha256, is_synthetic, is_assumed,
    received_on, note, null::integer as superseded_by, null::varchar as compared_with_next
from {{ ref('stg_deliveries') }}
union all
select
    earlier.file_key, earlier.wave_id, earlier.programme_id, earlier.instrument_id, earlier.file_id, earlier.delivery_version,
    earlier.path, earlier.sha256, earlier.is_synthetic, deliveries.is_assumed,
    earlier.received_on, earlier.note, earlier.superseded_by, earlier.compared_with_next
from {{ ref('stg_superseded_deliveries') }} as earlier
inner join {{ ref('stg_deliveries') }} as deliveries using (wave_id, file_id)
