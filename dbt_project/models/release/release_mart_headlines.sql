-- Grain: headline x wave: one sentence, filled in from the released trend.
{{ config(alias='mart_headlines') }}
{{ headlines_from(ref('release_mart_trend')) }}
