-- A share of answers is of all answers of a multiple-response set: each variable of a delivered set that is counted has to be
-- counted, or the shares are of some answers only.
with counted as (
    select distinct inputs.concept_id as count_id, inputs.input_concept_id
    from {{ ref('derived_inputs') }} as inputs
    inner join {{ ref('derived_concepts') }} as derived using (concept_id)
    inner join {{ ref('dim_indicator') }} as indicators on inputs.concept_id = indicators.denominator_concept_id
    where derived.verb = 'count_of'
),

mapped as (
    select questions.file_key, questions.source_variable, counted.count_id
    from {{ ref('fct_question') }} as questions
    inner join counted on questions.concept_id = counted.input_concept_id
),

sets as (
    select distinct variables.file_key, variables.mr_set, mapped.count_id
    from {{ ref('stg_variables') }} as variables
    inner join mapped using (file_key, source_variable)
    where variables.mr_set is not null
)

select variables.wave_id, variables.file_id, sets.mr_set, variables.source_variable, sets.count_id
from sets
inner join {{ ref('stg_variables') }} as variables using (file_key, mr_set)
left join mapped
    on variables.file_key = mapped.file_key
    and variables.source_variable = mapped.source_variable
    and sets.count_id = mapped.count_id
where mapped.file_key is null
