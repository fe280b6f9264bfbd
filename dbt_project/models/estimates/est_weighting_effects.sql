-- Grain: one row per wave, headline indicator and population (wave_id, indicator_id, population_id): before and after.
-- The estimate of the total with the delivered weight, and what it would be with the recalibrated one; fractions for shares.
with totals as (
    select domain_id, population_id from {{ ref('dim_domain') }} where breakdown_concept_id is null
),

recalibrated as (
    select
        weights.wave_id,
        facts.indicator_id,
        members.domain_id,
        any_value(weights.instrument_id) as instrument_id,
        any_value(indicators.statistic) as statistic,
        sum(weights.recalibrated_weight * facts.value) / if(
            any_value(indicators.statistic) = 'total', 1, nullif(sum(weights.recalibrated_weight * facts.denominator), 0)
        ) as estimate
    from {{ ref('est_recalibrated_weights') }} as weights
    inner join {{ ref('fct_indicator_value') }} as facts using (respondent_key)
    inner join {{ ref('dim_indicator') }} as indicators using (indicator_id)
    inner join {{ ref('fct_domain_member') }} as members using (respondent_key)
    inner join totals using (domain_id)
    where indicators.is_headline and weights.recalibrated_weight is not null
    group by weights.wave_id, facts.indicator_id, members.domain_id
)

select
    recalibrated.wave_id,
    recalibrated.indicator_id,
    totals.population_id,
    recalibrated.instrument_id,
    recalibrated.statistic,
    delivered.estimate as delivered_estimate,
    delivered.standard_error as delivered_standard_error,
    recalibrated.estimate as recalibrated_estimate,
    recalibrated.estimate - delivered.estimate as difference
from recalibrated
inner join totals using (domain_id)
inner join {{ ref('est_cells') }} as delivered
    on recalibrated.wave_id = delivered.wave_id
    and recalibrated.indicator_id = delivered.indicator_id
    and recalibrated.domain_id = delivered.domain_id
