-- Grain: cell x release whose value was replaced (indicator, population, breakdown, value, wave, replaced release).
-- The ledger of every cell ever published is the input; the last value of a cell is the one of this release.
{{ config(alias='mart_revisions') }}
{% set ledger = env_var('PEILSTOK_HOME', '../warehouse') ~ '/published/ledger.parquet' %}
{% set has_ledger = execute and (run_query("select count(*) as n from glob('" ~ ledger ~ "')").rows[0]['n'] | int) > 0 %}
with history as (
    {% if has_ledger %}
    select release_sequence, release_id, indicator_id, population_id, breakdown_id, breakdown_code, wave_id, estimate, publication_status
    from read_parquet('{{ ledger }}')
    union all
    {% endif %}
    select
        {{ "(select max(release_sequence) + 1 from read_parquet('" ~ ledger ~ "'))" if has_ledger else '1' }} as release_sequence,
        null::varchar as release_id,
        indicator_id, population_id, breakdown_id, breakdown_code, wave_id, estimate, publication_status
    from {{ ref('release_mart_trend') }}
),

releases as (
    select distinct release_sequence, release_id from history
),

cells as (
    select distinct indicator_id, population_id, breakdown_id, breakdown_code, wave_id from history
),

sequence as (
    select
        cells.*,
        releases.release_sequence,
        history.estimate,
        coalesce(history.publication_status, 'absent') as publication_status,
        lag(releases.release_id) over cell_order as replaces_release_id,
        lag(releases.release_sequence) over cell_order as replaced_sequence,
        lag(history.estimate) over cell_order as previous_estimate,
        lag(coalesce(history.publication_status, 'absent')) over cell_order as previous_status
    from cells
    cross join releases
    left join history
        on cells.indicator_id = history.indicator_id
        and cells.population_id = history.population_id
        and cells.breakdown_id = history.breakdown_id
        and cells.breakdown_code = history.breakdown_code
        and cells.wave_id = history.wave_id
        and releases.release_sequence = history.release_sequence
    window cell_order as (
        partition by cells.indicator_id, cells.population_id, cells.breakdown_id, cells.breakdown_code, cells.wave_id
        order by releases.release_sequence
    )
)

select
    indicator_id,
    population_id,
    breakdown_id,
    breakdown_code,
    wave_id,
    replaces_release_id,
    -- What is withheld now is not repeated.
    case when publication_status in ('publish', 'flag') then previous_estimate end as previous_estimate,
    previous_status,
    estimate,
    publication_status
from sequence
where replaced_sequence is not null
    and (estimate is distinct from previous_estimate or publication_status is distinct from previous_status)
