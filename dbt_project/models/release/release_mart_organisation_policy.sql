-- Grain: indicator x population of organisations x wave: share with each element, from the released trend.
{{ config(alias='mart_organisation_policy') }}
{{ organisation_policy_from(ref('release_mart_trend')) }}
