{# A headline's template filled in. What stands between [[ and ]] needs an earlier comparable wave and goes without one;
   {movement} says in words what the test of the change says, and a break is never left out. #}
{% macro headline_text(template, language) -%}
    {%- set whole = "cast(cast(round(%s) as bigint) as varchar)" -%}
    case
        when estimate is null then upper(status_{{ language }}[1]) || status_{{ language }}[2:] || '.'
        else
    replace(replace(replace(replace(replace(
        case
            when previous_estimate is null or change is null then regexp_replace({{ template }}, '\[\[.*?\]\]', '', 'g')
            else replace(replace({{ template }}, '[[', ''), ']]', '')
        end,
        '{estimate}', {{ whole | format('estimate') }}),
        '{previous}', coalesce({{ whole | format('previous_estimate') }}, '')),
        '{movement}', coalesce(movement_{{ language }} || coalesce('; ' || if(break_effect = 'warn', break_{{ language }}, null), ''), '{movement}')),
        '{previous_year}', coalesce(cast(previous_year as varchar), '')),
        '{year}', cast(year as varchar))
        || coalesce(' ' || if(break_effect <> 'warn', break_{{ language }}, null), '')
    end
{%- endmacro %}

{% macro headlines_from(trend) %}
with headlines as (
    select
        rows.headline_id,
        rows.text_nl as template_nl,
        rows.text_en as template_en,
        cast(rows.sort_order as integer) as sort_order,
        trend.*,
        earlier.estimate as previous_estimate,
        earlier.year as previous_year,
        movement.label_nl as movement_nl,
        movement.label_en as movement_en,
        breaks.effect as break_effect,
        effect.label_nl as break_nl,
        effect.label_en as break_en,
        status.label_nl as status_nl,
        status.label_en as status_en
    from {{ ref('headlines') }} as rows
    inner join {{ trend }} as trend
        on rows.indicator_id = trend.indicator_id
        and rows.population_id = trend.population_id
        and trend.breakdown_id = 'total'
    left join {{ trend }} as earlier
        on trend.indicator_id = earlier.indicator_id
        and trend.population_id = earlier.population_id
        and trend.comparable_wave_id = earlier.wave_id
        and earlier.breakdown_id = 'total'
    left join {{ ref('dim_code') }} as movement
        on movement.codelist_id = 'change_direction'
        and trend.change_direction = movement.code
    left join {{ ref('dim_code') }} as status
        on status.codelist_id = 'publication_status'
        and trend.publication_status = status.code
    left join {{ accepted(ref('series_breaks')) }} as breaks
        on trend.break_id = breaks.break_id
    left join {{ ref('dim_code') }} as effect
        on effect.codelist_id = 'break_effect'
        and breaks.effect = effect.code
)

select
    headline_id,
    wave_id,
    programme_id,
    year,
    indicator_id,
    population_id,
    sort_order,
    {{ headline_text('template_nl', 'nl') }} as text_nl,
    {{ headline_text('template_en', 'en') }} as text_en,
    unit,
    estimate,
    ci_low,
    ci_high,
    publication_status,
    marker,
    comparable_wave_id,
    change,
    change_direction,
    break_id
from headlines
{% endmacro %}
