select indicator_id, population_id, breakdown_id, wave_id
from {{ ref('release_mart_trend') }}
where breakdown_id <> 'total'
group by all
having bool_or(publication_status = 'suppress') and bool_or(publication_status <> 'suppress')
