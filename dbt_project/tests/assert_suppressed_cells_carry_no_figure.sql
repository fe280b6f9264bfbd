-- A suppressed cell is empty in every figure, n included; a change leaves only where both of its cells do.
select trend.indicator_id, trend.population_id, trend.breakdown_id, trend.breakdown_code, trend.wave_id
from {{ ref('release_mart_trend') }} as trend
left join {{ ref('release_mart_trend') }} as earlier
    on trend.indicator_id = earlier.indicator_id
    and trend.population_id = earlier.population_id
    and trend.breakdown_id = earlier.breakdown_id
    and trend.breakdown_code = earlier.breakdown_code
    and trend.comparable_wave_id = earlier.wave_id
where (
        trend.publication_status = 'suppress'
        and coalesce(
            trend.n_unweighted, trend.n_effective, trend.deff, trend.estimate, trend.standard_error, trend.degrees_of_freedom,
            trend.ci_low, trend.ci_high, trend.change, trend.change_standard_error, trend.change_ci_low,
            trend.change_ci_high, trend.change_p_value, trend.change_p_adjusted
        ) is not null
    )
    or (trend.change is not null and earlier.estimate is null)
union all
-- Nor does the list of what was replaced repeat a figure that is withheld now, or gone.
select indicator_id, population_id, breakdown_id, breakdown_code, wave_id
from {{ ref('release_mart_revisions') }}
where publication_status not in ('publish', 'flag')
    and coalesce(previous_estimate, estimate) is not null
