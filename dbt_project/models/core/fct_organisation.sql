-- Grain: one row per wave, organisation and who answered for it (wave_id, layer_code, organisation_code, organisation_type), with the
-- organisation that it is part of today: a trend by organisation goes by current_code within its layer. Codes that the register of
-- municipalities does not know stay what they are.
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
