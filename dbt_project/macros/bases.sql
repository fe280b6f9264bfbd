{# Who is in a base with rules: an answer that counts to each concept that the base goes by. One row per respondent and base.
   `answers`: the relation with the answers, of the layer that asks. #}
{% macro base_members(answers) %}
select answers.respondent_key, rules.base_id
from {{ answers }} as answers
inner join (select *, count(distinct concept_id) over (partition by base_id) as concepts_n from {{ ref('base_rules') }}) as rules
    on answers.concept_id = rules.concept_id
    and answers.answer_code = rules.code
group by answers.respondent_key, rules.base_id
having count(distinct answers.concept_id) = any_value(rules.concepts_n)
{% endmacro %}
