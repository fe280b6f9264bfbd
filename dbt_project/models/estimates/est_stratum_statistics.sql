-- Grain: one row per wave, indicator, domain and stratum (wave_id, indicator_id, domain_id, stratum_id).
-- Additive sufficient statistics. Per sampling unit j: a_j = sum of w*y, b_j = sum of w*(1 - y), so that the linearised
-- variable of a ratio R is z_j = ((1 - R) a_j - R b_j) / sum(w). Moments are centred (Welford), never the short form.
with observations as (
    select
        respondents.wave_id,
        values.indicator_id,
        members.domain_id,
        respondents.stratum_id,
        respondents.psu,
        respondents.is_clustered,
        respondents.weight,
        values.value
    from {{ ref('fct_indicator_value') }} as values
    inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
    inner join {{ ref('fct_domain_member') }} as members using (respondent_key)
    where respondents.weight > 0
),

units as (
    select
        wave_id, indicator_id, domain_id, stratum_id,
        count(*) as respondents_n,
        sum(weight) as weight_sum,
        sum(weight * weight) as weight_square_sum,
        sum(weight * value) as a,
        sum(weight * (1 - value)) as b,
        sum(weight * value * value) as weighted_square_sum,
        sum(if(value <> 0, 1, 0)) as numerator_n,
        sum(value) as value_sum,
        max(value) as value_max
    from observations
    where is_clustered
    group by wave_id, indicator_id, domain_id, stratum_id, psu
    union all
    -- Without clusters the respondent is the unit; no grouping is needed.
    select
        wave_id, indicator_id, domain_id, stratum_id,
        1, weight, weight * weight, weight * value, weight * (1 - value), weight * value * value,
        if(value <> 0, 1, 0), value, value
    from observations
    where not is_clustered
)

select
    wave_id,
    indicator_id,
    domain_id,
    stratum_id,
    count(*) as units_n,
    sum(respondents_n)::bigint as respondents_n,
    sum(numerator_n)::bigint as numerator_n,
    sum(weight_sum) as weight_sum,
    sum(weight_square_sum) as weight_square_sum,
    sum(a) as a_sum,
    sum(b) as b_sum,
    sum(weighted_square_sum) as weighted_square_sum,
    sum(value_sum) as value_sum,
    max(value_max) as value_max,
    var_pop(a) as a_variance,
    var_pop(b) as b_variance,
    covar_pop(a, b) as ab_covariance
from units
group by all
