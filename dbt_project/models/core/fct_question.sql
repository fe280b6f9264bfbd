-- Grain: one row per delivered file and concept that it asks (file_key, concept_id), with the variable that asks it.
select file_key, wave_id, instrument_id, concept_id, source_variable, verb, comparability
from {{ ref('stg_crosswalk_variables') }}
