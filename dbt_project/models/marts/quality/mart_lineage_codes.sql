-- Grain: wave x delivered file x source variable x concept x source code: what the crosswalk makes of each code of a variable that mart_lineage names.
-- Rows of the registry alone; no code that merely occurs in the answers.
with variables as (
    select distinct wave_id, instrument_id, file_id, source_variable, source_concept_id as concept_id, verb
    from {{ ref('mart_lineage') }}
    where source_concept_id is not null
),

coded as (
    select
        variables.*,
        rows.source_code,
        rows.source_label,
        if(rows.missing_kind is null, rows.code, null) as code,
        rows.missing_kind
    from variables
    inner join {{ accepted(ref('xw_values')) }} as rows
        on variables.wave_id = rows.wave_id
        and variables.instrument_id = rows.instrument_id
        and (rows.file_id is null or variables.file_id = rows.file_id)
        and variables.source_variable = rows.source_variable
    where rows.missing_kind is not null or variables.verb in ('recode', 'copy')
),

ranges as (
    select
        variables.*,
        rows.lower || '..' || rows.upper as source_code,
        null::varchar as source_label,
        rows.code,
        null::varchar as missing_kind
    from variables
    inner join {{ accepted(ref('xw_buckets')) }} as rows
        on variables.wave_id = rows.wave_id
        and variables.instrument_id = rows.instrument_id
        and (rows.file_id is null or variables.file_id = rows.file_id)
        and variables.source_variable = rows.source_variable
        and variables.concept_id = rows.concept_id
    where variables.verb = 'bucket'
),

copied as (
    select
        variables.*,
        codelists.code as source_code,
        codelists.label_nl as source_label,
        codelists.code,
        null::varchar as missing_kind
    from variables
    inner join {{ ref('concepts') }} as concepts using (concept_id)
    inner join {{ ref('codelists') }} as codelists using (codelist_id)
    where variables.verb = 'copy'
        and (variables.wave_id, variables.file_id, variables.source_variable, codelists.code) not in (
            select (wave_id, file_id, source_variable, source_code) from coded
        )
),

together as (
    select *, 'value' as rule from coded
    union all
    select *, 'range' as rule from ranges
    union all
    select *, 'code_list' as rule from copied
)

select
    together.wave_id,
    together.instrument_id,
    together.file_id,
    together.source_variable,
    together.concept_id,
    together.verb,
    together.rule,
    together.source_code,
    together.source_label,
    together.code,
    codelists.label_nl as code_label_nl,
    together.missing_kind
from together
inner join {{ ref('concepts') }} as concepts using (concept_id)
left join {{ ref('codelists') }} as codelists
    on concepts.codelist_id = codelists.codelist_id
    and together.code = codelists.code
