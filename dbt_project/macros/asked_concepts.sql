{# Concepts that a delivered file asks: what it maps, and what is derived from that. One row per file and concept. #}
{% macro asked_concepts() %}
select file_key, wave_id, instrument_id, concept_id from {{ ref('fct_question') }}
union
select asked.file_key, asked.wave_id, asked.instrument_id, inputs.concept_id
from {{ ref('fct_question') }} as asked
inner join {{ ref('derived_inputs') }} as inputs on asked.concept_id = inputs.input_concept_id
{% endmacro %}

{# Concepts whose answers an indicator needs: its own, what it is divided by, and those that its base goes by. #}
{% macro needed_concepts() %}
select indicator_id, concept_id from {{ ref('dim_indicator') }}
union
select indicator_id, denominator_concept_id from {{ ref('dim_indicator') }} where denominator_concept_id is not null
union
select indicators.indicator_id, rules.concept_id
from {{ ref('dim_indicator') }} as indicators
inner join {{ ref('base_rules') }} as rules using (base_id)
{% endmacro %}

{# Indicators that a delivered file asks: all that they need. One row per file and indicator. #}
{% macro asked_indicators() %}
select asked.file_key, asked.wave_id, asked.instrument_id, needed.indicator_id
from (select *, count(*) over (partition by indicator_id) as concepts_n from ({{ needed_concepts() }})) as needed
inner join ({{ asked_concepts() }}) as asked using (concept_id)
group by all
having count(*) = any_value(needed.concepts_n)
{% endmacro %}
