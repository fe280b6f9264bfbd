{# Each claim's query over the marts, run as a scalar. The registry writes table names; here they become relations.
   A claim is about the indicators, populations and waves that its query names: where these waves lie in different segments
   there is nothing to compare, and so no verdict, whatever the figures are. #}
{% macro claims_from(relations) %}
    {%- set claims = [] -%}
    {%- if execute -%}
        {%- set claims = run_query('select * from ' ~ ref('claims') ~ ' order by claim_id').rows -%}
    {%- endif -%}
with asked as (
    {% for claim in claims %}
        {%- set sql = namespace(text=claim['query']) -%}
        {%- for name, relation in relations.items() -%}
            {%- set sql.text = modules.re.sub('\\b' ~ name ~ '\\b', relation | string, sql.text) -%}
        {%- endfor -%}
    {% if not loop.first %}union all{% endif %}
select
    {{ quoted_text(claim['claim_id']) }} as claim_id,
    {{ quoted_text(claim['wave_id']) if claim['wave_id'] else 'null' }}::varchar as wave_id,
    {{ quoted_text(claim['text_nl']) }} as text_nl,
    {{ quoted_text(claim['text_en']) if claim['text_en'] else 'null' }}::varchar as text_en,
    {{ quoted_text(claim['publication_id']) if claim['publication_id'] else 'null' }}::varchar as publication_id,
    {{ quoted_text(claim['query']) }} as query,
    (select any_value(holds) from ({{ sql.text }})) as holds
    {% else %}
select
    null::varchar as claim_id, null::varchar as wave_id, null::varchar as text_nl, null::varchar as text_en,
    null::varchar as publication_id, null::varchar as query, null::boolean as holds
where false
    {% endfor %}
),

named as (
    select distinct claim_id, unnest(regexp_extract_all(query, '''([^'']*)''', 1)) as name
    from asked
),

spanned as (
    select
        indicators.claim_id,
        series.indicator_id,
        series.population_id,
        min(series.year) as from_year,
        max(series.year) as to_year,
        count(distinct series.segment_id) > 1 as is_broken
    from {{ relations['mart_comparability'] }} as series
    inner join named as indicators on series.indicator_id = indicators.name
    inner join named as populations
        on series.population_id = populations.name
        and indicators.claim_id = populations.claim_id
    inner join named as waves
        on series.wave_id = waves.name
        and indicators.claim_id = waves.claim_id
    group by all
    having count(*) > 1
),

breaks as (
    -- Those that end the comparison; where none does, those that warn.
    select
        spanned.claim_id,
        bool_or(spanned.is_broken) as is_broken,
        string_agg(distinct series.break_id, ', ' order by series.break_id) as break_ids
    from spanned
    inner join {{ relations['mart_comparability'] }} as series
        on spanned.indicator_id = series.indicator_id
        and spanned.population_id = series.population_id
        and series.year > spanned.from_year
        and series.year <= spanned.to_year
        and series.break_id is not null
        and (not spanned.is_broken or series.break_effect <> 'warn')
    group by all
),

tests as (
    -- The changes that the claim speaks of and that were tested as such: from one of its waves to the next.
    select
        spanned.claim_id,
        string_agg(distinct trend.wave_id || ' ' || trend.change_direction, ', ' order by trend.wave_id || ' ' || trend.change_direction) as change_tests
    from spanned
    inner join {{ relations['mart_trend'] }} as trend
        on spanned.indicator_id = trend.indicator_id
        and spanned.population_id = trend.population_id
        and trend.breakdown_id = 'total'
    inner join named as waves
        on trend.wave_id = waves.name
        and spanned.claim_id = waves.claim_id
    inner join named as earlier
        on trend.comparable_wave_id = earlier.name
        and spanned.claim_id = earlier.claim_id
    group by all
)

select
    asked.claim_id,
    asked.wave_id,
    asked.text_nl,
    asked.text_en,
    asked.publication_id,
    asked.query,
    if(coalesce(breaks.is_broken, false), null, asked.holds) as holds,
    case
        when breaks.is_broken then 'not_comparable'
        when asked.holds is null then 'no_figure'
        when asked.holds then 'holds'
        else 'does_not_hold'
    end as verdict,
    breaks.break_ids,
    tests.change_tests
from asked
left join breaks using (claim_id)
left join tests using (claim_id)
{% endmacro %}
