-- Grain: wave x population, as it leaves: numbers rounded, small ones left out.
{{ config(alias='mart_response') }}
-- depends_on: {{ ref('rounding_rules') }}
with judged as (
    select
        response.*,
        'percent' as unit,
        responded_n < coalesce((
            select max(threshold::double) from {{ ref('confidentiality_rules') }} as rules
            where rules.measure = 'n_unweighted' and rules.verdict = 'suppress' and rules.applies_to = populations.disclosure_unit
        ), 0) as is_suppressed
    from {{ ref('mart_response') }} as response
    inner join {{ ref('dim_population') }} as populations using (population_id)
)

select
    wave_id,
    programme_id,
    year,
    population_id,
    population_label_nl,
    (case when not is_suppressed then {{ rounded('invited_n') }} end)::bigint as invited_n,
    (case when not is_suppressed then {{ rounded('responded_n') }} end)::bigint as responded_n,
    round(case when not is_suppressed then {{ rounded('response_rate_pct') }} end, 6)::double as response_rate_pct,
    is_assumed,
    case when is_suppressed then '[c]' end as marker,
    note
from judged
