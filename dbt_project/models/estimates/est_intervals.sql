-- Grain: one row per wave, indicator and domain (wave_id, indicator_id, domain_id): every interval, and the one that is chosen.
-- Shares: logit; Korn-Graubard where effective n * min(p, 1 - p) is small; Clopper-Pearson on Kish's n at 0 and 100 %.
-- A share of answers, which is a ratio, is a share too. Means, totals and other ratios: Wald, ended at the bounds of what the
-- figure can be. A census has no sampling error: its interval is the figure itself.
with policy as (
    select
        1 - (1 - any_value(value::double) filter (where policy_id = 'confidence_level')) / 2 as upper_probability,
        any_value(value::double) filter (where policy_id = 'korn_graubard_below') as korn_graubard_below
    from {{ ref('estimation_policies') }}
    where policy_id in ('confidence_level', 'korn_graubard_below')
),

quantiles as (
    select
        cells.*,
        policy.upper_probability as upper,
        policy.korn_graubard_below,
        student_t_quantile(policy.upper_probability, cells.degrees_of_freedom::double) as t,
        indicators.estimate_min,
        indicators.estimate_max,
        shares.indicator_id is not null as is_share,
        shares.indicator_id is not null and cells.estimate > 0 and cells.estimate < 1 and cells.standard_error > 0
            and (cells.complement_n > 0 or cells.statistic = 'ratio') as is_inside,
        -- Korn and Graubard's effective sample size p(1 - p)/Var(p), corrected for the degrees of freedom; that of NCHS is at most n.
        case when shares.indicator_id is not null then cells.estimate * (1 - cells.estimate) / nullif(cells.standard_error, 0) ** 2
            * (student_t_quantile(policy.upper_probability, (cells.respondents_n - 1)::double)
                / student_t_quantile(policy.upper_probability, cells.degrees_of_freedom::double)) ** 2
        end as korn_graubard_n
    from {{ ref('est_cells') }} as cells
    inner join {{ ref('dim_indicator') }} as indicators using (indicator_id)
    left join (
        select indicator_id from {{ ref('dim_indicator') }}
        where statistic = 'proportion' or (statistic = 'ratio' and is_count_of_codes)
    ) as shares using (indicator_id)
    cross join policy
),

parts as (
    select
        *,
        least(korn_graubard_n, respondents_n) as nchs_n,
        case when is_inside then ln(estimate / (1 - estimate)) end as logit,
        case when is_inside then t * standard_error / (estimate * (1 - estimate)) end as logit_half_width,
        -- Wilson's score interval with p(1 - p)/Var(p) for n and Student's t for z.
        case when is_inside then (t * standard_error) ** 2 / (estimate * (1 - estimate)) end as wilson_term
    from quantiles
),

intervals as (
    select
        *,
        estimate - t * standard_error as wald_low,
        estimate + t * standard_error as wald_high,
        -- The truth lies not beyond either, so no coverage is lost.
        if(wald_low < estimate_min, least(estimate_min, estimate), wald_low) as bounded_low,
        if(wald_high > estimate_max, greatest(estimate_max, estimate), wald_high) as bounded_high,
        1 / (1 + exp(-(logit - logit_half_width))) as logit_low,
        1 / (1 + exp(-(logit + logit_half_width))) as logit_high,
        case when is_inside then beta_quantile(1 - upper, korn_graubard_n * estimate, korn_graubard_n * (1 - estimate) + 1) end as korn_graubard_low,
        case when is_inside then beta_quantile(upper, korn_graubard_n * estimate + 1, korn_graubard_n * (1 - estimate)) end as korn_graubard_high,
        case when is_inside then beta_quantile(1 - upper, nchs_n * estimate, nchs_n * (1 - estimate) + 1) end as nchs_low,
        case when is_inside then beta_quantile(upper, nchs_n * estimate + 1, nchs_n * (1 - estimate)) end as nchs_high,
        (estimate + wilson_term / 2 - sqrt(wilson_term * (estimate * (1 - estimate) + wilson_term / 4))) / (1 + wilson_term) as wilson_low,
        (estimate + wilson_term / 2 + sqrt(wilson_term * (estimate * (1 - estimate) + wilson_term / 4))) / (1 + wilson_term) as wilson_high,
        case when is_share then beta_quantile(1 - upper, kish_n * estimate, kish_n * (1 - estimate) + 1) end as clopper_pearson_low,
        case when is_share then beta_quantile(upper, kish_n * estimate + 1, kish_n * (1 - estimate)) end as clopper_pearson_high,
        case
            when estimate is null then 'none'
            when is_census then 'census'
            when is_share and (estimate <= 0 or estimate >= 1 or (complement_n = 0 and statistic = 'proportion')) then 'clopper_pearson'
            when degrees_of_freedom <= 0 or standard_error is null then 'none'
            -- No variation in the sample is no proof of none in the population.
            when standard_error <= 0.000000001 * abs(estimate) then 'none'
            when not is_share and (wald_low < estimate_min or wald_high > estimate_max) then 'wald_bounded'
            when not is_share then 'wald'
            when round(effective_n * least(estimate, 1 - estimate), 9) < korn_graubard_below then 'korn_graubard'
            else 'logit'
        end as ci_method
    from parts
)

select
    * exclude (upper, korn_graubard_below, t, estimate_min, estimate_max, is_share, is_inside, korn_graubard_n, nchs_n, logit, logit_half_width, wilson_term),
    {% for bound in ['low', 'high'] %}
    case ci_method
        when 'census' then estimate
        when 'wald' then wald_{{ bound }}
        when 'wald_bounded' then bounded_{{ bound }}
        when 'logit' then logit_{{ bound }}
        when 'korn_graubard' then korn_graubard_{{ bound }}
        when 'clopper_pearson' then clopper_pearson_{{ bound }}
    end as ci_{{ bound }}{{ ',' if not loop.last }}
    {% endfor %}
from intervals
