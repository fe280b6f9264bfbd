-- Grain: indicator x population x breakdown x breakdown value x wave; also where nobody is in the base, without an estimate.
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
        disclosure.wave_id,
        waves.year,
        indicators.statistic,
        indicators.unit,
        indicators.base_id,
        coalesce(cells.respondents_n, 0) as n_unweighted,
        cells.effective_n as n_effective,
        cells.design_effect as deff,
        -- Percentages are 0-100 in columns of unit percent; changes are percentage points.
        if(indicators.unit = 'percent', 100.0, 1.0) as scale,
        cells.estimate,
        cells.standard_error,
        cells.degrees_of_freedom,
        cells.ci_low,
        cells.ci_high,
        coalesce(cells.ci_method, 'none') as ci_method,
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
        changes.change_direction,
        indicators.family_id
    from {{ ref('est_disclosure') }} as disclosure
    inner join {{ ref('dim_indicator') }} as indicators using (indicator_id)
    inner join {{ ref('dim_domain') }} as domains using (domain_id)
    inner join {{ ref('dim_population') }} as populations using (population_id)
    inner join {{ ref('dim_wave') }} as waves using (wave_id)
    left join {{ ref('est_intervals') }} as cells using (wave_id, indicator_id, domain_id)
    inner join {{ ref('est_comparability') }} as comparability
        on disclosure.indicator_id = comparability.indicator_id
        and domains.population_id = comparability.population_id
        and disclosure.wave_id = comparability.wave_id
    left join {{ ref('est_changes') }} as changes
        on disclosure.wave_id = changes.wave_id
        and disclosure.indicator_id = changes.indicator_id
        and disclosure.domain_id = changes.domain_id
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
    -- A suppressed cell says why it is, and no more: there is no figure that a break could mark.
    nullif(
        if(publication_status <> 'suppress' and break_id is not null, '[b]', '') || coalesce(disclosure_marker, ''), ''
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
    conf_status,
    -- Of the row's own tests: those of one family, wave, population and breakdown are adjusted together.
    family_id as change_family_id
from cells
