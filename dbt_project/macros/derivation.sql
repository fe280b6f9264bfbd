{# Derived concepts from answers: any_of, all_of, count_of. Only inputs that the wave asked take part; an answer
   "no" needs every input answered or missing by routing, a missing input leaves "yes" standing. #}
{% macro derive_concepts(answers) %}
select
    answers.respondent_key,
    answers.file_key,
    derived.concept_id,
    case
        when count(*) filter (where answers.missing_kind is null) = 0 then null
        when any_value(derived.verb) = 'any_of'
            then if(count(*) filter (where inputs.code is not null) > 0, 'ja', 'nee')
        when any_value(derived.verb) = 'all_of'
            then if(count(*) filter (where inputs.code is not null) = count(*), 'ja', 'nee')
        when any_value(derived.verb) = 'count_of'
            then cast(count(*) filter (where inputs.code is not null) as varchar)
    end as answer_code,
    case
        when count(*) filter (where answers.missing_kind is null) = 0 then null
        when any_value(derived.verb) = 'count_of' then count(*) filter (where inputs.code is not null)::double
    end as answer_number,
    -- Nobody answered anything: the kind that most inputs share, the alphabet breaking ties.
    case when count(*) filter (where answers.missing_kind is null) = 0 then mode(answers.missing_kind order by answers.missing_kind) end as missing_kind
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
{% endmacro %}
