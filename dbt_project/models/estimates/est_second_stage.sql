-- Grain: one row per primary sampling unit (unit_id) of which the number of secondary units in the population is known.
select
    sample.unit_id,
    sample.wave_id,
    sample.stratum_id,
    count(distinct sample.secondary_unit_id) as units_n,
    -- (1 - m/M) m/(m - 1). A lone secondary unit says nothing of its spread: it is counted from zero, or not at all where the
    -- policy takes lone units for certain.
    (1 - count(distinct sample.secondary_unit_id) / any_value(respondents.ssu_population)) * case
        when count(distinct sample.secondary_unit_id) > 1
            then count(distinct sample.secondary_unit_id) / (count(distinct sample.secondary_unit_id) - 1)
        when any_value(policy.lonely_psu) = 'certainty' then 0
        else 1
    end as factor
from {{ ref('est_sample') }} as sample
inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
cross join (
    select any_value(value) filter (where policy_id = 'lonely_psu') as lonely_psu
    from {{ ref('estimation_policies') }}
) as policy
where sample.secondary_unit_id is not null
group by sample.unit_id, sample.wave_id, sample.stratum_id
