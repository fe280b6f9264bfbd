{# What one respondent adds to a cell, as columns. y is the value, x the denominator (1 but for a ratio), w the weight and m
   the centre of the indicator in its wave. adding_up: "each" respondent by itself, over "respondents", over "groups" of
   such columns, or their "names" only. The largest value is no sum. #}
{% macro term_columns(adding_up, prefix='') -%}
    {%- set terms = [
        ['respondents_n', '1'],
        ['missing_n', 'if(facts.value is null or facts.denominator is null, 1, 0)'],
        ['numerator_n', 'if(facts.value <> 0, 1, 0)'],
        ['weight_sum', 'respondents.weight'],
        ['weight_square_sum', 'respondents.weight * respondents.weight'],
        ['y_sum', 'respondents.weight * facts.value'],
        ['a', 'respondents.weight * (facts.value - centres.centre * facts.denominator)'],
        ['c', 'respondents.weight * facts.denominator'],
        ['square_sum', 'respondents.weight * (facts.value - centres.centre * facts.denominator) ** 2'],
        ['value_sum', 'facts.value'],
        ['value_max', 'facts.value'],
    ] %}
    {%- for name, expression in terms %}
    {% if adding_up == 'respondents' %}{{ 'max' if name == 'value_max' else 'sum' }}({{ expression }}) as {{ name }}
    {%- elif adding_up == 'groups' %}{{ 'max' if name == 'value_max' else 'sum' }}({{ prefix }}{{ name }}) as {{ name }}
    {%- elif adding_up == 'names' %}{{ name }}
    {%- else %}{{ expression }} as {{ name }}
    {%- endif %}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# The three moments that a variance is made of, quadratic in the centred ratio R: aa - 2 R ac + R^2 cc. #}
{% macro quadratic(aa, ac, cc, ratio) -%}
    greatest({{ aa }} - 2 * {{ ratio }} * {{ ac }} + {{ ratio }} ** 2 * {{ cc }}, 0)
{%- endmacro %}

{# The statistics of both domains of a contrast: of the same strata, or of the units that they share. #}
{% macro both_sides(statistics, units) -%}
    inner join {{ statistics }} as one
        on pairs.wave_id = one.wave_id and pairs.indicator_id = one.indicator_id and pairs.domain_id = one.domain_id
    inner join {{ statistics }} as other
        on pairs.wave_id = other.wave_id and pairs.indicator_id = other.indicator_id and pairs.other_domain_id = other.domain_id
        {% for unit in units %}and one.{{ unit }} = other.{{ unit }} {% endfor %}
{%- endmacro %}
