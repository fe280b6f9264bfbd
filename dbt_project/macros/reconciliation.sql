{# The mapped answers, in which that of the declared side stands for both that answered for one organisation. #}
{% macro reconciled_answers() %}
select
    mapped.respondent_key,
    mapped.file_key,
    mapped.concept_id,
    if(declared.respondent_key is null, mapped.answer_code, declared.answer_code) as answer_code,
    if(declared.respondent_key is null, mapped.answer_number, declared.answer_number) as answer_number,
    if(declared.respondent_key is null, mapped.missing_kind, null) as missing_kind
from {{ ref('hrm_mapped_answers') }} as mapped
left join {{ ref('hrm_organisation_answers') }} as declared
    on mapped.respondent_key = declared.respondent_key
    and mapped.concept_id = declared.concept_id
{% endmacro %}
