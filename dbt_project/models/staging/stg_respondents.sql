-- Grain: one row per respondent of a landed file (respondent_key), with the design variables as delivered.
-- depends_on: {{ ref('stg_deliveries') }}
{% set files = [] %}
{% if execute %}
    {% set files = run_query('select * from ' ~ ref('stg_deliveries') ~ ' order by file_key').rows %}
{% endif %}
{% for file in files %}
{% if not loop.first %}union all{% endif %}
select
    {{ respondent_key(file.file_key) }} as respondent_key,
    {{ file.file_key }} as file_key,
    {{ quoted_text(file.wave_id) }} as wave_id,
    {{ quoted_text(file.programme_id) }} as programme_id,
    {{ quoted_text(file.instrument_id) }} as instrument_id,
    {{ quoted_text(file.file_id) }} as file_id,
    {% if file.weight_variable %}cast({{ quoted_name(file.weight_variable) }} as double){% else %}1.0::double{% endif %} as weight,
    {% if file.stratum_variables -%}
        {%- set parts = [] -%}
        {%- for name in file.stratum_variables.split('|') %}{% do parts.append('cast(' ~ quoted_name(name) ~ ' as varchar)') %}{% endfor %}
    concat_ws('|', {{ parts | join(', ') }})
    {%- else %}'all'{% endif %} as stratum,
    {% if file.psu_variable %}cast({{ quoted_name(file.psu_variable) }} as varchar){% else %}cast(null as varchar){% endif %} as psu,
    {% if file.psu_population_variable %}cast({{ quoted_name(file.psu_population_variable) }} as double){% else %}cast(null as double){% endif %} as psu_population,
    {% if file.ssu_variable %}cast({{ quoted_name(file.ssu_variable) }} as varchar){% else %}cast(null as varchar){% endif %} as ssu,
    {% if file.ssu_population_variable %}cast({{ quoted_name(file.ssu_population_variable) }} as double){% else %}cast(null as double){% endif %} as ssu_population,
    _panel_member as panel_key
from {{ landed_answers(file.wave_id, file.file_id) }}
{% else %}
select
    0::bigint as respondent_key, 0::bigint as file_key, '' as wave_id, '' as programme_id, '' as instrument_id,
    '' as file_id, 0::double as weight, '' as stratum, '' as psu,
    0::double as psu_population, '' as ssu, 0::double as ssu_population, '' as panel_key
where false
{% endfor %}
