-- A crosswalk row that matches nothing in data or codebook points at a change that nobody wrote down.
select rows.wave_id, rows.instrument_id, rows.file_id, rows.source_variable, rows.source_code, rows.source_label
from {{ accepted(ref('xw_values')) }} as rows
left join {{ ref('hrm_code_map') }} as map
    on rows.wave_id = map.wave_id
    and rows.instrument_id = map.instrument_id
    and (rows.file_id is null or rows.file_id = map.file_id)
    and rows.source_variable = map.source_variable
    and rows.source_code = map.source_code
    and {{ plain_text('rows.source_label') }} is not distinct from {{ plain_text('map.source_label') }}
where map.file_key is null
    and rows.wave_id in (select wave_id from {{ ref('stg_deliveries') }})
