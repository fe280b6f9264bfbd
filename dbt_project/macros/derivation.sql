{# Derived concepts from answers: any_of, all_of, count_of. Only inputs that the wave asked take part. One input can settle
   any_of ("yes") and all_of ("no"); otherwise every input must be answered or missing by routing, else the derived
   concept is missing as well: whoever refused one of the questions is neither a "no" nor a count. #}
{% macro derive_concepts(answers) %}
select
    respondent_key,
    file_key,
    concept_id,
    case
        when missing_kind is not null then null
        when verb = 'count_of' then cast(counted_n as varchar)
        when verb = 'any_of' then if(counted_n > 0, code_when_true, code_when_false)
        when verb = 'all_of' then if(counted_n = answered_n, code_when_true, code_when_false)
    end as answer_code,
    case when missing_kind is null and verb = 'count_of' then counted_n::double end as answer_number,
    missing_kind
from (
    select
        answers.respondent_key,
        answers.file_key,
        derived.concept_id,
        any_value(derived.verb) as verb,
        any_value(derived.code_when_true) as code_when_true,
        any_value(derived.code_when_false) as code_when_false,
        count(*) filter (where answers.missing_kind is null) as answered_n,
        count(*) filter (where inputs.code is not null) as counted_n,
        case
            when any_value(derived.verb) = 'any_of' and count(*) filter (where inputs.code is not null) > 0 then null
            when any_value(derived.verb) = 'all_of' and count(*) filter (where answers.missing_kind is null and inputs.code is null) > 0 then null
            -- The kind that most inputs share, the alphabet breaking ties.
            when count(*) filter (where answers.missing_kind <> 'not_applicable') > 0
                then mode(answers.missing_kind order by answers.missing_kind) filter (where answers.missing_kind <> 'not_applicable')
            when count(*) filter (where answers.missing_kind is null) = 0 then 'not_applicable'
        end as missing_kind
    from {{ answers }} as answers
    inner join (select distinct concept_id, input_concept_id from {{ ref('derived_inputs') }}) as pairs
        on answers.concept_id = pairs.input_concept_id
    inner join {{ ref('derived_concepts') }} as derived
        on pairs.concept_id = derived.concept_id
    left join {{ ref('derived_inputs') }} as inputs
        on pairs.concept_id = inputs.concept_id
        and pairs.input_concept_id = inputs.input_concept_id
        and answers.answer_code = inputs.code
    group by answers.respondent_key, answers.file_key, derived.concept_id
)
{% endmacro %}
