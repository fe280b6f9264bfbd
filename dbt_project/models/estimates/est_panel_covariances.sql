-- Grain: one row per two waves that share sampling units, indicator and domain (wave_id, earlier_wave_id, indicator_id, domain_id).
-- Tam (1984): with n_c units in both samples of a stratum and z, z' the linearised variables of the two waves,
-- Cov = sum_h (1 - f_c) n_c/(n_c - 1) sum over the shared units of (z - mean z)(z' - mean z'), where f_c = n n'/(n_c N).
-- Of two equal samples it is the covariance of one sample. Of a second stage none is taken.
with policy as (
    select any_value(value) as lonely_psu
    from {{ ref('estimation_policies') }}
    where policy_id = 'lonely_psu'
),

strata as (
    select wave_id, earlier_wave_id, stratum_id, any_value(earlier_stratum_id) as earlier_stratum_id, count(*) as shared_n
    from {{ ref('est_shared_units') }}
    group by wave_id, earlier_wave_id, stratum_id
),

factors as (
    select
        strata.wave_id,
        strata.earlier_wave_id,
        strata.stratum_id,
        strata.shared_n,
        later.is_lone and earlier.is_lone as is_lone,
        -- A census has no error to share. Of N known in one wave only, f stands for n/N there.
        case
            when greatest(later.sampling_fraction, earlier.sampling_fraction) >= 1 then 0
            else 1 - case
                when later.sampling_fraction = 0 then earlier.sampling_fraction * later.stratum_units_n
                when earlier.sampling_fraction = 0 then later.sampling_fraction * earlier.stratum_units_n
                else sqrt(later.sampling_fraction * earlier.sampling_fraction * later.stratum_units_n * earlier.stratum_units_n)
            end / strata.shared_n
        end * case
            when strata.shared_n > 1 then strata.shared_n / (strata.shared_n - 1)
            -- As the variance of a lone unit: "adjust" counts it from zero.
            when later.is_lone and earlier.is_lone and policy.lonely_psu = 'adjust' then 1
            else 0
        end as factor,
        later.is_lone and earlier.is_lone and policy.lonely_psu in ('average', 'fail') as is_unknown
    from strata
    cross join policy
    inner join {{ ref('est_design') }} as later on strata.stratum_id = later.stratum_id
    inner join {{ ref('est_design') }} as earlier on strata.earlier_stratum_id = earlier.stratum_id
),

linearised as (
    select
        units.indicator_id,
        units.domain_id,
        units.unit_id,
        (units.a - cells.linearised_ratio * units.c) / cells.linearised_scale as z
    from {{ ref('est_unit_statistics') }} as units
    inner join {{ ref('est_design') }} as design on units.stratum_id = design.stratum_id
    inner join {{ ref('est_cells') }} as cells
        on design.wave_id = cells.wave_id
        and units.indicator_id = cells.indicator_id
        and units.domain_id = cells.domain_id
),

products as (
    -- A shared unit without a member of the domain in one of the waves has zero there.
    select
        shared.wave_id, shared.earlier_wave_id, shared.stratum_id, later.indicator_id, later.domain_id,
        sum(later.z * earlier.z) as product,
        count(*) as both_n
    from {{ ref('est_shared_units') }} as shared
    inner join linearised as later on shared.unit_id = later.unit_id
    inner join linearised as earlier
        on shared.earlier_unit_id = earlier.unit_id
        and later.indicator_id = earlier.indicator_id
        and later.domain_id = earlier.domain_id
    group by all
),

{% for side, unit in [('later', 'unit_id'), ('earlier', 'earlier_unit_id')] -%}
{{ side }}_sums as (
    select shared.wave_id, shared.earlier_wave_id, shared.stratum_id, units.indicator_id, units.domain_id, sum(units.z) as z_sum
    from {{ ref('est_shared_units') }} as shared
    inner join linearised as units on shared.{{ unit }} = units.unit_id
    group by all
),

{% endfor -%}

moments as (
    -- Without a member in one of the waves the sum there is zero, and so are sum and product.
    select
        wave_id, earlier_wave_id, stratum_id, indicator_id, domain_id,
        coalesce(products.product, 0) as product,
        coalesce(products.both_n, 0) as both_n,
        later_sums.z_sum * earlier_sums.z_sum as product_of_sums
    from later_sums
    inner join earlier_sums using (wave_id, earlier_wave_id, stratum_id, indicator_id, domain_id)
    left join products using (wave_id, earlier_wave_id, stratum_id, indicator_id, domain_id)
)

select
    moments.wave_id,
    moments.earlier_wave_id,
    moments.indicator_id,
    moments.domain_id,
    sum(factors.factor * (moments.product - if(factors.is_lone, 0, moments.product_of_sums / factors.shared_n))) as covariance,
    cast(sum(moments.both_n) as bigint) as shared_units_n,
    -- Units less strata that both samples count, of which the sum of both degrees of freedom counts each twice.
    cast(sum(moments.both_n) - count(*) filter (where moments.both_n > 0) as bigint) as shared_degrees_of_freedom,
    bool_or(factors.is_unknown) as is_unknown
from moments
inner join factors using (wave_id, earlier_wave_id, stratum_id)
group by moments.wave_id, moments.earlier_wave_id, moments.indicator_id, moments.domain_id
