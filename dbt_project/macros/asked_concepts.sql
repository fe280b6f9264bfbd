{# Concepts that a delivered file asks: what it maps, and what is derived from that. One row per file and concept. #}
{% macro asked_concepts() %}
select file_key, wave_id, instrument_id, concept_id from {{ ref('fct_question') }}
union
select asked.file_key, asked.wave_id, asked.instrument_id, inputs.concept_id
from {{ ref('fct_question') }} as asked
inner join {{ ref('derived_inputs') }} as inputs on asked.concept_id = inputs.input_concept_id
{% endmacro %}
