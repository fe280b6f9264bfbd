select indicator_id, population_id, breakdown_id, breakdown_code, wave_id, estimate, ci_low, ci_high
from {{ ref('mart_trend') }}
where ci_low > estimate + 1e-9
    or ci_high < estimate - 1e-9
    or (unit = 'percent' and (estimate < 0 or estimate > 100 or ci_low < 0 or ci_high > 100))
