-- Grain: kind of report x population of organisations x wave: numbers of meldingen, among organisations that keep count.
{{ incident_reports_from(ref('mart_trend')) }}
