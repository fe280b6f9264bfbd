-- Grain: wave x delivered file x version x correction x source variable, as it leaves: numbers of rows rounded, small ones left out.
{{ config(alias='mart_corrections') }}
-- depends_on: {{ ref('rounding_rules') }}
with judged as (
    select
        corrections.*,
        null::varchar as unit,
        -- Whoever is in a file may be a person, whatever it is about: the strictest bound of all.
        coalesce((
            select max(threshold::double) from {{ ref('confidentiality_rules') }} where measure = 'n_unweighted' and verdict = 'suppress'
        ), 0) as least_n
    from {{ ref('mart_corrections') }} as corrections
)

select
    wave_id,
    programme_id,
    instrument_id,
    file_id,
    delivery_version,
    position,
    correction_id,
    source_variable,
    action,
    is_applied,
    indicators_n,
    (case when rows_matched_n >= least_n then {{ rounded('rows_matched_n') }} end)::bigint as rows_matched_n,
    (case when rows_changed_n >= least_n then {{ rounded('rows_changed_n') }} end)::bigint as rows_changed_n,
    reason,
    source,
    decided_on
from judged
