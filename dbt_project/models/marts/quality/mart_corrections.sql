-- Grain: wave x delivered file x version x correction x source variable: every accepted correction, those of superseded versions too.
with touched as (
    -- A variable may play several parts for an indicator, and rows that were left out touch all of them.
    select
        corrections.file_key,
        corrections.correction_id,
        corrections.source_variable,
        count(distinct lineage.indicator_id) as indicators_n
    from {{ ref('dim_correction') }} as corrections
    inner join {{ ref('mart_lineage') }} as lineage
        on corrections.wave_id = lineage.wave_id
        and corrections.file_id = lineage.file_id
        and (corrections.is_of_every_figure or corrections.source_variable = lineage.source_variable)
    where corrections.is_applied
    group by all
)

select
    corrections.wave_id,
    deliveries.programme_id,
    deliveries.instrument_id,
    corrections.file_id,
    corrections.delivery_version,
    corrections.position,
    corrections.correction_id,
    corrections.source_variable,
    corrections.action,
    corrections.is_applied,
    coalesce(touched.indicators_n, 0)::integer as indicators_n,
    corrections.rows_matched_n,
    corrections.rows_changed_n,
    corrections.reason,
    corrections.source,
    corrections.decided_on
from {{ ref('dim_correction') }} as corrections
inner join {{ ref('dim_delivery') }} as deliveries using (file_key)
left join touched
    on corrections.file_key = touched.file_key
    and corrections.correction_id = touched.correction_id
    and corrections.source_variable is not distinct from touched.source_variable
