-- Recalibration keeps the sum of the delivered weights, and no weight leaves its bounds: one row per wave and instrument that fails.
with bounds as (
    select
        cast(any_value(value) filter (where policy_id = 'recalibration_lower') as double) as lowest,
        cast(any_value(value) filter (where policy_id = 'recalibration_upper') as double) as highest
    from {{ ref('estimation_policies') }}
)

select
    wave_id,
    instrument_id,
    sum(weight) as delivered_sum,
    sum(recalibrated_weight) as recalibrated_sum,
    min(recalibrated_weight / nullif(weight, 0)) as factor_min,
    max(recalibrated_weight / nullif(weight, 0)) as factor_max
from {{ ref('est_recalibrated_weights') }}
cross join bounds
where recalibrated_weight is not null
group by wave_id, instrument_id
having abs(recalibrated_sum - delivered_sum) > 1e-9 * delivered_sum
    or factor_min < any_value(lowest) * (1 - 1e-9)
    or factor_max > any_value(highest) * (1 + 1e-9)
    or bool_or((recalibrated_weight = 0) <> (weight = 0))
