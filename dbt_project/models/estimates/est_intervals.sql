-- Grain: one row per wave, indicator and domain (wave_id, indicator_id, domain_id): the confidence interval.
-- Logit for shares; Korn-Graubard where effective n * min(p, 1 - p) < 10; Clopper-Pearson on Kish's n at 0 and 100 %.
with policy as (
    select
        1 - (1 - any_value(value::double) filter (where policy_id = 'confidence_level')) / 2 as upper_probability,
        any_value(value::double) filter (where policy_id = 'korn_graubard_below') as korn_graubard_below
    from {{ ref('estimation_policies') }}
    where policy_id in ('confidence_level', 'korn_graubard_below')
),

chosen as (
    select
        cells.*,
        policy.upper_probability,
        case
            when cells.statistic = 'proportion' and (cells.numerator_n = 0 or cells.complement_n = 0) then 'clopper_pearson'
            when cells.degrees_of_freedom <= 0 or cells.standard_error is null then 'none'
            when cells.statistic <> 'proportion' then 'wald'
            when cells.standard_error = 0 then 'none'
            when round(cells.effective_n * least(cells.estimate, 1 - cells.estimate), 9) < policy.korn_graubard_below then 'korn_graubard'
            else 'logit'
        end as ci_method
    from {{ ref('est_cells') }} as cells
    cross join policy
),

quantiles as (
    select
        *,
        student_t_quantile(upper_probability, degrees_of_freedom::double) as t_domain,
        -- Korn and Graubard's effective sample size p(1 - p)/Var(p), corrected for the degrees of freedom.
        estimate * (1 - estimate) / nullif(standard_error, 0) ** 2 * (student_t_quantile(upper_probability, (respondents_n - 1)::double)
            / student_t_quantile(upper_probability, degrees_of_freedom::double)) ** 2 as korn_graubard_n
    from chosen
),

effective as (
    select
        *,
        case ci_method when 'clopper_pearson' then kish_n else korn_graubard_n end as binomial_n,
        case when ci_method = 'logit' then ln(estimate / (1 - estimate)) end as logit,
        case when ci_method = 'logit' then t_domain * standard_error / (estimate * (1 - estimate)) end as logit_half_width
    from quantiles
)

select
    * exclude (upper_probability, t_domain, korn_graubard_n, binomial_n, logit, logit_half_width),
    case ci_method
        when 'logit' then 1 / (1 + exp(-(logit - logit_half_width)))
        when 'wald' then estimate - t_domain * standard_error
        when 'none' then null
        else beta_quantile(1 - upper_probability, binomial_n * estimate, binomial_n * (1 - estimate) + 1)
    end as ci_low,
    case ci_method
        when 'logit' then 1 / (1 + exp(-(logit + logit_half_width)))
        when 'wald' then estimate + t_domain * standard_error
        when 'none' then null
        else beta_quantile(upper_probability, binomial_n * estimate + 1, binomial_n * (1 - estimate))
    end as ci_high
from effective
