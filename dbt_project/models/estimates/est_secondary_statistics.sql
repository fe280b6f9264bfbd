-- Grain: one row per wave, indicator, domain, stratum, primary and secondary sampling unit, of clustered samples only.
select
    respondents.wave_id,
    facts.indicator_id,
    members.domain_id,
    respondents.stratum_id,
    respondents.psu,
    respondents.ssu,
    {{ term_columns('respondents') }}
from {{ ref('fct_indicator_value') }} as facts
inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
inner join {{ ref('fct_domain_member') }} as members using (respondent_key)
inner join {{ ref('est_centres') }} as centres
    on respondents.wave_id = centres.wave_id
    and facts.indicator_id = centres.indicator_id
where respondents.weight > 0 and respondents.is_clustered
group by respondents.wave_id, facts.indicator_id, members.domain_id, respondents.stratum_id, respondents.psu, respondents.ssu
