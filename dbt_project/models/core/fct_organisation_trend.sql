-- Grain: one row per organisation of today, who answered for it, counted concept and wave (current_code, organisation_type,
-- concept_id, wave_id): the total of the organisations that it is made of. A total stands only where each of them gave a number.
with totals as (
    select
        organisations.current_code,
        organisations.organisation_type,
        answers.concept_id,
        organisations.wave_id,
        count(*) as answered_n,
        count(answers.answer_number) as numbers_n,
        sum(answers.answer_number) as total
    from {{ ref('fct_organisation') }} as organisations
    inner join {{ ref('fct_answer') }} as answers using (respondent_key)
    inner join {{ ref('organisation_concepts') }} as counted
        on answers.concept_id = counted.concept_id
        and counted.part = 'total'
    where organisations.current_code is not null
    group by all
),

-- Municipalities of the year of each wave, by what they are part of today; anything else is one organisation.
parts as (
    select municipalities.current_code, waves.wave_id, count(*) as parts_n
    from {{ ref('municipalities') }} as listed
    inner join {{ ref('dim_municipality') }} as municipalities on listed.gemeente_code = municipalities.municipality_code
    inner join {{ ref('dim_wave') }} as waves on cast(listed.year as integer) = waves.year
    where municipalities.current_code is not null
    group by all
)

select
    totals.current_code,
    totals.organisation_type,
    totals.concept_id,
    totals.wave_id,
    coalesce(parts.parts_n, 1) as parts_n,
    totals.answered_n,
    totals.numbers_n,
    if(totals.numbers_n = coalesce(parts.parts_n, 1), totals.total, null) as total
from totals
left join parts using (current_code, wave_id)
