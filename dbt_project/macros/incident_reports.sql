{# The one indicator for which a condition holds: with none or two of them a column would hold another figure than it says. #}
{% macro only_indicator(condition, what) -%}
    case
        when count(distinct indicators.indicator_id) filter (where {{ condition }}) = 1
            then min(indicators.indicator_id) filter (where {{ condition }})
        else error('no single indicator has the {{ what }} of ' || counted.report_concept_id)
    end
{%- endmacro %}

{# Over the full-precision trend or over the released one. #}
{% macro incident_reports_from(trend) %}
with counted as (
    -- A number of reports adds up over organisations; its base says which question tells that count is kept.
    select
        indicators.indicator_id,
        indicators.concept_id as report_concept_id,
        indicators.statistic,
        rules.concept_id as keeping_concept_id,
        rules.code as keeping_code
    from {{ ref('dim_indicator') }} as indicators
    inner join {{ ref('organisation_concepts') }} as told
        on indicators.concept_id = told.concept_id
        and told.part = 'total'
    inner join {{ ref('base_rules') }} as rules using (base_id)
    where indicators.statistic in ('total', 'mean') and not indicators.is_count_of_codes
),

proportions as (
    select
        indicators.indicator_id,
        indicators.concept_id,
        list(coalesce(codes.code, '!' || codes.missing_kind)) as counted_codes
    from {{ ref('dim_indicator') }} as indicators
    inner join {{ ref('indicator_codes') }} as codes using (indicator_id)
    where indicators.statistic = 'proportion'
    group by all
),

shares as (
    -- Who keeps count, who does not know whether, and who counted none: three shares that are told apart by all that they count.
    select
        counted.report_concept_id,
        {% for name, concept, code, what in [
            ('keeps', 'keeping', 'counted.keeping_code', 'share that keeps count'),
            ('unknown', 'keeping', "'!dont_know'", 'share that does not know'),
            ('none', 'report', "'0'", 'share without any'),
        ] -%}
        {{ only_indicator('indicators.concept_id = counted.' ~ concept ~ '_concept_id and indicators.counted_codes = [' ~ code ~ ']', what) }} as {{ name }}_id
        {{- '' if loop.last else ',' }}
        {% endfor %}
    from counted
    left join proportions as indicators
        on indicators.concept_id in (counted.keeping_concept_id, counted.report_concept_id)
    group by counted.report_concept_id
),

numbers as (
    select
        counted.report_concept_id,
        trend.population_id,
        trend.wave_id,
        any_value(trend.population_label_nl) as population_label_nl,
        any_value(trend.programme_id) as programme_id,
        any_value(trend.year) as year,
        any_value(trend.n_unweighted) as organisations_n,
        any_value(trend.estimate) filter (where counted.statistic = 'total') as reports_n,
        any_value(trend.estimate) filter (where counted.statistic = 'mean') as reports_mean,
        -- The stricter verdict of total and mean counts for both: either would give the other away.
        bool_or(trend.publication_status = 'suppress') as is_suppressed,
        bool_or(trend.publication_status = 'flag') as is_flagged,
        min(trend.marker) filter (where trend.publication_status = 'suppress') as suppress_marker,
        min(trend.reason_code) filter (where trend.publication_status = 'suppress') as suppress_reason,
        {{ signs_together('trend.marker') }} as flag_marker,
        min(trend.reason_code) as flag_reason
    from {{ trend }} as trend
    inner join counted using (indicator_id)
    where trend.breakdown_id = 'total'
    group by all
),

-- In the base of the total, and without a number to add. How many they are is not told: the sum by the mean gives those
-- that gave one, and the two together whoever did not.
without_number as (
    select distinct counted.report_concept_id, domains.population_id, account.wave_id
    from {{ ref('est_base_account') }} as account
    inner join counted
        on account.indicator_id = counted.indicator_id
        and counted.statistic = 'total'
    inner join {{ ref('missing_kinds') }} as kinds on account.reason = kinds.missing_kind
    inner join {{ ref('dim_domain') }} as domains
        on account.domain_id = domains.domain_id
        and domains.breakdown_id = 'total'
    where account.respondents_n > 0
)

select
    numbers.report_concept_id as report_kind,
    concepts.label_nl as report_kind_label_nl,
    numbers.population_id,
    numbers.population_label_nl,
    numbers.programme_id,
    numbers.wave_id,
    numbers.year,
    numbers.organisations_n,
    numbers.reports_n::double as reports_n,
    numbers.reports_mean::double as reports_mean,
    keeps.estimate as keeps_count_pct,
    keeps.publication_status as keeps_count_status,
    keeps.marker as keeps_count_marker,
    case when numbers.is_suppressed then 'suppress' when numbers.is_flagged then 'flag' else 'publish' end as publication_status,
    if(numbers.is_suppressed, numbers.suppress_marker, numbers.flag_marker) as marker,
    if(numbers.is_suppressed, numbers.suppress_reason, numbers.flag_reason) as reason_code,
    -- Of those that keep count; of all that were asked.
    none.estimate as no_reports_pct,
    none.publication_status as no_reports_status,
    none.marker as no_reports_marker,
    unknown.estimate as keeping_unknown_pct,
    unknown.publication_status as keeping_unknown_status,
    unknown.marker as keeping_unknown_marker,
    case when not numbers.is_suppressed then missed.wave_id is null end as is_whole
from numbers
inner join {{ ref('concepts') }} as concepts on numbers.report_concept_id = concepts.concept_id
left join shares using (report_concept_id)
left join without_number as missed using (report_concept_id, population_id, wave_id)
{%- for name in ['keeps', 'none', 'unknown'] %}
left join {{ trend }} as {{ name }}
    on shares.{{ name }}_id = {{ name }}.indicator_id
    and numbers.population_id = {{ name }}.population_id
    and numbers.wave_id = {{ name }}.wave_id
    and {{ name }}.breakdown_id = 'total'
{%- endfor %}
{% endmacro %}

{# Every sign that markers have, once each: of figures that are shown as one. #}
{% macro signs_together(marker) -%}
    nullif(array_to_string(list_sort(list_distinct(flatten(list(regexp_extract_all({{ marker }}, '\[\w+\]'))))), ''), '')
{%- endmacro %}
