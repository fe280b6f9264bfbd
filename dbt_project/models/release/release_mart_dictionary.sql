-- Grain. It holds no figure, so it leaves as it is.
{{ config(alias='mart_dictionary') }}
select * from {{ ref('mart_dictionary') }}
