-- Grain: one row per wave and organisation (wave_id, layer_code, organisation_code), with who answered for it and the organisation
-- that it is part of today: a trend by organisation goes by current_code within its layer. Codes that the register of
-- municipalities does not know stay what they are.
with organisations as (
    select
        wave_id,
        layer_code,
        is_municipality,
        organisation_code,
        string_agg(organisation_type, '|' order by organisation_type) as answered_by
    from {{ ref('fct_organisation_respondent') }}
    group by wave_id, layer_code, is_municipality, organisation_code
)

select
    organisations.wave_id,
    organisations.layer_code,
    organisations.is_municipality,
    organisations.organisation_code,
    organisations.answered_by,
    municipalities.name as municipality_name,
    municipalities.end_kind,
    if(municipalities.municipality_code is null, organisations.organisation_code, municipalities.current_code) as current_code
from organisations
left join {{ ref('dim_municipality') }} as municipalities
    on organisations.is_municipality
    and organisations.organisation_code = municipalities.municipality_code
