-- Grain: one row per wave, indicator, domain, stratum and primary sampling unit, of clustered samples only.
-- Weighted sums per unit; without clusters the respondent is the unit, and est_stratum_statistics takes it as it is.
-- Second stage: within unit j with m_j secondary units of M_j in the population, a domain's totals t_k vary by
-- (1 - m_j/M_j) m_j/(m_j - 1) sum_k (t_k - mean t)^2, k over all m_j units, also those without a domain member.
select
    totals.wave_id,
    totals.indicator_id,
    totals.domain_id,
    totals.stratum_id,
    totals.psu,
    {{ term_columns('groups', 'totals.') }},
    {% for name, one, other in [('aa', 'a', 'a'), ('ac', 'a', 'c'), ('cc', 'c', 'c')] %}
    coalesce(any_value(second.factor) * count(*) * (covar_pop(totals.{{ one }}, totals.{{ other }})
        + avg(totals.{{ one }}) * avg(totals.{{ other }})
            * if(any_value(second.units_n) > 1, 1 - count(*) / any_value(second.units_n), 1)), 0) as second_{{ name }}
    {{- ',' if not loop.last }}
    {% endfor %}
from {{ ref('est_secondary_statistics') }} as totals
left join {{ ref('est_second_stage') }} as second using (wave_id, stratum_id, psu)
group by totals.wave_id, totals.indicator_id, totals.domain_id, totals.stratum_id, totals.psu
