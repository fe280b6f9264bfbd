{# What each respondent adds to each of its cells: a = w*(y - m*x) and c = w*x, y the value, x the denominator (1 but for a
   ratio), w the weight and m the centre of the indicator in its wave. #}
{% macro unit_terms() -%}
    select
        facts.indicator_id,
        members.domain_id,
        sample.wave_id,
        sample.stratum_id,
        sample.unit_id,
        sample.secondary_unit_id,
        sample.is_summed_by_unit,
        sample.weight,
        facts.value,
        facts.denominator,
        sample.weight * (facts.value - centres.centre * facts.denominator) as a,
        sample.weight * facts.denominator as c
    from {{ ref('fct_indicator_value') }} as facts
    inner join {{ ref('est_sample') }} as sample using (respondent_key)
    inner join {{ ref('fct_domain_member') }} as members using (respondent_key)
    inner join {{ ref('est_centres') }} as centres
        on sample.wave_id = centres.wave_id
        and facts.indicator_id = centres.indicator_id
{%- endmacro %}

{# The three moments that a variance is made of, quadratic in the centred ratio R: aa - 2 R ac + R^2 cc. #}
{% macro quadratic(aa, ac, cc, ratio) -%}
    greatest({{ aa }} - 2 * {{ ratio }} * {{ ac }} + {{ ratio }} ** 2 * {{ cc }}, 0)
{%- endmacro %}

{# The statistics of both domains of a contrast, of the same wave, stratum or unit. #}
{% macro both_sides(statistics, unit) -%}
    inner join {{ statistics }} as one on pairs.indicator_id = one.indicator_id and pairs.domain_id = one.domain_id
    inner join {{ statistics }} as other
        on pairs.indicator_id = other.indicator_id
        and pairs.other_domain_id = other.domain_id
        and one.{{ unit }} = other.{{ unit }}
{%- endmacro %}
