-- Grain: wave x population.
with responded as (
    select respondents.wave_id, domains.population_id, count(*) as responded_n, bool_or(deliveries.is_assumed) as is_assumed
    from {{ ref('fct_domain_member') }} as members
    inner join {{ ref('dim_domain') }} as domains using (domain_id)
    inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
    inner join {{ ref('dim_delivery') }} as deliveries using (file_key)
    where domains.breakdown_id = 'total'
    group by all
),

invited as (
    select wave_id, population_id, sum(invited_n)::bigint as invited_n, string_agg(distinct note, '; ' order by note) as note
    from {{ ref('fct_invitation') }}
    group by all
)

select
    responded.wave_id,
    waves.programme_id,
    waves.year::integer as year,
    responded.population_id,
    populations.label_nl as population_label_nl,
    invited.invited_n,
    responded.responded_n::bigint as responded_n,
    (100.0 * responded.responded_n / nullif(invited.invited_n, 0))::double as response_rate_pct,
    responded.is_assumed,
    cast(null as varchar) as marker,
    invited.note
from responded
inner join {{ ref('dim_wave') }} as waves using (wave_id)
inner join {{ ref('dim_population') }} as populations using (population_id)
left join invited using (wave_id, population_id)
