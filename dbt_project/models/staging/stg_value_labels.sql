-- Grain: one row per labelled or user-missing code of a variable (file_key, source_variable, source_code).
select
    deliveries.file_key,
    deliveries.wave_id,
    deliveries.instrument_id,
    deliveries.file_id,
    labels.variable_name as source_variable,
    labels.code as source_code,
    nullif(trim(labels.value_label), '') as source_label,
    labels.is_user_missing
from {{ source('landing', 'value_labels') }} as labels
inner join {{ ref('stg_deliveries') }} as deliveries
    using (wave_id, instrument_id, file_id)
