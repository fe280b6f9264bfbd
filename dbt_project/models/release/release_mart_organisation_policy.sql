-- Grain, from the released trend.
{{ config(alias='mart_organisation_policy') }}
{{ organisation_policy_from(ref('release_mart_trend')) }}
