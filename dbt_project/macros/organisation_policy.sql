{# Over the full-precision trend or over the released one. #}
{% macro organisation_policy_from(trend) %}
select
    trend.indicator_id,
    trend.indicator_label_nl,
    trend.block,
    trend.population_id,
    trend.population_label_nl,
    trend.programme_id,
    trend.wave_id,
    trend.year,
    trend.base_id,
    trend.n_unweighted,
    case when trend.statistic = 'proportion' then trend.estimate end as share_pct,
    trend.standard_error,
    trend.ci_low,
    trend.ci_high,
    trend.publication_status,
    trend.marker,
    trend.reason_code,
    trend.comparable_wave_id,
    trend.change,
    trend.change_direction,
    trend.statistic,
    trend.unit,
    trend.estimate
from {{ trend }} as trend
inner join {{ ref('dim_population') }} as populations using (population_id)
where populations.is_public_body
    and trend.statistic in ('proportion', 'mean')
    and trend.breakdown_id = 'total'
{% endmacro %}
