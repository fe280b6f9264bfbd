-- Grain: one row per thing that is known of a series (fact_id): does the matrix of comparability say so?
with cells as (
    select
        facts.fact_id,
        facts.expected,
        facts.with_wave_id,
        facts.break_id,
        cells.is_asked,
        cells.comparable_wave_id,
        cells.break_effect,
        cells.break_id as named_break_id,
        cells.other_breaks,
        coalesce(bool_or(earlier.is_asked), false) as has_earlier
    from {{ ref('series_facts') }} as facts
    inner join {{ ref('est_comparability') }} as cells
        on facts.wave_id = cells.wave_id
        and facts.population_id = cells.population_id
    inner join {{ ref('dim_indicator') }} as indicators
        on cells.indicator_id = indicators.indicator_id
        and coalesce(facts.theme_id, indicators.theme_id) = indicators.theme_id
        and coalesce(facts.block_id, indicators.block_id, '') = coalesce(indicators.block_id, '')
        and coalesce(facts.indicator_id, indicators.indicator_id) = indicators.indicator_id
    left join {{ ref('est_comparability') }} as earlier
        on cells.indicator_id = earlier.indicator_id
        and cells.population_id = earlier.population_id
        and cells.wave_order > earlier.wave_order
    group by all
),

judged as (
    select
        fact_id,
        case expected
            when 'not_asked' then not bool_or(is_asked)
            when 'asked' then bool_or(is_asked)
            when 'assumed' then bool_or(is_asked)
            when 'also_broken' then bool_or(is_asked) and bool_and(contains(coalesce(other_breaks, ''), break_id || ' (')) filter (is_asked)
            when 'no_earlier_wave' then bool_or(is_asked) and bool_and(comparable_wave_id is null) filter (is_asked)
            when 'comparable' then bool_or(is_asked)
                and bool_and(comparable_wave_id is not distinct from with_wave_id and break_effect is null) filter (is_asked)
            when 'warned' then bool_or(is_asked)
                and bool_and(comparable_wave_id is not distinct from with_wave_id and break_effect is not distinct from 'warn') filter (is_asked)
            when 'broken' then bool_or(is_asked and has_earlier)
                and bool_and(break_effect is not distinct from 'block') filter (is_asked and has_earlier)
            when 'marked' then bool_or(is_asked and has_earlier)
                and bool_and(coalesce(break_effect in ('block', 'warn'), false)) filter (is_asked and has_earlier)
        end
        and (
            break_id is null
            or expected = 'also_broken'
            or bool_and(break_id = named_break_id) filter (is_asked and has_earlier)
        ) as holds
    from cells
    group by fact_id, expected, with_wave_id, break_id
),

-- Where a wave that was held is not landed, nobody can tell what came before.
incomplete as (
    select distinct facts.fact_id
    from {{ ref('series_facts') }} as facts
    inner join {{ ref('dim_wave') }} as waves using (wave_id)
    inner join {{ ref('dim_population') }} as populations using (population_id)
    inner join {{ accepted(ref('wave_instruments'), 'row_status') }} as held
        on populations.instrument_id = held.instrument_id
        and held.status <> 'not_asked'
    inner join {{ ref('dim_wave') }} as held_waves
        on held.wave_id = held_waves.wave_id
        and waves.year >= held_waves.year
    left join {{ ref('dim_delivery') }} as deliveries
        on held.wave_id = deliveries.wave_id
        and held.instrument_id = deliveries.instrument_id
    where deliveries.wave_id is null
)

select
    facts.fact_id,
    facts.wave_id,
    facts.population_id,
    facts.expected,
    facts.reason,
    case when incomplete.fact_id is null then coalesce(judged.holds, false) end as holds
from {{ ref('series_facts') }} as facts
left join judged using (fact_id)
left join incomplete using (fact_id)
