-- With the policy "fail" a stratum with one sampling unit is an error of the design, not a matter of choice.
select design.wave_id, design.instrument_id, design.stratum_id
from {{ ref('est_design') }} as design
inner join {{ ref('estimation_policies') }} as policy
    on policy.policy_id = 'lonely_psu' and policy.value = 'fail'
where design.is_lone
