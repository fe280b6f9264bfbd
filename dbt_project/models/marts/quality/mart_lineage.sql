-- Grain: indicator x wave x delivered file x source variable x the part it plays (numerator, base, population, breakdown).
-- A published cell is led back to the file, its hash and the crosswalk row by indicator_id, wave_id and instrument.
with parts as (
    select indicator_id, 'numerator' as part, null::varchar as part_id, concept_id from {{ ref('dim_indicator') }}
    union all
    select indicator_id, 'denominator', null::varchar, denominator_concept_id from {{ ref('dim_indicator') }} where denominator_concept_id is not null
    union all
    select indicators.indicator_id, 'base', indicators.base_id, rules.concept_id
    from {{ ref('dim_indicator') }} as indicators
    inner join {{ ref('base_rules') }} as rules using (base_id)
    union all
    select distinct pairs.indicator_id, 'population', rules.population_id, rules.concept_id
    from (select distinct indicator_id, population_id from {{ ref('mart_trend') }}) as pairs
    inner join {{ ref('population_rules') }} as rules using (population_id)
    union all
    select distinct pairs.indicator_id, 'breakdown', breakdowns.breakdown_id, breakdowns.concept_id
    from (select distinct indicator_id, breakdown_id from {{ ref('mart_trend') }}) as pairs
    inner join {{ ref('breakdowns') }} as breakdowns using (breakdown_id)
    where breakdowns.concept_id is not null
),

resolved as (
    select distinct parts.indicator_id, parts.part, parts.part_id, parts.concept_id, coalesce(inputs.input_concept_id, parts.concept_id) as source_concept_id
    from parts
    left join {{ ref('derived_inputs') }} as inputs using (concept_id)
),

estimated as (
    select distinct trend.indicator_id, trend.wave_id, populations.instrument_id
    from {{ ref('mart_trend') }} as trend
    inner join {{ ref('dim_population') }} as populations using (population_id)
),

earlier as (
    -- The versions that a file superseded, each with the day that it came and its hash.
    select
        wave_id,
        file_id,
        string_agg(
            'version ' || delivery_version || coalesce(', received ' || received_on, '') || ', sha256 ' || sha256
            || coalesce(', ' || compared_with_next, ''),
            '; ' order by delivery_version
        ) as superseded_versions
    from {{ ref('dim_delivery') }}
    where superseded_by is not null
    group by all
),

touching as (
    select
        mapped.file_key,
        mapped.source_variable,
        string_agg(distinct corrections.correction_id || ': ' || corrections.reason, '; ' order by corrections.correction_id || ': ' || corrections.reason)
            as corrections
    from (select distinct file_key, source_variable from {{ ref('fct_question') }}) as mapped
    inner join {{ ref('dim_correction') }} as corrections
        on mapped.file_key = corrections.file_key
        and (corrections.is_of_every_figure or mapped.source_variable = corrections.source_variable)
    group by all
)

select distinct
    resolved.indicator_id,
    mapped.wave_id,
    mapped.instrument_id,
    resolved.part,
    resolved.part_id,
    resolved.concept_id,
    resolved.source_concept_id,
    mapped.verb,
    mapped.comparability,
    mapped.source_variable,
    deliveries.file_id,
    deliveries.path as file_path,
    deliveries.sha256 as file_sha256,
    deliveries.delivery_version,
    deliveries.received_on,
    earlier.superseded_versions,
    touching.corrections
from resolved
inner join {{ ref('fct_question') }} as mapped
    on resolved.source_concept_id = mapped.concept_id
inner join estimated
    on resolved.indicator_id = estimated.indicator_id
    and mapped.wave_id = estimated.wave_id
    and mapped.instrument_id = estimated.instrument_id
inner join {{ ref('dim_delivery') }} as deliveries
    on mapped.file_key = deliveries.file_key
left join earlier
    on deliveries.wave_id = earlier.wave_id
    and deliveries.file_id = earlier.file_id
left join touching
    on mapped.file_key = touching.file_key
    and mapped.source_variable = touching.source_variable
