{# The rows of a registry table that count: what `peilstok new-wave` proposed waits until a person accepts it. #}
{% macro accepted(relation, status='status') -%}
    (select * from {{ relation }} where coalesce({{ status }}, 'accepted') = 'accepted')
{%- endmacro %}
