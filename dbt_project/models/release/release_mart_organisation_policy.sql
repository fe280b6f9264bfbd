-- Grain: indicator x population of organisations x wave: every share of organisations and every mean over them, of policy, rules, processes and reports alike, from the released trend.
{{ config(alias='mart_organisation_policy') }}
{{ organisation_policy_from(ref('release_mart_trend')) }}
