-- A number of units in the population holds for a whole stratum or primary unit, and is no smaller than the sample of it.
with first_stage as (
    select
        wave_id, instrument_id, stratum as unit, count(distinct psu) as sampled_n,
        min(psu_population) as smallest, max(psu_population) as largest, count(*) - count(psu_population) as unknown_n
    from {{ ref('fct_respondent') }}
    where weight > 0
    group by wave_id, instrument_id, stratum
),

second_stage as (
    select
        wave_id, instrument_id, psu as unit, count(distinct ssu) as sampled_n,
        min(ssu_population) as smallest, max(ssu_population) as largest, count(*) - count(ssu_population) as unknown_n
    from {{ ref('fct_respondent') }}
    where weight > 0 and is_clustered
    group by wave_id, instrument_id, psu
)

select * from first_stage where largest is not null and (smallest < largest or unknown_n > 0 or smallest < sampled_n)
union all
select * from second_stage where largest is not null and (smallest < largest or unknown_n > 0 or smallest < sampled_n)
