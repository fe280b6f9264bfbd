-- A mapped question that one population never answered, without declared routing, while others of the instrument did.
with kinds as (
    select
        respondents.wave_id,
        respondents.instrument_id,
        domains.population_id,
        answers.concept_id,
        count(*) as respondents_n,
        count(*) filter (where answers.missing_kind = 'system') as system_n
    from {{ ref('hrm_answers') }} as answers
    inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
    inner join {{ ref('fct_domain_member') }} as members using (respondent_key)
    inner join {{ ref('dim_domain') }} as domains using (domain_id)
    where domains.breakdown_id = 'total'
        and answers.concept_id not in (select concept_id from {{ ref('derived_concepts') }})
    group by all
)

select *
from kinds
where system_n = respondents_n
