select indicator_id, population_id, breakdown_id, breakdown_code, wave_id
from (
    (select indicator_id, population_id, breakdown_id, breakdown_code, wave_id from {{ ref('mart_trend') }}
     except select indicator_id, population_id, breakdown_id, breakdown_code, wave_id from {{ ref('release_mart_trend') }})
    union all
    (select indicator_id, population_id, breakdown_id, breakdown_code, wave_id from {{ ref('release_mart_trend') }}
     except select indicator_id, population_id, breakdown_id, breakdown_code, wave_id from {{ ref('mart_trend') }})
)
