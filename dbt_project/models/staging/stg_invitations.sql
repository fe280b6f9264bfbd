-- Grain: one row per file and population that was invited (file_key, population_id).
select
    deliveries.file_key,
    deliveries.wave_id,
    deliveries.instrument_id,
    response.population_id,
    cast(response.invited as bigint) as invited_n,
    response.note
from {{ source('landing', 'response') }} as response
inner join {{ ref('stg_deliveries') }} as deliveries
    using (wave_id, instrument_id, file_id)
