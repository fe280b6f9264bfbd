-- Grain: one row per wave, organisation and who answered for it (wave_id, layer_code, organisation_code, organisation_type).
with answered as (
    {{ organisations_told(ref('fct_answer')) }}
)

select
    respondents.wave_id,
    answered.layer_code,
    answered.is_municipality,
    answered.organisation_code,
    answered.organisation_type,
    respondents.respondent_key,
    respondents.file_key
from {{ ref('fct_respondent') }} as respondents
inner join answered using (respondent_key)
where answered.organisation_code is not null
