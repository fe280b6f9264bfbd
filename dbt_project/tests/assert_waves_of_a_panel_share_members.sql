-- Two waves that name the same panel and have nobody in common name two panels, or write the numbers of members in two ways.
with waves as (
    select distinct respondents.wave_id, respondents.instrument_id, deliveries.panel, waves.wave_order
    from {{ ref('fct_respondent') }} as respondents
    inner join {{ ref('stg_deliveries') }} as deliveries using (file_key)
    inner join {{ ref('dim_wave') }} as waves on respondents.wave_id = waves.wave_id
    where respondents.panel_key is not null
),

steps as (
    select *, lag(wave_id) over (partition by panel, instrument_id order by wave_order) as earlier_wave_id
    from waves
)

select wave_id, earlier_wave_id, instrument_id, panel
from steps
where earlier_wave_id is not null
    and not exists (
        select 1
        from {{ ref('fct_respondent') }} as later
        inner join {{ ref('fct_respondent') }} as earlier using (panel_key, instrument_id)
        where later.wave_id = steps.wave_id and earlier.wave_id = steps.earlier_wave_id
    )
