-- Grain: one row per two waves that share sampling units, indicator and domain (wave_id, earlier_wave_id, indicator_id, domain_id).
-- Tam (1984): with n_c units in both samples of a stratum and z, z' the linearised variables of the two waves,
-- Cov = sum_h (1 - f_c) n_c/(n_c - 1) sum over the shared units of (z - mean z)(z' - mean z'), where f_c = n n'/(n_c N).
-- Without shared units it is zero, and of two equal samples it is the covariance of one sample. Of a second stage none is taken.
with policy as (
    select any_value(value) filter (where policy_id = 'lonely_psu') as lonely_psu
    from {{ ref('estimation_policies') }}
    where policy_id = 'lonely_psu'
),

strata as (
    select
        shared.wave_id,
        shared.earlier_wave_id,
        shared.stratum_id,
        any_value(shared.earlier_stratum_id) as earlier_stratum_id,
        count(*) as shared_n
    from {{ ref('est_shared_units') }} as shared
    group by shared.wave_id, shared.earlier_wave_id, shared.stratum_id
),

factors as (
    select
        strata.wave_id,
        strata.earlier_wave_id,
        strata.stratum_id,
        strata.shared_n,
        later.is_lone and earlier.is_lone as is_lone,
        case
            when strata.shared_n > 1
                then (1 - sqrt(later.sampling_fraction * earlier.sampling_fraction * later.stratum_units_n * earlier.stratum_units_n)
                    / strata.shared_n) * strata.shared_n / (strata.shared_n - 1)
            -- As the variance of a lone unit: "adjust" counts it from zero.
            when later.is_lone and earlier.is_lone and policy.lonely_psu = 'adjust' then 1
            else 0
        end as factor,
        policy.lonely_psu in ('average', 'fail') as leaves_lone_unknown
    from strata
    cross join policy
    inner join {{ ref('est_design') }} as later on strata.stratum_id = later.stratum_id
    inner join {{ ref('est_design') }} as earlier on strata.earlier_stratum_id = earlier.stratum_id
),

sides as (
    {% for side, unit, wave in [('later', 'unit_id', 'wave_id'), ('earlier', 'earlier_unit_id', 'earlier_wave_id')] %}
    select
        shared.wave_id,
        shared.earlier_wave_id,
        shared.stratum_id,
        shared.unit_id,
        units.indicator_id,
        units.domain_id,
        {% for column in ['later', 'earlier'] -%}
        {{ '(units.a - cells.linearised_ratio * units.c) / cells.linearised_scale' if column == side else 'null' }} as {{ column }}_z
        {{- ',' if not loop.last }}
        {% endfor %}
    from {{ ref('est_shared_units') }} as shared
    inner join {{ ref('est_unit_statistics') }} as units on shared.{{ unit }} = units.unit_id
    inner join {{ ref('est_cells') }} as cells
        on shared.{{ wave }} = cells.wave_id
        and units.indicator_id = cells.indicator_id
        and units.domain_id = cells.domain_id
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

pairs as (
    select
        wave_id, earlier_wave_id, stratum_id, unit_id, indicator_id, domain_id,
        sum(later_z) as later_z,
        sum(earlier_z) as earlier_z
    from sides
    group by wave_id, earlier_wave_id, stratum_id, unit_id, indicator_id, domain_id
),

moments as (
    -- A shared unit without a member of the domain in one of the waves has zero there.
    select
        wave_id, earlier_wave_id, stratum_id, indicator_id, domain_id,
        coalesce(sum(later_z * earlier_z), 0) as product,
        coalesce(sum(later_z), 0) as later_sum,
        coalesce(sum(earlier_z), 0) as earlier_sum,
        count(*) filter (where later_z is not null and earlier_z is not null) as both_n
    from pairs
    group by wave_id, earlier_wave_id, stratum_id, indicator_id, domain_id
)

select
    moments.wave_id,
    moments.earlier_wave_id,
    moments.indicator_id,
    moments.domain_id,
    sum(factors.factor * (moments.product
        - if(factors.is_lone, 0, moments.later_sum * moments.earlier_sum / factors.shared_n))) as covariance,
    sum(moments.both_n) as shared_units_n,
    -- Units less strata that both samples count, of which the sum of both degrees of freedom counts each twice.
    sum(moments.both_n) - count(*) filter (where moments.both_n > 0) as shared_degrees_of_freedom,
    bool_or(factors.is_lone and factors.leaves_lone_unknown) as is_unknown
from moments
inner join factors using (wave_id, earlier_wave_id, stratum_id)
group by moments.wave_id, moments.earlier_wave_id, moments.indicator_id, moments.domain_id
