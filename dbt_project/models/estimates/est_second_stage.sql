-- Grain: one row per wave, stratum and primary sampling unit of which the number of secondary units in the population is known.
select
    wave_id,
    stratum_id,
    psu,
    count(distinct ssu) as units_n,
    -- (1 - m/M) m/(m - 1). A lone secondary unit says nothing of its spread: it is counted from zero, or not at all where the
    -- policy takes lone units for certain.
    (1 - count(distinct ssu) / any_value(ssu_population)) * case
        when count(distinct ssu) > 1 then count(distinct ssu) / (count(distinct ssu) - 1)
        when any_value(policy.lonely_psu) = 'certainty' then 0
        else 1
    end as factor
from {{ ref('fct_respondent') }}
cross join (
    select any_value(value) filter (where policy_id = 'lonely_psu') as lonely_psu
    from {{ ref('estimation_policies') }}
) as policy
where is_clustered and ssu_population is not null and weight > 0
group by wave_id, stratum_id, psu
