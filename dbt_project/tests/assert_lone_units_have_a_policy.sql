-- With the policy "fail" a stratum with one sampling unit is an error of the design, not a matter of choice.
select design.wave_id, design.instrument_id, design.stratum_id
from {{ ref('est_design') }} as design
inner join {{ ref('estimation_policies') }} as policy
    on policy.policy_id = 'lonely_psu' and policy.value = 'fail'
where design.is_lone
union all
select second_stage.wave_id, cast(second_stage.unit_id as varchar), second_stage.stratum_id
from {{ ref('est_second_stage') }} as second_stage
inner join {{ ref('estimation_policies') }} as policy
    on policy.policy_id = 'lonely_psu' and policy.value = 'fail'
where second_stage.units_n = 1 and second_stage.factor > 0
