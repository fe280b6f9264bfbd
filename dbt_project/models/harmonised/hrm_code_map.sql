-- Grain: one row per file, source variable, concept and source code that occurs in the data or in the codebook.
-- The crosswalk, resolved once: what becomes of each code, and what the crosswalk does not know.
with occurring as (
    select file_key, source_variable, source_code, any_value(source_number) as source_number, count(*) as answers_n
    from {{ ref('stg_answers') }}
    group by all
),

codes as (
    select
        coalesce(occurring.file_key, labels.file_key) as file_key,
        coalesce(occurring.source_variable, labels.source_variable) as source_variable,
        coalesce(occurring.source_code, labels.source_code) as source_code,
        coalesce(occurring.source_number, try_cast(labels.source_code as double)) as source_number,
        labels.source_label,
        coalesce(occurring.answers_n, 0) as answers_n
    from occurring
    full outer join {{ ref('stg_value_labels') }} as labels
        on occurring.file_key = labels.file_key
        and occurring.source_variable = labels.source_variable
        and occurring.source_code = labels.source_code
),

value_rows as (
    select
        deliveries.file_key,
        rows.source_variable,
        rows.source_code,
        trim(rows.source_label) as source_label,
        rows.code,
        rows.missing_kind
    from {{ accepted(ref('xw_values')) }} as rows
    inner join {{ ref('stg_deliveries') }} as deliveries
        on rows.wave_id = deliveries.wave_id
        and rows.instrument_id = deliveries.instrument_id
        and (rows.file_id is null or rows.file_id = deliveries.file_id)
),

buckets as (
    select
        deliveries.file_key,
        rows.source_variable,
        rows.concept_id,
        try_cast(rows.lower as double) as lower_bound,
        try_cast(rows.upper as double) as upper_bound,
        rows.code
    from {{ accepted(ref('xw_buckets')) }} as rows
    inner join {{ ref('stg_deliveries') }} as deliveries
        on rows.wave_id = deliveries.wave_id
        and rows.instrument_id = deliveries.instrument_id
        and (rows.file_id is null or rows.file_id = deliveries.file_id)
),

matched as (
    select
        mapped.file_key,
        mapped.wave_id,
        mapped.instrument_id,
        mapped.file_id,
        mapped.source_variable,
        mapped.concept_id,
        mapped.verb,
        codes.source_code,
        codes.source_label,
        codes.source_number,
        codes.answers_n,
        concepts.type as concept_type,
        value_rows.source_code is not null as has_value_row,
        {{ plain_text('value_rows.source_label') }} is not distinct from {{ plain_text('codes.source_label') }} as has_same_label,
        value_rows.source_label as crosswalk_label,
        value_rows.code as value_code,
        value_rows.missing_kind as value_missing_kind,
        codelists.code as codelist_code,
        codelists.label_nl as codelist_label,
        try_cast(concepts.valid_min as double) + try_cast(concepts.valid_max as double) - codes.source_number as reversed_number,
        buckets.code as bucket_code
    from {{ ref('stg_crosswalk_variables') }} as mapped
    inner join codes
        on mapped.file_key = codes.file_key
        and mapped.source_variable = codes.source_variable
    inner join {{ ref('concepts') }} as concepts
        on mapped.concept_id = concepts.concept_id
    left join value_rows
        on codes.file_key = value_rows.file_key
        and codes.source_variable = value_rows.source_variable
        and codes.source_code = value_rows.source_code
    left join {{ ref('codelists') }} as codelists
        on concepts.codelist_id = codelists.codelist_id
        and codes.source_code = codelists.code
    left join buckets
        on mapped.verb = 'bucket'
        and mapped.file_key = buckets.file_key
        and mapped.source_variable = buckets.source_variable
        and mapped.concept_id = buckets.concept_id
        and codes.source_number between buckets.lower_bound and buckets.upper_bound
),

resolved as (
    select
        *,
        case
            when source_code is null then 'mapped'
            when has_value_row and not has_same_label then 'label_differs'
            when value_missing_kind is not null then 'mapped'
            when verb = 'recode' then if(value_code is not null, 'mapped', 'unmapped')
            when verb = 'copy' and concept_type = 'categorical' then case
                when value_code is not null then 'mapped'
                when codelist_code is null then 'unmapped'
                when source_label is not null and {{ plain_text('source_label') }} <> {{ plain_text('codelist_label') }} then 'label_differs'
                else 'mapped'
            end
            -- A labelled number is a code with a meaning of its own: the crosswalk has to say which.
            when verb = 'copy' and concept_type = 'numeric' then if(source_label is null and source_number is not null, 'mapped', 'unmapped')
            when verb = 'copy' then 'mapped'
            when verb = 'reverse' then if(reversed_number is not null, 'mapped', 'unmapped')
            when verb = 'bucket' then if(bucket_code is not null, 'mapped', 'unmapped')
            else 'unmapped'
        end as mapping_status
    from matched
)

select
    file_key,
    wave_id,
    instrument_id,
    file_id,
    source_variable,
    concept_id,
    verb,
    source_code,
    source_label,
    crosswalk_label,
    answers_n,
    mapping_status,
    case
        when mapping_status <> 'mapped' or source_code is null or value_missing_kind is not null then null
        when verb = 'recode' then value_code
        when verb = 'copy' then coalesce(value_code, source_code)
        when verb = 'reverse' then {{ canonical_code('reversed_number') }}
        when verb = 'bucket' then bucket_code
    end as answer_code,
    case
        when mapping_status <> 'mapped' or source_code is null or value_missing_kind is not null then null
        when verb = 'reverse' then reversed_number
        when concept_type = 'numeric' and verb = 'recode' then try_cast(value_code as double)
        when concept_type = 'numeric' then source_number
    end as answer_number,
    case when source_code is null then 'system' else value_missing_kind end as missing_kind
from resolved
