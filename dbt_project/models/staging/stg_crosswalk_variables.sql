-- Grain: one row per file, source variable and concept that an accepted crosswalk row maps.
-- A crosswalk row without a file counts for every file of its instrument.
select
    deliveries.file_key,
    deliveries.wave_id,
    deliveries.instrument_id,
    deliveries.file_id,
    rows.file_id as crosswalk_file_id,
    rows.source_variable,
    rows.concept_id,
    rows.verb,
    rows.comparability
from {{ accepted(ref('xw_variables')) }} as rows
inner join {{ ref('stg_deliveries') }} as deliveries
    on rows.wave_id = deliveries.wave_id
    and rows.instrument_id = deliveries.instrument_id
    and (rows.file_id is null or rows.file_id = deliveries.file_id)
where rows.status = 'accepted'
    and rows.verb not in ('not_asked', 'impossible')
