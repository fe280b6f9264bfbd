-- Grain: one row per wave, instrument and kind of weight, delivered or recalibrated (wave_id, instrument_id, weight_kind).
-- Kish's design effect of weights is 1 + cv^2, the effective sample size (sum w)^2 / sum w^2.
with bounds as (
    select
        cast(any_value(value) filter (where policy_id = 'recalibration_lower') as double) as lowest,
        cast(any_value(value) filter (where policy_id = 'recalibration_upper') as double) as highest
    from {{ ref('estimation_policies') }}
),

weights as (
    select wave_id, instrument_id, 'delivered' as weight_kind, respondent_key, weight, null::double as factor
    from {{ ref('fct_respondent') }}
    union all
    select wave_id, instrument_id, 'recalibrated', respondent_key, recalibrated_weight, recalibrated_weight / nullif(weight, 0)
    from {{ ref('est_recalibrated_weights') }}
    where recalibrated_weight is not null
),

ranked as (
    select
        *,
        row_number() over (partition by wave_id, instrument_id, weight_kind order by weight desc, respondent_key)
            <= ceil(count(*) over (partition by wave_id, instrument_id, weight_kind) / 100.0) as is_heaviest
    from weights
)

select
    wave_id,
    instrument_id,
    weight_kind,
    count(*) as respondents_n,
    sum(weight) as weight_sum,
    min(weight) as weight_min,
    max(weight) as weight_max,
    avg(weight) as weight_mean,
    stddev_pop(weight) / avg(weight) as weight_cv,
    max(weight) / nullif(median(weight), 0) as largest_over_median,
    1 + (stddev_pop(weight) / avg(weight)) ** 2 as kish_design_effect,
    sum(weight) ** 2 / sum(weight * weight) as effective_n,
    sum(weight) filter (where is_heaviest) / sum(weight) as heaviest_hundredth_share,
    min(factor) as factor_min,
    max(factor) as factor_max,
    case
        -- A hair from a bound is at the bound.
        when weight_kind = 'recalibrated' then count(*) filter (where factor <= lowest + 1e-9 or factor >= highest - 1e-9)
    end as at_bound_n
from ranked
cross join bounds
group by wave_id, instrument_id, weight_kind
