-- Grain: one row per respondent and source variable (respondent_key, source_variable), for the variables that the
-- crosswalk names; the others stay in landing. NULL in both source columns is system-missing.
-- depends_on: {{ ref('stg_variables') }}
-- depends_on: {{ ref('stg_crosswalk_variables') }}
{% set variables = [] %}
{% if execute %}
    {% set variables = run_query(
        'select distinct file_key, wave_id, file_id, v.source_variable, v.storage_type, v.position'
        ~ ' from ' ~ ref('stg_variables') ~ ' as v inner join ' ~ ref('stg_crosswalk_variables')
        ~ ' as x using (file_key, wave_id, file_id, source_variable) order by file_key, v.position').rows %}
{% endif %}
with answers as (
{% for _, of_file in variables | groupby('file_key') %}
    {% if not loop.first %}union all{% endif %}
    {% for storage_type, of_type in of_file | groupby('storage_type') %}
        {% if not loop.first %}union all{% endif %}
        {{ unpivot_variables(of_type[0], of_type | map(attribute='source_variable'), storage_type) }}
    {% endfor %}
{% else %}
    select 0::bigint as respondent_key, 0::bigint as file_key, '' as source_variable, 0::double as source_number, '' as source_text
    where false
{% endfor %}
),

-- Why a number is missing, where the file says it by a letter (.a to .z) and not by a code among the numbers.
reasons as (
    select
        {{ respondent_key('deliveries.file_key') }} as respondent_key,
        landed.variable_name as source_variable,
        landed.code
    from {{ source('landing', 'missing_reasons') }} as landed
    inner join {{ ref('stg_deliveries') }} as deliveries
        using (wave_id, instrument_id, file_id)
)

select
    answers.respondent_key,
    answers.file_key,
    answers.source_variable,
    answers.source_number,
    coalesce(nullif(rtrim(answers.source_text), ''), {{ canonical_code('answers.source_number') }}, reasons.code) as source_code
from answers
left join reasons
    on answers.respondent_key = reasons.respondent_key
    and answers.source_variable = reasons.source_variable
