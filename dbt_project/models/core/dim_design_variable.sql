-- Grain: one row per delivered file, part of the design and variable that plays it (file_key, part, source_variable).
{% set parts = {
    'weight': 'weight_variable',
    'psu': 'psu_variable',
    'psu_population': 'psu_population_variable',
    'ssu': 'ssu_variable',
    'ssu_population': 'ssu_population_variable',
    'panel': 'panel_variable',
} %}
-- A stratum may be crossed from several variables.
select file_key, 'stratum' as part, unnest(split(stratum_variables, '|')) as source_variable
from {{ ref('stg_deliveries') }}
where stratum_variables is not null
{% for part, column in parts.items() %}
union all
select file_key, {{ quoted_text(part) }}, {{ column }} from {{ ref('stg_deliveries') }} where {{ column }} is not null
{% endfor %}
