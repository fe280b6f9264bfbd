-- Read from the full-precision marts and the rule table, apart from the model that decides.
select full_cells.indicator_id, full_cells.population_id, full_cells.breakdown_id, full_cells.breakdown_code, full_cells.wave_id, full_cells.n_unweighted
from {{ ref('mart_trend') }} as full_cells
inner join {{ ref('release_mart_trend') }} as released
    using (indicator_id, population_id, breakdown_id, breakdown_code, wave_id)
inner join {{ ref('dim_population') }} as populations using (population_id)
inner join {{ ref('confidentiality_rules') }} as rules
    on populations.disclosure_unit = rules.applies_to
    and rules.measure = 'n_unweighted'
    and rules.operator = '<'
    and full_cells.n_unweighted < rules.threshold::double
where released.estimate is not null
