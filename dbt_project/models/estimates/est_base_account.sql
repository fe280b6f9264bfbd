-- Grain: one row per cell and reason (wave_id, indicator_id, domain_id, reason): respondents of the domain, of the files that
-- ask the indicator's concept, who are in its base (in_base) or why they are not. The reasons exclude one another: a weight of
-- zero, then outside the base, then a kind of missing that the base does not count, then a ratio without a denominator.
with asked as (
    {{ asked_concepts() }}
),

rules as (
    select base_id, count(distinct concept_id) as concepts_n
    from {{ ref('base_rules') }}
    group by base_id
),

base_members as (
    select answers.respondent_key, matched.base_id
    from {{ ref('fct_answer') }} as answers
    inner join {{ ref('base_rules') }} as matched
        on answers.concept_id = matched.concept_id
        and answers.answer_code = matched.code
    inner join rules on matched.base_id = rules.base_id
    group by answers.respondent_key, matched.base_id
    having count(distinct answers.concept_id) = any_value(rules.concepts_n)
),

-- Bases with a rule are few: who is outside is counted by base, and not by indicator.
outside as (
    select respondents.file_key, rules.base_id, members.domain_id, count(*) as respondents_n
    from {{ ref('fct_respondent') }} as respondents
    cross join rules
    left join base_members
        on respondents.respondent_key = base_members.respondent_key
        and rules.base_id = base_members.base_id
    inner join {{ ref('fct_domain_member') }} as members on respondents.respondent_key = members.respondent_key
    where respondents.weight > 0 and base_members.respondent_key is null
    group by all
),

weightless as (
    select respondents.file_key, members.domain_id, count(*) as respondents_n
    from {{ ref('fct_respondent') }} as respondents
    inner join {{ ref('fct_domain_member') }} as members using (respondent_key)
    where respondents.weight <= 0
    group by all
),

unanswered as (
    select
        answers.respondent_key,
        respondents.wave_id,
        indicators.indicator_id,
        answers.missing_kind as reason
    from {{ ref('fct_answer') }} as answers
    inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
    inner join {{ ref('dim_indicator') }} as indicators on answers.concept_id = indicators.concept_id
    left join {{ ref('base_missings') }} as kept
        on indicators.base_id = kept.base_id
        and answers.missing_kind = kept.missing_kind
    left join rules on indicators.base_id = rules.base_id
    left join base_members
        on answers.respondent_key = base_members.respondent_key
        and indicators.base_id = base_members.base_id
    where respondents.weight > 0
        and answers.missing_kind is not null
        and kept.base_id is null
        and (rules.base_id is null or base_members.base_id is not null)
),

undivided as (
    -- A ratio: answered, and what it is divided by is not.
    select answers.respondent_key, respondents.wave_id, indicators.indicator_id, 'no_denominator' as reason
    from {{ ref('dim_indicator') }} as indicators
    inner join {{ ref('fct_answer') }} as answers on indicators.concept_id = answers.concept_id
    inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
    left join {{ ref('fct_answer') }} as denominators
        on answers.respondent_key = denominators.respondent_key
        and indicators.denominator_concept_id = denominators.concept_id
    left join rules on indicators.base_id = rules.base_id
    left join base_members
        on answers.respondent_key = base_members.respondent_key
        and indicators.base_id = base_members.base_id
    where indicators.denominator_concept_id is not null
        and respondents.weight > 0
        and answers.missing_kind is null
        and denominators.answer_number is null
        and (rules.base_id is null or base_members.base_id is not null)
),

excluded as (
    select waves.wave_id, indicators.indicator_id, outside.domain_id, 'outside_base' as reason, outside.respondents_n
    from outside
    inner join asked using (file_key)
    inner join {{ ref('dim_indicator') }} as indicators
        on asked.concept_id = indicators.concept_id
        and outside.base_id = indicators.base_id
    inner join (select distinct file_key, wave_id from {{ ref('fct_respondent') }}) as waves using (file_key)
    union all
    select waves.wave_id, indicators.indicator_id, weightless.domain_id, 'weight_zero', weightless.respondents_n
    from weightless
    inner join asked using (file_key)
    inner join {{ ref('dim_indicator') }} as indicators using (concept_id)
    inner join (select distinct file_key, wave_id from {{ ref('fct_respondent') }}) as waves using (file_key)
    union all
    select either.wave_id, either.indicator_id, members.domain_id, either.reason, count(*)
    from (select * from unanswered union all select * from undivided) as either
    inner join {{ ref('fct_domain_member') }} as members using (respondent_key)
    group by all
)

select wave_id, indicator_id, domain_id, reason, cast(sum(respondents_n) as bigint) as respondents_n
from excluded
group by all
union all
select wave_id, indicator_id, domain_id, 'in_base', cast(respondents_n as bigint)
from {{ ref('est_cells') }}
