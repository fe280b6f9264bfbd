-- Grain: one row per respondent and routed concept (respondent_key, concept_id): did the respondent pass the gate?
-- A gate may be a derived concept; it is derived before routing, from the answers that count: of two that answered for one
-- organisation, that of the declared side.
with reconciled as (
    {{ reconciled_answers() }}
),

candidates as (
    select respondent_key, file_key, concept_id, answer_code from reconciled
    where concept_id in (select gate_concept_id from {{ accepted(ref('routing')) }})
    union all
    select respondent_key, file_key, concept_id, answer_code from ({{ derive_concepts('reconciled') }})
    where concept_id in (select gate_concept_id from {{ accepted(ref('routing')) }})
),

gates as (
    select distinct wave_id, instrument_id, concept_id, gate_concept_id from {{ accepted(ref('routing')) }}
)

select
    candidates.respondent_key,
    gates.concept_id,
    bool_and(routing.code is not null) as has_passed
from candidates
inner join {{ ref('stg_deliveries') }} as deliveries using (file_key)
inner join gates
    on deliveries.wave_id = gates.wave_id
    and deliveries.instrument_id = gates.instrument_id
    and candidates.concept_id = gates.gate_concept_id
left join {{ accepted(ref('routing')) }} as routing
    on gates.wave_id = routing.wave_id
    and gates.instrument_id = routing.instrument_id
    and gates.concept_id = routing.concept_id
    and gates.gate_concept_id = routing.gate_concept_id
    and candidates.answer_code = routing.code
group by candidates.respondent_key, gates.concept_id
