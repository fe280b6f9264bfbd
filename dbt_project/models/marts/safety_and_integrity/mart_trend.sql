-- Grain: indicator x population x breakdown x breakdown value x wave.
with cells as (
    select
        indicators.indicator_id,
        indicators.label_nl as indicator_label_nl,
        indicators.label_en as indicator_label_en,
        indicators.theme_id as theme,
        indicators.block_id as block,
        domains.population_id,
        populations.label_nl as population_label_nl,
        domains.breakdown_id,
        domains.breakdown_code,
        domains.breakdown_label_nl,
        waves.programme_id,
        cells.wave_id,
        waves.year,
        indicators.statistic,
        indicators.unit,
        indicators.base_id,
        cells.respondents_n as n_unweighted,
        cells.effective_n as n_effective,
        cells.design_effect as deff,
        -- Percentages are 0-100 in columns of unit percent; changes are percentage points.
        if(indicators.unit = 'percent', 100.0, 1.0) as scale,
        cells.estimate,
        cells.standard_error,
        cells.degrees_of_freedom,
        cells.ci_low,
        cells.ci_high,
        cells.ci_method,
        disclosure.publication_status,
        disclosure.marker as disclosure_marker,
        disclosure.reason_code,
        disclosure.conf_status,
        comparability.comparable_wave_id,
        comparability.break_id,
        comparability.break_effect,
        waves.maturity,
        changes.change,
        changes.change_standard_error,
        changes.change_ci_low,
        changes.change_ci_high,
        changes.p_value,
        changes.p_adjusted,
        changes.change_direction
    from {{ ref('est_intervals') }} as cells
    inner join {{ ref('dim_indicator') }} as indicators using (indicator_id)
    inner join {{ ref('dim_domain') }} as domains using (domain_id)
    inner join {{ ref('dim_population') }} as populations using (population_id)
    inner join {{ ref('dim_wave') }} as waves using (wave_id)
    inner join {{ ref('est_disclosure') }} as disclosure using (wave_id, indicator_id, domain_id)
    inner join {{ ref('est_comparability') }} as comparability
        on cells.indicator_id = comparability.indicator_id
        and domains.population_id = comparability.population_id
        and cells.wave_id = comparability.wave_id
    left join {{ ref('est_changes') }} as changes
        on cells.wave_id = changes.wave_id
        and cells.indicator_id = changes.indicator_id
        and cells.domain_id = changes.domain_id
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
    year::integer as year,
    statistic,
    unit,
    base_id,
    n_unweighted::bigint as n_unweighted,
    n_effective::double as n_effective,
    deff::double as deff,
    (scale * estimate)::double as estimate,
    (scale * standard_error)::double as standard_error,
    degrees_of_freedom::double as degrees_of_freedom,
    (scale * ci_low)::double as ci_low,
    (scale * ci_high)::double as ci_high,
    ci_method,
    publication_status,
    coalesce(
        case when publication_status = 'suppress' then disclosure_marker end,
        case when break_id is not null then '[b]' end,
        disclosure_marker
    ) as marker,
    reason_code,
    comparable_wave_id,
    (scale * change)::double as change,
    (scale * change_standard_error)::double as change_standard_error,
    (scale * change_ci_low)::double as change_ci_low,
    (scale * change_ci_high)::double as change_ci_high,
    p_value::double as change_p_value,
    p_adjusted::double as change_p_adjusted,
    coalesce(change_direction, 'not_tested') as change_direction,
    break_id,
    -- SDMX CL_OBS_STATUS: Q missing and suppressed, B break, U low reliability, P provisional, A normal.
    case
        when publication_status = 'suppress' then 'Q'
        when break_id is not null then 'B'
        when publication_status = 'flag' then 'U'
        when maturity = 'provisional' then 'P'
        else 'A'
    end as obs_status,
    conf_status
from cells
