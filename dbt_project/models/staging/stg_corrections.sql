-- Grain: one row per applied correction and source variable that it touched (file_key, correction_id, source_variable).
-- No variable: rows were left out. One of the design (a weight, a stratum) touches every figure of the file.
select
    deliveries.file_key,
    deliveries.wave_id,
    deliveries.file_id,
    cast(corrections.position as integer) as position,
    corrections.correction_id,
    corrections.variable_name as source_variable,
    corrections.variable_name is null or coalesce(variables.use <> 'answer', false) as is_of_every_figure,
    corrections.action,
    cast(corrections.rows_matched as bigint) as rows_matched_n,
    cast(corrections.rows_changed as bigint) as rows_changed_n,
    corrections.reason,
    corrections.source,
    corrections.decided_by,
    corrections.decided_on
from {{ source('landing', 'corrections') }} as corrections
inner join {{ ref('stg_deliveries') }} as deliveries
    using (wave_id, instrument_id, file_id)
left join {{ source('landing', 'variables') }} as variables
    using (wave_id, instrument_id, file_id, variable_name)
