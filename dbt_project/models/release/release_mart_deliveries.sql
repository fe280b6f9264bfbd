-- Grain: wave x delivered file x version. It holds no figure, so it leaves as it is.
{{ config(alias='mart_deliveries') }}
select * from {{ ref('mart_deliveries') }}
