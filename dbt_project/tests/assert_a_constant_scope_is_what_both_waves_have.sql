-- Where a part joins or leaves a population, its series goes on in the population that the break names: whoever is of a part that
-- both waves reached is a member of that one, and nobody from outside is.
with scopes as (
    select distinct
        breaks.population_id as whole_id,
        breaks.constant_scope_population_id as scope_id,
        breaks.from_wave_id,
        breaks.to_wave_id,
        populations.instrument_id
    from {{ accepted(ref('series_breaks')) }} as breaks
    inner join {{ ref('dim_population') }} as populations using (population_id)
    where breaks.constant_scope_population_id is not null
),

members as (
    select respondents.respondent_key, respondents.wave_id, domains.population_id
    from {{ ref('fct_domain_member') }} as member
    inner join {{ ref('dim_domain') }} as domains using (domain_id)
    inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
    where domains.breakdown_id = 'total'
),

-- Each population beside whole and scope, in each of the two waves of a break.
counted as (
    select
        scopes.whole_id,
        scopes.scope_id,
        scopes.from_wave_id,
        scopes.to_wave_id,
        parts.population_id as part_id,
        parts.wave_id,
        count(*) as members_n,
        count(of_whole.respondent_key) as whole_n,
        count(of_scope.respondent_key) as scope_n
    from scopes
    inner join members as parts
        on parts.wave_id in (scopes.from_wave_id, scopes.to_wave_id)
    inner join {{ ref('dim_population') }} as populations
        on parts.population_id = populations.population_id
        and scopes.instrument_id = populations.instrument_id
    left join members as of_whole
        on parts.respondent_key = of_whole.respondent_key
        and scopes.whole_id = of_whole.population_id
    left join members as of_scope
        on parts.respondent_key = of_scope.respondent_key
        and scopes.scope_id = of_scope.population_id
    group by all
),

sized as (
    select
        counted.*,
        coalesce(scopes.whole_n, 0) as scope_whole_n,
        counted.part_id = counted.scope_id as is_scope,
        count(*) over (partition by counted.whole_id, counted.scope_id, counted.from_wave_id, counted.to_wave_id, counted.part_id) = 2
            as is_in_both_waves
    from counted
    left join counted as scopes
        on counted.whole_id = scopes.whole_id
        and counted.scope_id = scopes.scope_id
        and counted.from_wave_id = scopes.from_wave_id
        and counted.to_wave_id = scopes.to_wave_id
        and counted.wave_id = scopes.wave_id
        and scopes.part_id = scopes.scope_id
)

select whole_id, scope_id, from_wave_id, to_wave_id, wave_id, part_id, members_n, scope_n
from sized
where
    case
        when is_scope then whole_n < members_n
        -- A part of the whole that both waves reached, and not one that the scope is a part of.
        else whole_n = members_n and is_in_both_waves and scope_n < members_n and (scope_n < scope_whole_n or scope_whole_n = 0)
    end
