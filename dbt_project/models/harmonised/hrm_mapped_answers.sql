-- Grain: one row per respondent and concept that the crosswalk maps (respondent_key, concept_id), before routing.
select
    answers.respondent_key,
    answers.file_key,
    map.concept_id,
    map.answer_code,
    map.answer_number,
    map.missing_kind
from {{ ref('stg_answers') }} as answers
inner join {{ ref('hrm_code_map') }} as map
    on answers.file_key = map.file_key
    and answers.source_variable = map.source_variable
    and answers.source_code is not distinct from map.source_code
