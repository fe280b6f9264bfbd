-- Grain: one row per indicator, domain and primary sampling unit (indicator_id, domain_id, unit_id) of clusters and panels.
-- Of other samples the respondent is the unit, and est_stratum_statistics takes it as it is.
-- Second stage: within unit j with m_j secondary units of M_j in the population, a domain's totals t_k vary by
-- (1 - m_j/M_j) m_j/(m_j - 1) sum_k (t_k - mean t)^2, k over all m_j units, also those without a domain member.
with second_stage as (
    select
        totals.indicator_id,
        totals.domain_id,
        totals.unit_id,
        {% for name, one, other in [('aa', 'a', 'a'), ('ac', 'a', 'c'), ('cc', 'c', 'c')] %}
        any_value(second.factor) * count(*) * (covar_pop(totals.{{ one }}, totals.{{ other }})
            + avg(totals.{{ one }}) * avg(totals.{{ other }})
                * if(any_value(second.units_n) > 1, 1 - count(*) / any_value(second.units_n), 1)) as second_{{ name }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from {{ ref('est_secondary_statistics') }} as totals
    inner join {{ ref('est_second_stage') }} as second using (unit_id)
    group by totals.indicator_id, totals.domain_id, totals.unit_id
),

units as (
    select
        indicator_id,
        domain_id,
        stratum_id,
        unit_id,
        sum(a) as a,
        sum(c) as c
    from ({{ unit_terms() }}) as terms
    where is_summed_by_unit
    group by indicator_id, domain_id, stratum_id, unit_id
)

select
    units.*,
    coalesce(second_stage.second_aa, 0) as second_aa,
    coalesce(second_stage.second_ac, 0) as second_ac,
    coalesce(second_stage.second_cc, 0) as second_cc
from units
left join second_stage using (indicator_id, domain_id, unit_id)
