-- Grain: one row per respondent and concept (respondent_key, concept_id): mapped and derived concepts in concept codes.
-- Where two sides answered for one organisation, the answer of the declared side stands with both. System-missing behind a gate that
-- was not passed is "not applicable"; any other answer keeps its kind.
with reconciled as (
    {{ reconciled_answers() }}
),

routed as (
    select
        reconciled.respondent_key,
        reconciled.file_key,
        reconciled.concept_id,
        reconciled.answer_code,
        reconciled.answer_number,
        case
            when reconciled.missing_kind = 'system' and gates.has_passed = false then 'not_applicable'
            else reconciled.missing_kind
        end as missing_kind
    from reconciled
    left join {{ ref('hrm_gates') }} as gates
        on reconciled.respondent_key = gates.respondent_key
        and reconciled.concept_id = gates.concept_id
)

select * from routed
union all by name
select * from ({{ derive_concepts('routed') }})
