-- Grain: one row per delivered file that the warehouse was built from (file_key).
select file_key, wave_id, programme_id, instrument_id, file_id, delivery_version, path, sha256, is_synthetic, is_assumed
from {{ ref('stg_deliveries') }}
