-- Recalibrated weights meet every margin; margins that cannot be met within the bounds are named, never passed over.
-- One row per wave and instrument with a fault, or per margin that is missed.
select wave_id, instrument_id, fault
from {{ ref('est_recalibrated_weights') }}
where recalibrated_weight is null
group by wave_id, instrument_id, fault
union all
select wave_id, instrument_id, concept_id || ' = ' || code || ' has share ' || recalibrated_share || ', not ' || population_share
from {{ ref('est_weighting_margins') }}
where abs(recalibrated_share - population_share) > 1e-9 * population_share
    or abs(unanswered_recalibrated_share - unanswered_share) > 1e-9
