-- A population of which some files asked what an indicator needs and others did not: its figure would be of a part of it, without a
-- word. Who is outside the base is not missed.
select
    account.wave_id,
    account.indicator_id,
    domains.population_id,
    sum(account.respondents_n) filter (where account.reason = 'not_asked') as not_asked_n,
    sum(account.respondents_n) filter (where account.reason not in ('not_asked', 'outside_base', 'weight_zero')) as asked_n
from {{ ref('est_base_account') }} as account
inner join {{ ref('dim_domain') }} as domains using (domain_id)
where domains.breakdown_id = 'total'
group by all
having not_asked_n > 0 and asked_n > 0
