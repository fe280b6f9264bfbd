{# The grain that a model's first line states: no two rows share these columns. #}
{% test unique_grain(model, columns) %}
select {{ columns | join(', ') }}, count(*) as rows_n
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
