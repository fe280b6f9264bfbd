-- Grain: one row per respondent and concept (respondent_key, concept_id).
-- The unified safety-and-integrity schema: each former monitor's own theme before the merger, both themes from then on.
{{ config(materialized='view') }}
select
    answers.respondent_key,
    deliveries.wave_id,
    deliveries.programme_id,
    deliveries.instrument_id,
    concepts.theme_id,
    concepts.block_id,
    answers.concept_id,
    answers.answer_code,
    answers.answer_number,
    answers.missing_kind
from {{ ref('hrm_answers') }} as answers
inner join {{ ref('dim_delivery') }} as deliveries using (file_key)
inner join {{ ref('concepts') }} as concepts using (concept_id)
