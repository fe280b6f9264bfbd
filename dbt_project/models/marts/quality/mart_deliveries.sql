-- Grain: wave x delivered file x version: every version that came in, the superseded ones too.
select
    wave_id,
    programme_id,
    instrument_id,
    file_id,
    delivery_version,
    superseded_by is null as is_in_use,
    superseded_by,
    compared_with_next,
    received_on,
    path,
    sha256,
    is_synthetic,
    is_assumed,
    note
from {{ ref('dim_delivery') }}
