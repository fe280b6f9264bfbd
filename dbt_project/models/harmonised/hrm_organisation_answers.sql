-- Grain: one row per respondent and concept of which someone else's answer counts for the organisation (respondent_key, concept_id).
-- The secretary knows the policy for staff, the clerk that for council members: where both answered for one organisation, the valid
-- answer of the declared side is the organisation's.
with told as (
    {{ organisations_told(ref('hrm_mapped_answers')) }}
),

answered as (
    select
        told.respondent_key,
        respondents.wave_id,
        told.layer_code,
        told.organisation_code,
        answers.concept_id,
        answers.answer_code,
        answers.answer_number,
        answers.missing_kind,
        told.organisation_type = sides.code as is_declared_side
    from told
    inner join {{ ref('stg_respondents') }} as respondents using (respondent_key)
    inner join {{ ref('hrm_mapped_answers') }} as answers using (respondent_key)
    inner join {{ ref('organisation_concepts') }} as sides
        on answers.concept_id = sides.concept_id
        and sides.part = 'answered_by'
)

select
    other.respondent_key,
    other.concept_id,
    any_value(declared.respondent_key) as answering_respondent_key,
    any_value(declared.answer_code) as answer_code,
    any_value(declared.answer_number) as answer_number
from answered as other
inner join answered as declared
    on other.wave_id = declared.wave_id
    and other.layer_code is not distinct from declared.layer_code
    and other.organisation_code = declared.organisation_code
    and other.concept_id = declared.concept_id
where declared.is_declared_side
    and not other.is_declared_side
    and declared.missing_kind is null
group by other.respondent_key, other.concept_id
