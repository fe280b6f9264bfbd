{# Which organisation each respondent answered for, and who answered: one row per respondent of answers that name one of them.
   A column of numbers has lost the zeros before the code of a municipality; it gets back as many digits as the register's have. #}
{% macro organisations_told(answers) %}
select
    told.respondent_key,
    if(
        told.is_municipality and regexp_full_match(told.answered_code, '[0-9]+'),
        lpad(told.answered_code, greatest(length(told.answered_code), coalesce(register.digits_n, 0))::integer, '0'),
        told.answered_code
    ) as organisation_code,
    told.organisation_type,
    told.layer_code,
    told.is_municipality
from (
    select
        answers.respondent_key,
        any_value(answers.answer_code) filter (where parts.part = 'code') as answered_code,
        any_value(answers.answer_code) filter (where parts.part = 'type') as organisation_type,
        any_value(answers.answer_code) filter (where parts.part = 'municipality') as layer_code,
        coalesce(bool_or(parts.part = 'municipality' and answers.answer_code = parts.code), false) as is_municipality
    from {{ answers }} as answers
    inner join {{ ref('organisation_concepts') }} as parts using (concept_id)
    where parts.part in ('code', 'type', 'municipality')
    group by answers.respondent_key
) as told
cross join (select max(length(gemeente_code)) as digits_n from {{ ref('municipalities') }}) as register
{% endmacro %}
