-- Grain: one row per respondent and concept that has a margin in the wave and instrument (respondent_key, concept_id).
with asked as (
    select distinct wave_id, instrument_id, concept_id from {{ accepted(ref('weighting_margins')) }}
)

select
    respondents.wave_id,
    respondents.instrument_id,
    respondents.respondent_key,
    respondents.weight,
    asked.concept_id,
    answers.answer_code as code
from {{ ref('fct_respondent') }} as respondents
inner join asked using (wave_id, instrument_id)
left join {{ ref('fct_answer') }} as answers
    on respondents.respondent_key = answers.respondent_key
    and asked.concept_id = answers.concept_id
