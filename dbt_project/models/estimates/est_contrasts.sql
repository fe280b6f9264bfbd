-- Grain: one row per wave, indicator and contrast (wave_id, indicator_id, contrast_id): are two domains equal?
-- The difference of two domains of one sample, with their covariance: Var(d) = V1 + V2 - 2 Cov, where Cov is the same sum as
-- the variance with the product z1 * z2 for z^2. Of respondents who are units themselves disjoint domains share none.
{% set product = '(one.a - pairs.ratio * one.c) / pairs.scale * (other.a - pairs.other_ratio * other.c) / pairs.other_scale' -%}
with policy as (
    select
        1 - (1 - cast(any_value(value) filter (where policy_id = 'confidence_level') as double)) / 2 as upper_probability,
        any_value(value) filter (where policy_id = 'lonely_psu') as lonely_psu
    from {{ ref('estimation_policies') }}
    where policy_id in ('confidence_level', 'lonely_psu')
),

pairs as (
    select
        contrasts.contrast_id,
        one.wave_id,
        one.indicator_id,
        one.domain_id,
        other.domain_id as other_domain_id,
        one.linearised_ratio as ratio,
        one.linearised_scale as scale,
        other.linearised_ratio as other_ratio,
        other.linearised_scale as other_scale
    from {{ ref('dim_contrast') }} as contrasts
    inner join {{ ref('est_cells') }} as one on contrasts.domain_id = one.domain_id
    inner join {{ ref('est_cells') }} as other
        on contrasts.other_domain_id = other.domain_id
        and one.wave_id = other.wave_id
        and one.indicator_id = other.indicator_id
),

shared_units as (
    select
        pairs.contrast_id,
        pairs.wave_id,
        pairs.indicator_id,
        one.stratum_id,
        count(*) as units_n,
        sum({{ product }}) as product,
        -- Within a primary unit: what its secondary units share (below), less what its totals do.
        coalesce(sum(-second.factor / second.units_n * {{ product }}) filter (where second.units_n > 1), 0) as second_stage
    from pairs
    {{ both_sides(ref('est_unit_statistics'), 'unit_id') }}
    inner join {{ ref('est_design') }} as design on one.stratum_id = design.stratum_id and pairs.wave_id = design.wave_id
    left join {{ ref('est_second_stage') }} as second on one.unit_id = second.unit_id
    group by all
),

shared_secondary_units as (
    select
        pairs.contrast_id,
        pairs.wave_id,
        pairs.indicator_id,
        second.stratum_id,
        sum(second.factor * {{ product }}) as second_stage
    from pairs
    {{ both_sides(ref('est_secondary_statistics'), 'secondary_unit_id') }}
    inner join {{ ref('est_second_stage') }} as second on one.unit_id = second.unit_id and pairs.wave_id = second.wave_id
    group by all
),

covariances as (
    select
        pairs.contrast_id,
        pairs.wave_id,
        pairs.indicator_id,
        sum(design.sampling_fraction * (coalesce(shared_units.second_stage, 0) + coalesce(shared_secondary_units.second_stage, 0))
            + (1 - design.sampling_fraction) * case
                when design.stratum_units_n > 1 then design.stratum_units_n / (design.stratum_units_n - 1.0)
                    * (coalesce(shared_units.product, 0) - {{ product }} / design.stratum_units_n)
                when design.sampling_fraction < 1 and policy.lonely_psu = 'adjust' then {{ product }}
                else 0
            end) as covariance,
        -- Strata and units that hold members of both domains, of which the sum of both degrees of freedom counts each twice.
        count(*) - coalesce(sum(shared_units.units_n), 0) as df_shared,
        -- What the two variances do for a lone unit by these policies says nothing of what the two domains share in it.
        bool_or(design.is_lone and policy.lonely_psu in ('average', 'fail')) as is_unknown
    from pairs
    cross join policy
    {{ both_sides(ref('est_stratum_statistics'), 'stratum_id') }}
    inner join {{ ref('est_design') }} as design on one.stratum_id = design.stratum_id and pairs.wave_id = design.wave_id
    left join shared_units
        on pairs.contrast_id = shared_units.contrast_id and pairs.wave_id = shared_units.wave_id
        and pairs.indicator_id = shared_units.indicator_id and one.stratum_id = shared_units.stratum_id
    left join shared_secondary_units
        on pairs.contrast_id = shared_secondary_units.contrast_id and pairs.wave_id = shared_secondary_units.wave_id
        and pairs.indicator_id = shared_secondary_units.indicator_id and one.stratum_id = shared_secondary_units.stratum_id
    group by pairs.contrast_id, pairs.wave_id, pairs.indicator_id
),

differences as (
    select
        pairs.contrast_id,
        pairs.wave_id,
        pairs.indicator_id,
        pairs.domain_id,
        pairs.other_domain_id,
        one.estimate - other.estimate as difference,
        -- At 0 and 100 % the linearised error is zero without being known.
        case when not coalesce(covariances.is_unknown, false)
            and (one.standard_error > 0 or one.is_census) and (other.standard_error > 0 or other.is_census) then sqrt(greatest(
            one.standard_error ** 2 + other.standard_error ** 2 - 2 * coalesce(covariances.covariance, 0), 0)) end as standard_error,
        one.degrees_of_freedom + other.degrees_of_freedom + coalesce(covariances.df_shared, 0) as degrees_of_freedom
    from pairs
    {{ both_sides(ref('est_cells'), 'wave_id') }} and pairs.wave_id = one.wave_id
    left join covariances
        on pairs.contrast_id = covariances.contrast_id and pairs.wave_id = covariances.wave_id
        and pairs.indicator_id = covariances.indicator_id
)

select
    differences.*,
    difference - student_t_quantile(policy.upper_probability, degrees_of_freedom::double) * standard_error as ci_low,
    difference + student_t_quantile(policy.upper_probability, degrees_of_freedom::double) * standard_error as ci_high,
    case when standard_error > 0 then student_t_two_sided_p(difference / standard_error, degrees_of_freedom::double) end as p_value
from differences
cross join policy
