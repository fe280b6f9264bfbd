-- Grain: one row per accepted correction of a version of a file and source variable that it is about (file_key, correction_id, source_variable).
-- No variable: rows were left out. One of the design (a weight, a stratum) touches every figure of the file. A
-- correction of a superseded version counts nowhere: nobody knows how many rows it was about, since it is not landed.
with files as (
    select wave_id, file_id, delivery_version, file_key from {{ ref('stg_deliveries') }}
    union all
    select wave_id, file_id, delivery_version, file_key from {{ ref('stg_superseded_deliveries') }}
)

select
    files.file_key,
    corrections.wave_id,
    corrections.file_id,
    cast(corrections.delivery_version as integer) as delivery_version,
    files.file_key > 0 as is_applied,
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
inner join files using (wave_id, file_id, delivery_version)
left join {{ source('landing', 'variables') }} as variables
    using (wave_id, instrument_id, file_id, variable_name)
