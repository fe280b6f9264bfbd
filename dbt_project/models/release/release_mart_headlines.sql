-- Grain, from the released trend.
{{ config(alias='mart_headlines') }}
{{ headlines_from(ref('release_mart_trend')) }}
