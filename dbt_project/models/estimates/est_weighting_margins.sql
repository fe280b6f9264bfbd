-- Grain: one row per wave, instrument, concept and code of a margin (wave_id, instrument_id, concept_id, code).
-- Shares are fractions of whoever answered the concept; the recalibrated share is empty where margins cannot be met.
with margins as (
    select
        wave_id,
        instrument_id,
        concept_id,
        code,
        cast(population_n as double) as population_n,
        cast(population_n as double) / sum(cast(population_n as double)) over (partition by wave_id, instrument_id, concept_id) as population_share
    from {{ accepted(ref('weighting_margins')) }}
),

answers as (
    select asked.*, weights.recalibrated_weight
    from {{ ref('est_margin_answers') }} as asked
    inner join {{ ref('est_recalibrated_weights') }} as weights using (respondent_key)
),

concepts as (
    select
        wave_id,
        instrument_id,
        concept_id,
        count(code) as answered_n,
        count(*) - count(code) as unanswered_n,
        sum(weight) filter (where code is not null) as weight,
        sum(recalibrated_weight) filter (where code is not null) as recalibrated_weight,
        coalesce(sum(weight) filter (where code is null), 0) / sum(weight) as unanswered_share,
        coalesce(sum(recalibrated_weight) filter (where code is null), 0) / sum(recalibrated_weight) as unanswered_recalibrated_share
    from answers
    group by wave_id, instrument_id, concept_id
),

codes as (
    select wave_id, instrument_id, concept_id, code, count(*) as respondents_n, sum(weight) as weight, sum(recalibrated_weight) as recalibrated_weight
    from answers
    where code is not null
    group by wave_id, instrument_id, concept_id, code
)

select
    wave_id,
    instrument_id,
    concept_id,
    code,
    margins.population_n,
    margins.population_share,
    coalesce(codes.respondents_n, 0) as respondents_n,
    coalesce(codes.respondents_n, 0) / nullif(concepts.answered_n, 0) as unweighted_share,
    coalesce(codes.weight, 0) / nullif(concepts.weight, 0) as delivered_share,
    codes.recalibrated_weight / concepts.recalibrated_weight as recalibrated_share,
    concepts.unanswered_n,
    concepts.unanswered_share,
    concepts.unanswered_recalibrated_share
from margins
-- A wave that was not delivered has a margin and no respondents.
inner join concepts using (wave_id, instrument_id, concept_id)
left join codes using (wave_id, instrument_id, concept_id, code)
