-- Grain: one row per wave, indicator and domain (wave_id, indicator_id, domain_id): estimate and standard error.
-- Taylor linearisation with all n_h units of the design's stratum, also those outside the domain: Var =
-- sum_h (1 - f_h) n_h/(n_h - 1) sum_j (z_hj - mean z_h)^2 + sum_h f_h V2_h, with f_h = n_h/N_h and V2_h the second stage.
-- Without population sizes f_h is zero: one stage with replacement. A share is a fraction here; percent is for the marts.
with policy as (
    select any_value(value) filter (where policy_id = 'lonely_psu') as lonely_psu
    from {{ ref('estimation_policies') }}
),

cells as (
    select
        statistics.wave_id,
        statistics.indicator_id,
        statistics.domain_id,
        any_value(indicators.statistic) as statistic,
        -- z = (a - ratio * c) / scale; a total is linear as it is.
        if(any_value(indicators.statistic) = 'total', 0, sum(statistics.a) / nullif(sum(statistics.c), 0)) as ratio,
        if(any_value(indicators.statistic) = 'total', 1, sum(statistics.c)) as scale
    from {{ ref('est_stratum_statistics') }} as statistics
    inner join {{ ref('dim_indicator') }} as indicators using (indicator_id)
    group by statistics.wave_id, statistics.indicator_id, statistics.domain_id
),

linearised as (
    select
        statistics.*,
        cells.statistic,
        cells.ratio,
        cells.scale,
        design.stratum_units_n,
        design.sampling_fraction,
        design.is_lone,
        design.is_census,
        design.design_units_n - design.design_strata_n as design_degrees_of_freedom,
        (statistics.a - cells.ratio * statistics.c) / statistics.units_n / cells.scale as z_mean,
        statistics.units_n * {{ quadratic('statistics.a_variance', 'statistics.ac_covariance', 'statistics.c_variance', 'cells.ratio') }}
            / cells.scale ** 2 as z_sum_of_squares,
        -- How large the terms are that cancel in it where nothing varies.
        (
            statistics.units_n * (statistics.a_variance + cells.ratio ** 2 * statistics.c_variance)
            + (abs(statistics.a) + abs(cells.ratio * statistics.c)) ** 2 / statistics.units_n
        ) / cells.scale ** 2 as z_size,
        {{ quadratic('statistics.second_aa', 'statistics.second_ac', 'statistics.second_cc', 'cells.ratio') }}
            / cells.scale ** 2 as second_stage
    from {{ ref('est_stratum_statistics') }} as statistics
    inner join cells using (wave_id, indicator_id, domain_id)
    inner join {{ ref('est_design') }} as design using (wave_id, stratum_id)
),

variances as (
    select
        linearised.*,
        sampling_fraction * second_stage + (1 - sampling_fraction) * case
            when stratum_units_n > 1 then stratum_units_n / (stratum_units_n - 1.0)
                * (z_sum_of_squares + units_n * z_mean ** 2 * (1 - units_n / stratum_units_n))
            -- A lone unit has no variance of its own: "adjust" centres it at zero, the mean of all units of a linearised ratio, as
            -- R does for a total too; "certainty" says that it was sure to be drawn, "average" gives it the mean of the other
            -- strata (below), "fail" nothing.
            when sampling_fraction >= 1 or policy.lonely_psu = 'certainty' then 0
            when policy.lonely_psu = 'adjust' then z_mean ** 2
        end as variance,
        policy.lonely_psu
    from linearised
    cross join policy
),

summed as (
    select
        wave_id,
        indicator_id,
        domain_id,
        any_value(statistic) as statistic,
        any_value(ratio) as ratio,
        any_value(scale) as scale,
        {% for name in ['respondents_n', 'missing_n', 'numerator_n', 'weight_sum', 'weight_square_sum', 'y_sum', 'c', 'square_sum', 'value_sum'] -%}
        sum({{ name }}) as {{ name }},
        {% endfor -%}
        max(value_max) as value_max,
        sum(z_size) as z_size,
        sum(units_n) - count(*) as degrees_of_freedom,
        any_value(design_degrees_of_freedom) as design_degrees_of_freedom,
        count(*) filter (where is_lone) as lone_strata_n,
        bool_and(is_census) as is_census,
        case
            when count(*) = count(variance) then sum(variance)
            when any_value(lonely_psu) = 'average' and count(variance) > 0 then sum(variance) * count(*) / count(variance)
        end as variance
    from variances
    group by wave_id, indicator_id, domain_id
),

estimated as (
    select
        *,
        -- A missing value that came this far was to be left out by a base: the cell has no estimate, rather than a wrong one.
        case when missing_n = 0 then if(statistic = 'total', y_sum, y_sum / nullif(c, 0)) end as estimate,
        case
            when missing_n > 0 then null
            -- Nobody or everybody: not a digit of rounding is left where there is no variation.
            when statistic = 'proportion' and numerator_n in (0, respondents_n) then 0
            -- Of a ratio or mean the digits of rounding are told by their size: what they leave would make a test of nothing.
            when variance < 0.000000000001 * z_size then 0
            else variance
        end as sampling_variance,
        case statistic
            when 'proportion' then (y_sum / c) * (1 - y_sum / c)
            when 'mean' then greatest(square_sum / c - ratio ** 2, 0)
        end as element_variance,
        weight_sum ** 2 / weight_square_sum as kish_n
    from summed
),

judged as (
    select
        *,
        -- Relative to simple random sampling with replacement, in which the variance of a mean is S2 / n.
        case when element_variance > 0 and respondents_n > 1 and degrees_of_freedom > 0
            then sampling_variance / (element_variance / (respondents_n - 1)) end as design_effect
    from estimated
)

select
    wave_id,
    indicator_id,
    domain_id,
    statistic,
    respondents_n::bigint as respondents_n,
    numerator_n::bigint as numerator_n,
    (respondents_n - numerator_n)::bigint as complement_n,
    weight_sum as weight_total,
    value_sum,
    value_max,
    estimate,
    case when degrees_of_freedom > 0 or is_census then sqrt(sampling_variance) end as standard_error,
    degrees_of_freedom,
    design_degrees_of_freedom,
    -- Of the linearised variable z = (a - ratio * c) / scale.
    ratio as linearised_ratio,
    scale as linearised_scale,
    lone_strata_n,
    is_census,
    design_effect,
    if(design_effect > 0, respondents_n / design_effect, kish_n) as effective_n,
    kish_n
from judged
