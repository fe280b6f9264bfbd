-- Grain: one row per respondent and concept of which someone else's answer counts for the organisation (respondent_key, concept_id):
-- whose, and in which file.
select
    given.respondent_key,
    given.concept_id,
    given.answering_respondent_key,
    respondents.wave_id,
    respondents.file_key,
    answering.file_key as answering_file_key
from {{ ref('hrm_organisation_answers') }} as given
inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
inner join {{ ref('fct_respondent') }} as answering on given.answering_respondent_key = answering.respondent_key
