-- Grain: indicator x population of organisations x wave: every share of organisations and every mean over them, of policy, rules, processes and reports alike.
{{ organisation_policy_from(ref('mart_trend')) }}
