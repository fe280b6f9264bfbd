-- Grain: one row per respondent and domain that the respondent belongs to (respondent_key, domain_id).
with rules as (
    select population_id, count(distinct concept_id) as concepts_n
    from {{ ref('population_rules') }}
    group by population_id
),

background as (
    select respondent_key, concept_id, answer_code
    from {{ ref('hrm_answers') }}
    where answer_code is not null
        and concept_id in (
            select concept_id from {{ ref('population_rules') }}
            union
            select concept_id from {{ ref('breakdowns') }} where concept_id is not null
        )
),

by_rule as (
    select background.respondent_key, matched.population_id
    from background
    inner join {{ ref('population_rules') }} as matched
        on background.concept_id = matched.concept_id
        and background.answer_code = matched.code
    inner join rules on matched.population_id = rules.population_id
    group by background.respondent_key, matched.population_id
    having count(distinct background.concept_id) = any_value(rules.concepts_n)
),

members as (
    select respondents.respondent_key, populations.population_id
    from {{ ref('fct_respondent') }} as respondents
    inner join {{ ref('dim_population') }} as populations using (instrument_id)
    left join by_rule
        on respondents.respondent_key = by_rule.respondent_key
        and populations.population_id = by_rule.population_id
    where by_rule.respondent_key is not null
        or populations.population_id not in (select population_id from rules)
)

select members.respondent_key, domains.domain_id
from members
inner join {{ ref('dim_domain') }} as domains using (population_id)
where domains.breakdown_concept_id is null
union all
select members.respondent_key, domains.domain_id
from members
inner join background using (respondent_key)
inner join {{ ref('dim_domain') }} as domains
    on members.population_id = domains.population_id
    and background.concept_id = domains.breakdown_concept_id
    and background.answer_code = domains.breakdown_code
