-- Grain: one row per wave, indicator, domain, stratum, primary and secondary sampling unit, of clustered samples only.
-- Where the second stage is not estimated a primary unit is its only secondary unit: no row per respondent is needed.
select
    respondents.wave_id,
    facts.indicator_id,
    members.domain_id,
    respondents.stratum_id,
    respondents.psu,
    if(respondents.ssu_population is null, '', respondents.ssu) as secondary_unit,
    {{ term_columns('respondents') }}
from {{ ref('fct_indicator_value') }} as facts
inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
inner join {{ ref('fct_domain_member') }} as members using (respondent_key)
inner join {{ ref('est_centres') }} as centres
    on respondents.wave_id = centres.wave_id
    and facts.indicator_id = centres.indicator_id
where respondents.weight > 0 and respondents.is_clustered
group by respondents.wave_id, facts.indicator_id, members.domain_id, respondents.stratum_id, respondents.psu, secondary_unit
