-- Grain: one row per indicator of the registry (indicator_id).
with ranges as (
    -- Of what is summed: who counts codes has nought or one.
    select
        indicators.indicator_id,
        if(codes.indicator_id is not null, 0, try_cast(concepts.valid_min as double)) as lowest,
        if(codes.indicator_id is not null, 1, try_cast(concepts.valid_max as double)) as highest,
        try_cast(denominators.valid_min as double) as lowest_denominator
    from {{ ref('indicators') }} as indicators
    left join (select distinct indicator_id from {{ ref('indicator_codes') }}) as codes using (indicator_id)
    left join {{ ref('concepts') }} as concepts on indicators.concept_id = concepts.concept_id
    left join {{ ref('concepts') }} as denominators on indicators.denominator_concept_id = denominators.concept_id
)

select
    indicators.indicator_id,
    indicators.label_nl,
    indicators.label_en,
    indicators.theme_id,
    indicators.block_id,
    indicators.concept_id,
    indicators.denominator_concept_id,
    indicators.statistic,
    indicators.unit,
    indicators.base_id,
    indicators.family_id,
    indicators.is_sensitive = 'true' as is_sensitive,
    indicators.is_headline = 'true' as is_headline,
    indicators.indicator_id in (select indicator_id from {{ ref('indicator_codes') }}) as is_count_of_codes,
    cast(indicators.sort_order as integer) as sort_order,
    indicators.granularity,
    -- What an estimate cannot go beyond: a mean lies within its answers, a sum of what is never negative is none either.
    case
        when indicators.statistic = 'mean' then ranges.lowest
        when indicators.statistic = 'total' and ranges.lowest >= 0 then 0
        when indicators.statistic = 'ratio' and ranges.lowest >= 0 and ranges.lowest_denominator >= 0 then 0
    end::double as estimate_min,
    case when indicators.statistic = 'mean' then ranges.highest end::double as estimate_max
from {{ ref('indicators') }} as indicators
inner join ranges using (indicator_id)
