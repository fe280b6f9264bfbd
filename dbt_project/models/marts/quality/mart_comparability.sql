-- Grain: indicator x population x wave.
select
    comparability.indicator_id,
    indicators.label_nl as indicator_label_nl,
    indicators.theme_id as theme,
    indicators.block_id as block,
    comparability.population_id,
    populations.label_nl as population_label_nl,
    comparability.programme_id,
    comparability.wave_id,
    comparability.year::integer as year,
    if(comparability.is_asked, 'asked', 'not asked') as asked,
    comparability.segment_id,
    comparability.comparable_wave_id is not null as is_comparable,
    comparability.comparable_wave_id,
    comparability.break_id,
    comparability.break_effect,
    comparability.reason,
    comparability.not_asked_of,
    breaks.kind as break_kind,
    breaks.source as break_source,
    themes.label_nl as theme_label_nl,
    blocks.label_nl as block_label_nl,
    indicators.sort_order as indicator_sort_order,
    populations.sort_order as population_sort_order,
    comparability.instrument_id,
    comparability.is_asked and fielded.status = 'assumed' as is_assumed,
    comparability.other_breaks,
    indicators.granularity
from {{ ref('est_comparability') }} as comparability
inner join {{ ref('dim_indicator') }} as indicators using (indicator_id)
inner join {{ ref('dim_population') }} as populations using (population_id)
left join {{ accepted(ref('series_breaks')) }} as breaks using (break_id)
left join {{ accepted(ref('wave_instruments'), 'row_status') }} as fielded
    on comparability.wave_id = fielded.wave_id
    and comparability.instrument_id = fielded.instrument_id
left join {{ ref('themes') }} as themes on indicators.theme_id = themes.theme_id
left join {{ ref('blocks') }} as blocks on indicators.block_id = blocks.block_id
