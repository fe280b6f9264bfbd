-- A member of a panel is one respondent of a wave, also over the files of an instrument: twice would count as two shared units.
select wave_id, instrument_id, count(*) as members_n
from (
    select wave_id, instrument_id
    from {{ ref('fct_respondent') }}
    where panel_key is not null
    group by wave_id, instrument_id, panel_key
    having count(*) > 1
) as repeated
group by wave_id, instrument_id
