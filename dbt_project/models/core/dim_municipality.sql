-- Grain: one row per municipality that the register ever had (municipality_code), with the one that it is part of today.
-- A code is followed over every merger and new code, also those in the middle of a year, to the last list of the register. One
-- that was divided is followed to none: nobody can say which of its successors an answer belongs to.
with recursive events as (
    select
        old_code,
        any_value(new_code) as new_code,
        any_value(old_name) as old_name,
        any_value(date) as ended_on,
        count(distinct new_code) as successors_n,
        if(count(distinct new_code) > 1, 'split', any_value(kind)) as end_kind,
        string_agg(distinct new_code, ', ' order by new_code) as successor_codes
    from {{ ref('municipal_mergers') }}
    group by old_code
),

listed as (
    select
        gemeente_code as municipality_code,
        max_by(gemeente_name, cast(year as integer)) as name,
        max_by(province_code, cast(year as integer)) as province_code,
        min(cast(year as integer)) as first_year,
        max(cast(year as integer)) as last_year
    from {{ ref('municipalities') }}
    group by gemeente_code
),

known as (
    -- One that ended on the first day of the first list stands in none.
    select municipality_code, name, province_code, first_year, last_year from listed
    union all
    select old_code, old_name, null, null, null
    from events
    where old_code not in (select municipality_code from listed)
),

followed as (
    select municipality_code, municipality_code as current_code, 0 as steps_n
    from known
    union all
    select followed.municipality_code, events.new_code, followed.steps_n + 1
    from followed
    inner join events on followed.current_code = events.old_code
    where events.successors_n = 1
),

latest as (
    select municipality_code, max_by(current_code, steps_n) as reached_code
    from followed
    group by municipality_code
)

select
    known.municipality_code,
    known.name,
    known.province_code,
    known.first_year,
    known.last_year,
    own.ended_on,
    own.end_kind,
    own.successor_codes,
    if(dissolved.old_code is null, latest.reached_code, null) as current_code,
    reached.name as current_name
from known
inner join latest using (municipality_code)
left join events as own on known.municipality_code = own.old_code
left join events as dissolved on latest.reached_code = dissolved.old_code
left join listed as reached
    on latest.reached_code = reached.municipality_code
    and dissolved.old_code is null
