-- Grain: one row per contrast (contrast_id): two domains of one sample whose equality is tested within a wave.
select
    contrasts.contrast_id,
    contrasts.label_nl,
    contrasts.label_en,
    one.domain_id,
    other.domain_id as other_domain_id
from {{ ref('contrasts') }} as contrasts
inner join {{ ref('dim_domain') }} as one
    on contrasts.population_id = one.population_id
    and contrasts.breakdown_id = one.breakdown_id
    and contrasts.breakdown_code = one.breakdown_code
inner join {{ ref('dim_domain') }} as other
    on contrasts.other_population_id = other.population_id
    and contrasts.other_breakdown_id = other.breakdown_id
    and contrasts.other_breakdown_code = other.breakdown_code
