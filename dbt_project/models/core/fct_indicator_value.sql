-- Grain: one row per respondent and indicator in whose base the respondent is (respondent_key, indicator_id).
-- value: 1 or 0 for a share or a number of respondents, the answer itself for a mean, a sum or the numerator of a ratio.
-- denominator: what a ratio divides by, 1 for everything else.
with base_members as (
    {{ base_members(ref('hrm_answers')) }}
),

counted as (
    -- One key for answer codes and missing kinds keeps the join an equality.
    select indicator_id, coalesce(code, '!' || missing_kind) as counted_key from {{ ref('indicator_codes') }}
),

coded_indicators as (
    select distinct indicator_id from counted
)

select
    answers.respondent_key,
    indicators.indicator_id,
    case
        when coded_indicators.indicator_id is not null then if(counted.indicator_id is not null, 1.0, 0.0)
        else answers.answer_number
    end::double as value,
    coalesce(denominators.answer_number, 1)::double as denominator
from {{ ref('hrm_answers') }} as answers
inner join {{ ref('dim_indicator') }} as indicators
    on answers.concept_id = indicators.concept_id
left join coded_indicators
    on indicators.indicator_id = coded_indicators.indicator_id
left join counted
    on indicators.indicator_id = counted.indicator_id
    and coalesce(answers.answer_code, '!' || answers.missing_kind) = counted.counted_key
left join {{ ref('hrm_answers') }} as denominators
    on answers.respondent_key = denominators.respondent_key
    and indicators.denominator_concept_id = denominators.concept_id
left join {{ ref('base_missings') }} as kept
    on indicators.base_id = kept.base_id
    and answers.missing_kind = kept.missing_kind
left join base_members
    on answers.respondent_key = base_members.respondent_key
    and indicators.base_id = base_members.base_id
where (answers.missing_kind is null or kept.base_id is not null)
    and (base_members.base_id is not null or indicators.base_id not in (select base_id from {{ ref('base_rules') }}))
    and (coded_indicators.indicator_id is not null or answers.answer_number is not null)
    and (indicators.denominator_concept_id is null or denominators.answer_number is not null)
