-- Grain: one row per cell and reason (wave_id, indicator_id, domain_id, reason): respondents of the domain, of all files of an
-- instrument whose wave asks the indicator, who are in its base (in_base) or why they are not. The reasons exclude one another: a
-- weight of zero, then outside the base, then of a file that does not ask what the indicator needs (not_asked), then a kind of
-- missing that the base does not count, then a ratio without a denominator.
with asked as (
    {{ asked_indicators() }}
),

ruled_bases as (
    select distinct base_id from {{ ref('base_rules') }}
),

base_members as (
    {{ base_members(ref('fct_answer')) }}
),

files as (
    select distinct file_key, wave_id, instrument_id from {{ ref('fct_respondent') }}
),

-- Who is in a base cannot be told in a file that does not ask what the base goes by.
unjudged as (
    select distinct files.file_key, rules.base_id
    from files
    cross join {{ ref('base_rules') }} as rules
    anti join ({{ asked_concepts() }}) as answerable
        on files.file_key = answerable.file_key
        and rules.concept_id = answerable.concept_id
),

sampled as (
    select
        respondents.file_key,
        members.domain_id,
        count(*) filter (where respondents.weight > 0) as weighted_n,
        count(*) filter (where respondents.weight <= 0) as weightless_n
    from {{ ref('fct_respondent') }} as respondents
    inner join {{ ref('fct_domain_member') }} as members using (respondent_key)
    group by all
),

-- Bases with a rule are few: who is outside is counted by base, and not by indicator.
outside as (
    select respondents.file_key, ruled_bases.base_id, members.domain_id, count(*) as respondents_n
    from {{ ref('fct_respondent') }} as respondents
    cross join ruled_bases
    anti join base_members
        on respondents.respondent_key = base_members.respondent_key
        and ruled_bases.base_id = base_members.base_id
    anti join unjudged
        on respondents.file_key = unjudged.file_key
        and ruled_bases.base_id = unjudged.base_id
    inner join {{ ref('fct_domain_member') }} as members on respondents.respondent_key = members.respondent_key
    where respondents.weight > 0
    group by all
),

unanswered as (
    select
        answers.respondent_key,
        asked.wave_id,
        indicators.indicator_id,
        answers.missing_kind as reason
    from {{ ref('fct_answer') }} as answers
    inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
    inner join {{ ref('dim_indicator') }} as indicators on answers.concept_id = indicators.concept_id
    inner join asked
        on respondents.file_key = asked.file_key
        and indicators.indicator_id = asked.indicator_id
    left join {{ ref('base_missings') }} as kept
        on indicators.base_id = kept.base_id
        and answers.missing_kind = kept.missing_kind
    left join ruled_bases on indicators.base_id = ruled_bases.base_id
    left join base_members
        on answers.respondent_key = base_members.respondent_key
        and indicators.base_id = base_members.base_id
    where respondents.weight > 0
        and answers.missing_kind is not null
        and kept.base_id is null
        and (ruled_bases.base_id is null or base_members.base_id is not null)
),

undivided as (
    -- A ratio: answered, and what it is divided by is not.
    select answers.respondent_key, asked.wave_id, indicators.indicator_id, 'no_denominator' as reason
    from {{ ref('dim_indicator') }} as indicators
    inner join {{ ref('fct_answer') }} as answers on indicators.concept_id = answers.concept_id
    inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
    inner join asked
        on respondents.file_key = asked.file_key
        and indicators.indicator_id = asked.indicator_id
    left join {{ ref('fct_answer') }} as denominators
        on answers.respondent_key = denominators.respondent_key
        and indicators.denominator_concept_id = denominators.concept_id
    left join ruled_bases on indicators.base_id = ruled_bases.base_id
    left join base_members
        on answers.respondent_key = base_members.respondent_key
        and indicators.base_id = base_members.base_id
    where indicators.denominator_concept_id is not null
        and respondents.weight > 0
        and answers.missing_kind is null
        and denominators.answer_number is null
        and (ruled_bases.base_id is null or base_members.base_id is not null)
),

-- Each file of an instrument whose wave asks an indicator, by domain: who has no weight, who is outside the base, and whether the
-- file asks it.
by_file as (
    select
        files.wave_id,
        indicators.indicator_id,
        sampled.domain_id,
        sampled.weightless_n,
        coalesce(outside.respondents_n, 0) as outside_n,
        if(asked.file_key is null, sampled.weighted_n - coalesce(outside.respondents_n, 0), 0) as not_asked_n
    from (select distinct indicator_id, wave_id, instrument_id from asked) as waves
    inner join files using (wave_id, instrument_id)
    inner join {{ ref('dim_indicator') }} as indicators using (indicator_id)
    inner join sampled on files.file_key = sampled.file_key
    left join outside
        on files.file_key = outside.file_key
        and indicators.base_id = outside.base_id
        and sampled.domain_id = outside.domain_id
    left join asked
        on files.file_key = asked.file_key
        and indicators.indicator_id = asked.indicator_id
),

excluded as (
    select wave_id, indicator_id, domain_id, 'weight_zero' as reason, weightless_n as respondents_n from by_file
    union all
    select wave_id, indicator_id, domain_id, 'outside_base', outside_n from by_file
    union all
    select wave_id, indicator_id, domain_id, 'not_asked', not_asked_n from by_file
    union all
    select either.wave_id, either.indicator_id, members.domain_id, either.reason, count(*)
    from (select * from unanswered union all select * from undivided) as either
    inner join {{ ref('fct_domain_member') }} as members using (respondent_key)
    group by all
)

select wave_id, indicator_id, domain_id, reason, cast(sum(respondents_n) as bigint) as respondents_n
from excluded
group by all
having sum(respondents_n) > 0
union all
select wave_id, indicator_id, domain_id, 'in_base', cast(respondents_n as bigint)
from {{ ref('est_cells') }}
