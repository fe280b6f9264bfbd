-- Grain: indicator x population of organisations x wave: the share of organisations with each element of policy.
{{ organisation_policy_from(ref('mart_trend')) }}
