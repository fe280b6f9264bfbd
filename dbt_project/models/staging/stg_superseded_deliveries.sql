-- Grain: one row per earlier version of a landed file (wave_id, file_id, delivery_version).
select
    -row_number() over (order by wave_id, file_id, delivery_version) as file_key,
    wave_id,
    programme_id,
    instrument_id,
    file_id,
    cast(delivery_version as integer) as delivery_version,
    path,
    sha256,
    is_synthetic,
    received_on,
    cast(superseded_by as integer) as superseded_by,
    note,
    compared_with_next
from {{ source('landing', 'superseded') }}
