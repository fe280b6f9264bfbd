-- Grain: one row per indicator, domain and secondary sampling unit of the units of which the second stage is estimated.
select
    indicator_id,
    domain_id,
    unit_id,
    secondary_unit_id,
    sum(a) as a,
    sum(c) as c
from ({{ unit_terms() }}) as terms
where secondary_unit_id is not null
group by indicator_id, domain_id, unit_id, secondary_unit_id
