-- Grain: indicator x wave x delivered file x source variable x the part it plays (numerator, denominator, base, route, population,
-- breakdown, organisation, weight, stratum, psu, ssu, panel).
-- A published cell is led back to the file, its hash and the crosswalk row by indicator_id, wave_id and instrument.
with recursive parts as (
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

-- A concept beside what it is read from: itself, or its inputs where it is derived.
sources as (
    select concept_id, concept_id as source_concept_id from {{ ref('concepts') }}
    where concept_id not in (select concept_id from {{ ref('derived_inputs') }})
    union
    select concept_id, input_concept_id from {{ ref('derived_inputs') }}
),

resolved as (
    select distinct parts.indicator_id, parts.part, parts.part_id, parts.concept_id, sources.source_concept_id
    from parts
    inner join sources using (concept_id)
),

estimated as (
    select distinct trend.indicator_id, trend.wave_id, populations.instrument_id
    from {{ ref('mart_trend') }} as trend
    inner join {{ ref('dim_population') }} as populations using (population_id)
),

-- Gates before what is counted and before its base, and the gates before those.
routes as (
    select estimated.indicator_id, estimated.wave_id, estimated.instrument_id, routing.concept_id as routed_concept_id, routing.gate_concept_id
    from estimated
    inner join resolved
        on estimated.indicator_id = resolved.indicator_id
        and resolved.part in ('numerator', 'denominator', 'base')
    inner join {{ accepted(ref('routing')) }} as routing
        on estimated.wave_id = routing.wave_id
        and estimated.instrument_id = routing.instrument_id
        and routing.concept_id in (resolved.concept_id, resolved.source_concept_id)
    union
    select routes.indicator_id, routes.wave_id, routes.instrument_id, routing.concept_id, routing.gate_concept_id
    from routes
    inner join sources
        on routes.gate_concept_id = sources.concept_id
    inner join {{ accepted(ref('routing')) }} as routing
        on routes.wave_id = routing.wave_id
        and routes.instrument_id = routing.instrument_id
        and routing.concept_id in (sources.concept_id, sources.source_concept_id)
),

wanted as (
    select estimated.indicator_id, estimated.wave_id, estimated.instrument_id, resolved.part, resolved.part_id, resolved.concept_id, resolved.source_concept_id
    from estimated
    inner join resolved using (indicator_id)
    -- A population is made out in the questionnaire that reaches it, and in no other.
    left join {{ ref('dim_population') }} as populations
        on resolved.part = 'population'
        and resolved.part_id = populations.population_id
    where populations.population_id is null or populations.instrument_id = estimated.instrument_id
    union
    select routes.indicator_id, routes.wave_id, routes.instrument_id, 'route', routes.routed_concept_id, routes.gate_concept_id, sources.source_concept_id
    from routes
    inner join sources
        on routes.gate_concept_id = sources.concept_id
),

answered as (
    select distinct wanted.*, mapped.file_key, mapped.verb, mapped.comparability, mapped.source_variable
    from wanted
    inner join {{ ref('fct_question') }} as mapped
        on wanted.source_concept_id = mapped.concept_id
        and wanted.wave_id = mapped.wave_id
        and wanted.instrument_id = mapped.instrument_id
),

-- Where one side answers for the organisation: what tells that two answers are of one, in the files of both.
reconciled as (
    select distinct concept_id, wave_id, unnest([file_key, answering_file_key]) as file_key
    from {{ ref('fct_reconciled_answer') }}
),

matched as (
    select distinct
        answered.indicator_id,
        answered.wave_id,
        answered.instrument_id,
        'organisation' as part,
        reconciled.concept_id as part_id,
        told.concept_id,
        told.concept_id as source_concept_id,
        mapped.verb,
        mapped.comparability,
        mapped.source_variable,
        mapped.file_key
    from answered
    inner join reconciled
        on answered.source_concept_id = reconciled.concept_id
        and answered.wave_id = reconciled.wave_id
    cross join {{ ref('organisation_concepts') }} as told
    inner join {{ ref('fct_question') }} as mapped
        on told.concept_id = mapped.concept_id
        and reconciled.file_key = mapped.file_key
    where told.part in ('code', 'type', 'municipality')
),

used as (
    select indicator_id, wave_id, instrument_id, part, part_id, concept_id, source_concept_id, verb, comparability, source_variable, file_key
    from answered
    union all
    select indicator_id, wave_id, instrument_id, part, part_id, concept_id, source_concept_id, verb, comparability, source_variable, file_key
    from matched
    union all
    -- The design of every file whose answers count: who weighs how much, drawn from which stratum and unit.
    select files.indicator_id, files.wave_id, files.instrument_id, design.part, null, null, null, null, null, design.source_variable, files.file_key
    from (select distinct indicator_id, wave_id, instrument_id, file_key from answered where part = 'numerator') as files
    inner join {{ ref('dim_design_variable') }} as design using (file_key)
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
    from (select distinct file_key, source_variable from used) as mapped
    inner join {{ ref('dim_correction') }} as corrections
        on mapped.file_key = corrections.file_key
        and (corrections.is_of_every_figure or mapped.source_variable = corrections.source_variable)
    group by all
)

select
    used.indicator_id,
    used.wave_id,
    used.instrument_id,
    used.part,
    used.part_id,
    used.concept_id,
    used.source_concept_id,
    used.verb,
    used.comparability,
    used.source_variable,
    deliveries.file_id,
    deliveries.path as file_path,
    deliveries.sha256 as file_sha256,
    deliveries.delivery_version,
    variables.source_variable_label,
    deliveries.received_on,
    earlier.superseded_versions,
    touching.corrections
from used
inner join {{ ref('dim_delivery') }} as deliveries using (file_key)
left join {{ ref('dim_source_variable') }} as variables
    on used.file_key = variables.file_key
    and used.source_variable = variables.source_variable
left join earlier
    on deliveries.wave_id = earlier.wave_id
    and deliveries.file_id = earlier.file_id
left join touching
    on used.file_key = touching.file_key
    and used.source_variable = touching.source_variable
