-- A municipality that the register does not know follows no merger: a wrong code, or a register that lacks a list. The codes of
-- synthetic deliveries are fictive; without a register there is nothing to hold codes against.
select organisations.wave_id, deliveries.instrument_id, deliveries.file_id, organisations.organisation_code
from {{ ref('fct_organisation') }} as organisations
inner join {{ ref('fct_organisation_respondent') }} as respondents
    on organisations.wave_id = respondents.wave_id
    and organisations.layer_code is not distinct from respondents.layer_code
    and organisations.organisation_code = respondents.organisation_code
inner join {{ ref('dim_delivery') }} as deliveries on respondents.file_key = deliveries.file_key
where organisations.is_municipality
    and organisations.municipality_name is null
    and not deliveries.is_synthetic
    and exists (select 1 from {{ ref('municipalities') }})
