-- Two domains that share respondents have a covariance that the contrast does not know; one that does not exist has no test.
select contrasts.contrast_id, count(distinct one.respondent_key) as shared_respondents_n
from {{ ref('contrasts') }} as contrasts
left join {{ ref('dim_contrast') }} as resolved using (contrast_id)
left join {{ ref('fct_domain_member') }} as one on resolved.domain_id = one.domain_id
inner join {{ ref('fct_domain_member') }} as other
    on resolved.other_domain_id = other.domain_id
    and one.respondent_key = other.respondent_key
group by contrasts.contrast_id
union all
select contrast_id, null
from {{ ref('contrasts') }}
where contrast_id not in (select contrast_id from {{ ref('dim_contrast') }})
