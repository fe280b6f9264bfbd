-- Grain: indicator x population x wave: asked or not, segment, break, and why. It holds no figure, so it leaves as it is.
{{ config(alias='mart_comparability') }}
select * from {{ ref('mart_comparability') }}
