-- The two domains of a contrast are of different people; of nested ones the covariance would be that of another formula.
select contrasts.contrast_id, count(*) as shared_n
from {{ ref('dim_contrast') }} as contrasts
inner join {{ ref('fct_domain_member') }} as one on contrasts.domain_id = one.domain_id
inner join {{ ref('fct_domain_member') }} as other
    on contrasts.other_domain_id = other.domain_id
    and one.respondent_key = other.respondent_key
group by contrasts.contrast_id
