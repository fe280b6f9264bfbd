-- Grain: entry (entry_type, parent_id, entry_id): every column, concept, code, base. It holds no figure, so it leaves as it is.
{{ config(alias='mart_dictionary') }}
select * from {{ ref('mart_dictionary') }}
