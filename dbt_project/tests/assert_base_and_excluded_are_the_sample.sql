-- Of each cell: who is in the base and who is not, by reason, are together everyone of the domain whom the instrument reached in a
-- wave that asks it.
with asked as (
    {{ asked_indicators() }}
),

members as (
    select respondents.wave_id, respondents.instrument_id, members.domain_id, count(*) as respondents_n
    from {{ ref('fct_respondent') }} as respondents
    inner join {{ ref('fct_domain_member') }} as members using (respondent_key)
    group by all
),

sample as (
    select members.wave_id, asked.indicator_id, members.domain_id, sum(members.respondents_n) as sample_n
    from members
    inner join (select distinct wave_id, instrument_id, indicator_id from asked) as asked using (wave_id, instrument_id)
    group by all
),

accounted as (
    select wave_id, indicator_id, domain_id, sum(respondents_n) as accounted_n
    from {{ ref('est_base_account') }}
    group by all
)

select sample.sample_n, accounted.accounted_n, wave_id, indicator_id, domain_id
from sample
full outer join accounted using (wave_id, indicator_id, domain_id)
where sample.sample_n is distinct from accounted.accounted_n
