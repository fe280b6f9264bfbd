-- Grain: headline x wave: one sentence per wave in which the figure was estimated.
{{ headlines_from(ref('mart_trend')) }}
