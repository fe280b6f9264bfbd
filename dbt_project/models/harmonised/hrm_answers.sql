-- Grain: one row per respondent and concept (respondent_key, concept_id): mapped and derived concepts in concept codes.
-- System-missing behind a gate that was not passed is "not applicable"; any other answer keeps its kind. Where two sides answered
-- for one organisation, the answer of the declared side stands with both.
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
),

reconciled as (
    select
        routed.respondent_key,
        routed.file_key,
        routed.concept_id,
        if(declared.respondent_key is null, routed.answer_code, declared.answer_code) as answer_code,
        if(declared.respondent_key is null, routed.answer_number, declared.answer_number) as answer_number,
        if(declared.respondent_key is null, routed.missing_kind, null) as missing_kind
    from routed
    left join {{ ref('hrm_organisation_answers') }} as declared
        on routed.respondent_key = declared.respondent_key
        and routed.concept_id = declared.concept_id
)

select * from reconciled
union all by name
select * from ({{ derive_concepts('reconciled') }})
