-- Grain: one row per wave, organisation and who answered for it (wave_id, organisation_code, organisation_type), with the
-- organisation that it is part of today: a trend by organisation goes by current_code. Codes that the register of municipalities
-- does not know stay what they are.
with answered as (
    select
        answers.respondent_key,
        any_value(answers.answer_code) filter (where told.part = 'code') as organisation_code,
        any_value(answers.answer_code) filter (where told.part = 'type') as organisation_type,
        coalesce(bool_or(told.part = 'municipality' and answers.answer_code = told.code), false) as is_municipality
    from {{ ref('fct_answer') }} as answers
    inner join {{ ref('organisation_concepts') }} as told using (concept_id)
    group by answers.respondent_key
)

select
    respondents.wave_id,
    answered.organisation_code,
    answered.organisation_type,
    respondents.respondent_key,
    respondents.file_key,
    municipalities.name as municipality_name,
    municipalities.end_kind,
    if(municipalities.municipality_code is null, answered.organisation_code, municipalities.current_code) as current_code
from {{ ref('fct_respondent') }} as respondents
inner join answered using (respondent_key)
left join {{ ref('dim_municipality') }} as municipalities
    on answered.is_municipality
    and answered.organisation_code = municipalities.municipality_code
where answered.organisation_code is not null
