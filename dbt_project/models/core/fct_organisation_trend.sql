-- Grain: one row per organisation of today, who answered for it, counted concept and wave (layer_code, current_code,
-- organisation_type, concept_id, wave_id): the total of the organisations that it is made of. A total stands only where each of
-- them gave a number, and none was divided since: nobody can say which share of a divided one belongs to it.
with totals as (
    select
        organisations.layer_code,
        organisations.is_municipality,
        organisations.current_code,
        respondents.organisation_type,
        answers.concept_id,
        organisations.wave_id,
        count(*) as answered_n,
        count(answers.answer_number) as numbers_n,
        sum(answers.answer_number) as total
    from {{ ref('fct_organisation') }} as organisations
    inner join {{ ref('fct_organisation_respondent') }} as respondents
        on organisations.wave_id = respondents.wave_id
        and organisations.layer_code is not distinct from respondents.layer_code
        and organisations.organisation_code = respondents.organisation_code
    inner join {{ ref('fct_answer') }} as answers on respondents.respondent_key = answers.respondent_key
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
),

-- Municipalities of today that got a part of one that was divided, until when.
divided as (
    select successors.current_code, max(cast(events.date as date)) as divided_on
    from {{ ref('municipal_mergers') }} as events
    inner join {{ ref('dim_municipality') }} as ended
        on events.old_code = ended.municipality_code
        and ended.end_kind = 'split'
    inner join {{ ref('dim_municipality') }} as successors on events.new_code = successors.municipality_code
    where successors.current_code is not null
    group by successors.current_code
),

judged as (
    select
        totals.*,
        coalesce(parts.parts_n, 1) as parts_n,
        -- A wave has the municipalities of the first of January of its year.
        coalesce(make_date(waves.year, 1, 1) < divided.divided_on, false) as has_divided_part
    from totals
    inner join {{ ref('dim_wave') }} as waves using (wave_id)
    left join parts
        on totals.is_municipality
        and totals.current_code = parts.current_code
        and totals.wave_id = parts.wave_id
    left join divided
        on totals.is_municipality
        and totals.current_code = divided.current_code
)

select
    layer_code,
    current_code,
    organisation_type,
    concept_id,
    wave_id,
    parts_n,
    has_divided_part,
    answered_n,
    numbers_n,
    if(numbers_n = parts_n and not has_divided_part, total, null) as total
from judged
