-- Grain: one row per wave and indicator (wave_id, indicator_id): a value near its estimates, about which sums are taken.
-- Any value would give the same estimates; one nearby keeps digits. A total is centred at zero, as its variance needs.
select
    respondents.wave_id,
    facts.indicator_id,
    if(any_value(indicators.statistic) = 'total', 0, coalesce(sum(facts.value) / nullif(sum(facts.denominator), 0), 0))::double as centre
from {{ ref('fct_indicator_value') }} as facts
inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
inner join {{ ref('dim_indicator') }} as indicators using (indicator_id)
where respondents.weight > 0
group by respondents.wave_id, facts.indicator_id
