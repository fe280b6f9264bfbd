-- Grain: one row per wave, indicator and domain (wave_id, indicator_id, domain_id): estimate and standard error.
-- Taylor linearisation with all n_h units of the design's stratum, also those outside the domain:
-- Var = sum_h n_h/(n_h - 1) * sum_j (z_hj - mean z_h)^2. A share is a fraction here; percent is for the marts.
with strata as (
    select wave_id, instrument_id, stratum_id, count(distinct psu) as stratum_units_n
    from {{ ref('fct_respondent') }}
    where weight > 0
    group by all
),

policy as (
    select any_value(value) filter (where policy_id = 'lonely_psu') as lonely_psu
    from {{ ref('estimation_policies') }}
),

cells as (
    select
        wave_id,
        indicator_id,
        domain_id,
        sum(weight_sum) as weight_total,
        sum(a_sum) as a_total,
        sum(a_sum) / sum(weight_sum) as ratio
    from {{ ref('est_stratum_statistics') }}
    group by all
),

linearised as (
    select
        statistics.*,
        strata.stratum_units_n,
        indicators.statistic,
        -- Mean and sum of squares about it, of z over the units with a domain member.
        case indicators.statistic
            when 'total' then statistics.a_sum / statistics.units_n
            else ((1 - cells.ratio) * statistics.a_sum - cells.ratio * statistics.b_sum) / statistics.units_n / cells.weight_total
        end as z_mean,
        case indicators.statistic
            when 'total' then statistics.units_n * statistics.a_variance
            else statistics.units_n * greatest(
                (1 - cells.ratio) ** 2 * statistics.a_variance
                - 2 * (1 - cells.ratio) * cells.ratio * statistics.ab_covariance
                + cells.ratio ** 2 * statistics.b_variance, 0) / cells.weight_total ** 2
        end as z_sum_of_squares
    from {{ ref('est_stratum_statistics') }} as statistics
    inner join cells using (wave_id, indicator_id, domain_id)
    inner join strata using (wave_id, stratum_id)
    inner join {{ ref('dim_indicator') }} as indicators using (indicator_id)
),

variances as (
    select
        linearised.*,
        case
            when stratum_units_n > 1 then stratum_units_n / (stratum_units_n - 1.0)
                * (z_sum_of_squares + units_n * z_mean ** 2 * (1 - units_n / stratum_units_n))
            -- A lone unit has no variance of its own. "adjust" centres it at the grand mean of z, which is zero for a ratio.
            when policy.lonely_psu = 'adjust' then z_mean ** 2
        end as variance
    from linearised
    cross join policy
),

summed as (
    select
        wave_id,
        indicator_id,
        domain_id,
        any_value(statistic) as statistic,
        sum(respondents_n)::bigint as respondents_n,
        sum(numerator_n)::bigint as numerator_n,
        sum(weight_sum) as weight_total,
        sum(weight_square_sum) as weight_square_total,
        sum(a_sum) as a_total,
        sum(b_sum) as b_total,
        sum(weighted_square_sum) as weighted_square_total,
        sum(value_sum) as value_sum,
        max(value_max) as value_max,
        sum(units_n) - count(*) as degrees_of_freedom,
        -- One stratum without a declared policy leaves the whole cell without a standard error.
        case when count(*) = count(variance) then sum(variance) end as variance
    from variances
    group by wave_id, indicator_id, domain_id
),

estimated as (
    select
        *,
        if(statistic = 'total', a_total, a_total / weight_total) as estimate,
        case statistic
            when 'total' then null
            when 'proportion' then (a_total / weight_total) * (b_total / weight_total)
            else greatest(weighted_square_total / weight_total - (a_total / weight_total) ** 2, 0)
        end as element_variance,
        weight_total ** 2 / weight_square_total as kish_n
    from summed
)

select
    wave_id,
    indicator_id,
    domain_id,
    statistic,
    respondents_n,
    numerator_n,
    respondents_n - numerator_n as complement_n,
    weight_total,
    value_sum,
    value_max,
    estimate,
    case when degrees_of_freedom > 0 then sqrt(variance) end as standard_error,
    degrees_of_freedom,
    -- Relative to simple random sampling with replacement, in which the variance of a mean is S2 / n.
    case when element_variance > 0 and respondents_n > 1 and degrees_of_freedom > 0
        then variance / (element_variance / (respondents_n - 1)) end as design_effect,
    case
        when element_variance > 0 and respondents_n > 1 and degrees_of_freedom > 0 and variance > 0
            then respondents_n / (variance / (element_variance / (respondents_n - 1)))
        else kish_n
    end as effective_n,
    kish_n
from estimated
