-- Grain: kind of report x population of organisations x wave, from the released trend.
{{ config(alias='mart_incident_reports') }}
{{ incident_reports_from(ref('release_mart_trend')) }}
