-- Grain: one row per variable of a landed file (file_key, source_variable).
select
    deliveries.file_key,
    deliveries.wave_id,
    deliveries.instrument_id,
    deliveries.file_id,
    cast(variables.position as integer) as position,
    variables.variable_name as source_variable,
    variables.variable_label,
    variables.storage_type,
    variables.measure,
    nullif(variables.mr_set, '') as mr_set,
    variables.use
from {{ source('landing', 'variables') }} as variables
inner join {{ ref('stg_deliveries') }} as deliveries
    using (wave_id, instrument_id, file_id)
