-- Grain: one row per respondent and concept (respondent_key, concept_id): mapped and derived concepts in concept codes.
-- System-missing behind a gate that was not passed is "not applicable"; any other answer keeps its kind.
with routed as (
    select
        mapped.respondent_key,
        mapped.file_key,
        mapped.concept_id,
        mapped.answer_code,
        mapped.answer_number,
        case
            when mapped.missing_kind = 'system' and gates.has_passed = false then 'not_applicable'
            else mapped.missing_kind
        end as missing_kind
    from {{ ref('hrm_mapped_answers') }} as mapped
    left join {{ ref('hrm_gates') }} as gates
        on mapped.respondent_key = gates.respondent_key
        and mapped.concept_id = gates.concept_id
)

select * from routed
union all by name
select * from ({{ derive_concepts('routed') }})
