-- The codes that leave are those of the crosswalk and the code lists; an unlabelled text or long number is an answer and stays.
select codes.wave_id, codes.file_id, codes.source_variable, codes.rule
from {{ ref('release_mart_lineage_codes') }} as codes
inner join {{ ref('concepts') }} as concepts using (concept_id)
left join {{ accepted(ref('xw_values')) }} as value_rows
    on codes.rule = 'value'
    and codes.wave_id = value_rows.wave_id
    and codes.instrument_id = value_rows.instrument_id
    and codes.source_variable = value_rows.source_variable
    and codes.source_code = value_rows.source_code
    and codes.source_label is not distinct from value_rows.source_label
left join {{ accepted(ref('xw_buckets')) }} as ranges
    on codes.rule = 'range'
    and codes.wave_id = ranges.wave_id
    and codes.instrument_id = ranges.instrument_id
    and codes.source_variable = ranges.source_variable
    and codes.source_code = ranges.lower || '..' || ranges.upper
left join {{ ref('codelists') }} as codelists
    on codes.rule = 'code_list'
    and concepts.codelist_id = codelists.codelist_id
    and codes.source_code = codelists.code
where coalesce(value_rows.source_code, ranges.lower, codelists.code) is null
    or (
        codes.rule = 'value'
        and codes.source_label is null
        and (
            try_cast(codes.source_code as double) is null
            or length(regexp_replace(codes.source_code, '[^0-9]', '', 'g')) not between 1 and {{ env_var('PEILSTOK_DIGITS_OF_SHOWN_CODES', '0') }}
        )
    )
