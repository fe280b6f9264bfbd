{# Each claim's query over the marts, run as a scalar. The registry writes table names; here they become relations. #}
{% macro claims_from(relations) %}
    {%- set claims = [] -%}
    {%- if execute -%}
        {%- set claims = run_query('select * from ' ~ ref('claims') ~ ' order by claim_id').rows -%}
    {%- endif -%}
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
{% endmacro %}
