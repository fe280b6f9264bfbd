-- An answer to a question that the respondent should not have been asked: the routing or the data are wrong.
select deliveries.wave_id, deliveries.file_id, answers.concept_id, count(*) as answers_n
from {{ ref('hrm_answers') }} as answers
inner join {{ ref('hrm_gates') }} as gates using (respondent_key, concept_id)
inner join {{ ref('stg_deliveries') }} as deliveries using (file_key)
where answers.missing_kind is null
    and not gates.has_passed
group by all
