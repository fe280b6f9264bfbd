{# Rounding for whatever leaves, by the rows of rounding_rules: a column may be rounded differently per unit. #}
{% macro rounded(column) -%}
    {%- set rules = [] -%}
    {%- if execute -%}
        {%- set rules = run_query("select unit, round_to from " ~ ref('rounding_rules') ~ " where column_name = '" ~ column ~ "' order by unit nulls last").rows -%}
    {%- endif -%}
    {%- if rules | length == 0 and execute -%}
        {{ exceptions.raise_compiler_error("rounding_rules has no row for column " ~ column ~ ": add one") }}
    {%- endif -%}
    case
        {% for rule in rules -%}
        when {{ "unit = '" ~ rule['unit'] ~ "'" if rule['unit'] else 'true' }} then round(round({{ column }} / {{ rule['round_to'] }}, 9)) * {{ rule['round_to'] }}
        {% else -%}
        when true then {{ column }}
        {% endfor -%}
    end
{%- endmacro %}

{# A figure as it leaves: rounded, and nothing at all in a suppressed row. #}
{% macro released_figure(column, type='double') -%}
    -- Adding zero makes a rounded -0.0 a 0.
    (round(case when publication_status <> 'suppress' then {{ rounded(column) }} end, 6) + 0)::{{ type }} as {{ column }}
{%- endmacro %}

{# A change gives the earlier value away: it leaves only where both cells do. #}
{% macro released_change(column) -%}
    (round(case when is_change_shown then {{ rounded(column) }} end, 6) + 0)::double as {{ column }}
{%- endmacro %}
