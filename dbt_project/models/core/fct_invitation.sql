-- Grain: one row per delivered file and population that was invited (file_key, population_id).
select file_key, wave_id, instrument_id, population_id, invited_n, note
from {{ ref('stg_invitations') }}
