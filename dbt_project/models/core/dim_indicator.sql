-- Grain: one row per indicator of the registry (indicator_id).
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
    indicators.granularity
from {{ ref('indicators') }} as indicators
