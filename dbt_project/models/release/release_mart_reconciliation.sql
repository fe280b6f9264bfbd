-- Grain: published figure (figure_id), as it leaves: judged before suppression, shown after it.
{{ config(alias='mart_reconciliation') }}
with shown as (
    select
        reconciliation.*,
        trend.estimate as released_estimate,
        response.responded_n as released_n,
        response.response_rate_pct as released_rate
    from {{ ref('mart_reconciliation') }} as reconciliation
    left join {{ ref('release_mart_trend') }} as trend using (indicator_id, population_id, breakdown_id, breakdown_code, wave_id)
    left join {{ ref('release_mart_response') }} as response
        on reconciliation.wave_id = response.wave_id
        and reconciliation.population_id = response.population_id
        and reconciliation.breakdown_id = 'total'
),

valued as (
    select
        *,
        case
            when kind = 'estimate' then released_estimate
            when kind = 'response_count' and unit = 'percent' then released_rate
            when kind = 'response_count' then released_n
        end::double as shown_value
    from shown
)

select
    figure_id,
    kind,
    indicator_id,
    population_id,
    breakdown_id,
    breakdown_code,
    wave_id,
    base_id,
    unit,
    qualifier,
    published_value,
    shown_value as our_value,
    round(case when kind = 'estimate' then shown_value - published_value end, 6) as difference,
    tolerance,
    -- "Met" beside a published value would give a suppressed one away to within its rounding.
    if(shown_value is null, null, is_within_rounding) as is_within_rounding,
    case
        when shown_value is null and our_value is not null and is_within_rounding then 'reconciled, not shown'
        when shown_value is null and our_value is not null then status || ', not shown'
        else status
    end as status,
    publication_id,
    publication_title,
    is_followed,
    followed_publication_id,
    explanation
from valued
