-- Grain: wave x delivered file x source variable x concept x source code.
-- A text without a label is what a respondent wrote, and a long number may be: it stands in the registry to be mapped, and does not leave.
{{ config(alias='mart_lineage_codes') }}
select * from {{ ref('mart_lineage_codes') }}
where rule <> 'value'
    or source_label is not null
    or (
        try_cast(source_code as double) is not null
        and length(regexp_replace(source_code, '[^0-9]', '', 'g')) between 1 and {{ env_var('PEILSTOK_DIGITS_OF_SHOWN_CODES', '0') }}
    )
