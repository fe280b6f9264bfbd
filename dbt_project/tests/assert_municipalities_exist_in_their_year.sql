-- A municipality that answers in a wave before it existed, or after it ended: a wrong code, or an old list of addresses. The lists
-- are of the first of January; what changes during a year may be delivered under either code.
select organisations.wave_id, organisations.organisation_code, municipalities.name, municipalities.first_year, municipalities.last_year
from {{ ref('fct_organisation') }} as organisations
inner join {{ ref('dim_wave') }} as waves using (wave_id)
inner join {{ ref('dim_municipality') }} as municipalities
    on organisations.organisation_code = municipalities.municipality_code
    and organisations.municipality_name is not null
where waves.year < municipalities.first_year - 1
    or waves.year > coalesce(municipalities.last_year, year(cast(municipalities.ended_on as date)))
