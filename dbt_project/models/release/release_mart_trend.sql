-- Grain: indicator x population x breakdown x breakdown value x wave, as it leaves: suppressed and rounded.
{{ config(alias='mart_trend') }}
-- depends_on: {{ ref('rounding_rules') }}
with judged as (
    select
        trend.*,
        trend.publication_status <> 'suppress'
        and earlier.publication_status is not null
        and earlier.publication_status <> 'suppress' as is_change_shown
    from {{ ref('mart_trend') }} as trend
    left join {{ ref('mart_trend') }} as earlier
        on trend.indicator_id = earlier.indicator_id
        and trend.population_id = earlier.population_id
        and trend.breakdown_id = earlier.breakdown_id
        and trend.breakdown_code = earlier.breakdown_code
        and trend.comparable_wave_id = earlier.wave_id
)

select
    indicator_id,
    indicator_label_nl,
    indicator_label_en,
    theme,
    block,
    population_id,
    population_label_nl,
    breakdown_id,
    breakdown_code,
    breakdown_label_nl,
    programme_id,
    wave_id,
    year,
    statistic,
    unit,
    base_id,
    {{ released_figure('n_unweighted', 'bigint') }},
    {{ released_figure('n_effective') }},
    {{ released_figure('deff') }},
    {{ released_figure('estimate') }},
    {{ released_figure('standard_error') }},
    {{ released_figure('degrees_of_freedom') }},
    {{ released_figure('ci_low') }},
    {{ released_figure('ci_high') }},
    case when publication_status <> 'suppress' then ci_method end as ci_method,
    publication_status,
    marker,
    reason_code,
    comparable_wave_id,
    {{ released_change('change') }},
    {{ released_change('change_standard_error') }},
    {{ released_change('change_ci_low') }},
    {{ released_change('change_ci_high') }},
    {{ released_change('change_p_value') }},
    {{ released_change('change_p_adjusted') }},
    if(is_change_shown, change_direction, 'not_tested') as change_direction,
    break_id,
    obs_status,
    conf_status,
    change_family_id
from judged
