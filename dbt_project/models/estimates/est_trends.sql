-- Grain: one row per indicator, domain and segment of three waves or more (indicator_id, domain_id, segment_id): a linear trend.
-- Least squares through the estimates: slope = sum_t c_t p_t with c_t = (t - mean t)/sum (t - mean t)^2, points a year.
-- A wave without a known error (0 or 100 %) is no point. Var = sum_t c_t^2 V_t + 2 sum_s<t c_s c_t Cov_st, where Cov is zero but
-- for waves of one panel; Satterthwaite's degrees of freedom, or with a panel the fewest that a wave has, which is prudent.
with policy as (
    select 1 - (1 - cast(any_value(value) as double)) / 2 as upper_probability
    from {{ ref('estimation_policies') }}
    where policy_id = 'confidence_level'
),

points as (
    select
        cells.indicator_id,
        cells.domain_id,
        comparability.segment_id,
        comparability.wave_id,
        comparability.year,
        cells.estimate,
        cells.standard_error,
        cells.degrees_of_freedom,
        comparability.year - avg(comparability.year) over of_segment as years_off,
        count(*) over of_segment as waves_n
    from {{ ref('est_cells') }} as cells
    inner join {{ ref('dim_domain') }} as domains using (domain_id)
    inner join {{ ref('est_comparability') }} as comparability
        on cells.indicator_id = comparability.indicator_id
        and domains.population_id = comparability.population_id
        and cells.wave_id = comparability.wave_id
    where comparability.segment_id is not null and (cells.standard_error > 0 or cells.is_census)
    window of_segment as (partition by cells.indicator_id, cells.domain_id, comparability.segment_id)
),

covariances as (
    select
        later.indicator_id,
        later.domain_id,
        later.segment_id,
        sum(2 * later.years_off * earlier.years_off * panel.covariance) as covariance,
        bool_or(panel.is_unknown) as is_unknown
    from points as later
    inner join points as earlier using (indicator_id, domain_id, segment_id)
    inner join {{ ref('est_panel_covariances') }} as panel
        on later.wave_id = panel.wave_id
        and earlier.wave_id = panel.earlier_wave_id
        and later.indicator_id = panel.indicator_id
        and later.domain_id = panel.domain_id
    where panel.shared_units_n > 0
    group by later.indicator_id, later.domain_id, later.segment_id
),

sums as (
    select
        indicator_id,
        domain_id,
        segment_id,
        min(year) as from_year,
        max(year) as to_year,
        count(*) as waves_n,
        sum(years_off * estimate) as product,
        sum(years_off ** 2) as years_square_sum,
        sum(years_off ** 2 * standard_error ** 2) as variance,
        sum(if(standard_error = 0, 0, (years_off ** 2 * standard_error ** 2) ** 2 / degrees_of_freedom)) as satterthwaite_divisor,
        min(degrees_of_freedom) filter (where standard_error > 0) as fewest_df
    from points
    where waves_n >= 3
    group by indicator_id, domain_id, segment_id
),

fitted as (
    select
        sums.indicator_id,
        sums.domain_id,
        sums.segment_id,
        sums.from_year,
        sums.to_year,
        sums.waves_n,
        sums.product / nullif(sums.years_square_sum, 0) as slope,
        case when not coalesce(covariances.is_unknown, false) then
            sqrt(greatest(sums.variance + coalesce(covariances.covariance, 0), 0)) / nullif(sums.years_square_sum, 0)
        end as standard_error,
        if(covariances.indicator_id is null, sums.variance ** 2 / nullif(sums.satterthwaite_divisor, 0), sums.fewest_df)
            as degrees_of_freedom
    from sums
    left join covariances using (indicator_id, domain_id, segment_id)
)

select
    fitted.*,
    slope - student_t_quantile(policy.upper_probability, degrees_of_freedom) * standard_error as ci_low,
    slope + student_t_quantile(policy.upper_probability, degrees_of_freedom) * standard_error as ci_high,
    student_t_two_sided_p(slope / standard_error, degrees_of_freedom) as p_value
from fitted
cross join policy
