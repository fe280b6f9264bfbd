-- Grain: indicator x wave x delivered file x source variable x part that it plays. It holds no figure, so it leaves as it is.
{{ config(alias='mart_lineage') }}
select * from {{ ref('mart_lineage') }}
