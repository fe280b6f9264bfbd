-- Grain: one row per accepted correction of a version of a file and source variable that it is about (file_key, correction_id, source_variable).
select
    file_key, wave_id, file_id, delivery_version, is_applied, position, correction_id, source_variable, is_of_every_figure,
    action, rows_matched_n, rows_changed_n, reason, source, decided_by, decided_on
from {{ ref('stg_corrections') }}
