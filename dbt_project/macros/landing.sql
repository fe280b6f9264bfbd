{# Text of a source code: whole numbers without a decimal point, others in their shortest form. #}
{% macro canonical_code(number) -%}
    case
        when {{ number }} = trunc({{ number }}) and abs({{ number }}) < 1e15
            then cast(cast({{ number }} as bigint) as varchar)
        else cast({{ number }} as varchar)
    end
{%- endmacro %}

{# An identifier of a source file, safe whatever the contractor named it. #}
{% macro quoted_name(name) -%}
    "{{ name | replace('"', '""') }}"
{%- endmacro %}

{% macro quoted_text(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{# The landed answers of one delivered file. #}
{% macro landed_answers(wave_id, file_id) -%}
    read_parquet({{ quoted_text(env_var('PEILSTOK_HOME') ~ '/landing/' ~ wave_id ~ '/' ~ file_id ~ '/answers.parquet') }})
{%- endmacro %}

{# The respondent key: the rank of the file and the row in it. Nothing that leaves depends on it. #}
{% macro respondent_key(file_key) -%}
    (cast({{ file_key }} as bigint) * 10000000 + _row)
{%- endmacro %}

{# Long form of one file's variables of one storage type, system-missing answers included. #}
{% macro unpivot_variables(file, variables, storage_type) %}
    {%- set names = [] -%}
    {%- for name in variables %}{% do names.append(quoted_name(name)) %}{% endfor %}
select
    {{ respondent_key(file.file_key) }} as respondent_key,
    {{ file.file_key }} as file_key,
    source_variable,
    {% if storage_type == 'numeric' %}source_number, cast(null as varchar) as source_text
    {%- else %}cast(null as double) as source_number, source_text{% endif %}
from (
    select _row, {{ names | join(', ') }}
    from {{ landed_answers(file.wave_id, file.file_id) }}
) unpivot include nulls (
    {{ 'source_number' if storage_type == 'numeric' else 'source_text' }} for source_variable in ({{ names | join(', ') }})
)
{% endmacro %}
