-- What is known of the monitors (who was asked what, where series break) is what the matrix of comparability says.
select fact_id, expected, reason
from {{ ref('est_series_facts') }}
where holds = false
