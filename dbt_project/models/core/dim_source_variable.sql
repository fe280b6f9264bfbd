-- Grain: one row per variable of a delivered file that landed (file_key, source_variable), with its label as delivered.
select file_key, source_variable, nullif(trim(variable_label), '') as source_variable_label, storage_type, measure
from {{ ref('stg_variables') }}
