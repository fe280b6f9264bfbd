-- Grain: one row per wave, indicator and domain that was asked (wave_id, indicator_id, domain_id): may the cell be published?
-- Two rule tables decide: confidentiality first, then reliability; the first rule that holds gives the verdict.
-- A cell with nobody in its base has a count below every threshold: left out, it would say that nobody met what the base asks.
with response as (
    select wave_id, population_id, sum(invited_n) as invited_n
    from {{ ref('fct_invitation') }}
    group by all
),

members as (
    select respondents.wave_id, members.domain_id, count(*) as members_n
    from {{ ref('fct_domain_member') }} as members
    inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
    group by all
),

empty as (
    select account.wave_id, account.indicator_id, account.domain_id
    from {{ ref('est_base_account') }} as account
    inner join {{ ref('dim_domain') }} as domains using (domain_id)
    inner join {{ ref('est_comparability') }} as comparability
        on account.indicator_id = comparability.indicator_id
        and domains.population_id = comparability.population_id
        and account.wave_id = comparability.wave_id
        and comparability.is_asked
    group by all
    having not bool_or(account.reason = 'in_base')
),

estimated as (
    select
        cells.wave_id,
        cells.indicator_id,
        cells.domain_id,
        domains.population_id,
        domains.breakdown_id,
        populations.parent_population_id,
        populations.disclosure_unit,
        cells.statistic,
        cells.respondents_n::double as n_unweighted,
        cells.effective_n as n_effective,
        case when indicators.is_count_of_codes then cells.numerator_n::double end as numerator_n,
        case when indicators.is_count_of_codes then cells.complement_n::double end as complement_n,
        -- A sum or a mean of numbers is made by the units that contribute to it.
        case when not indicators.is_count_of_codes then cells.numerator_n::double end as contributors_n,
        case when not indicators.is_count_of_codes and cells.value_sum > 0 then 100 * cells.value_max / cells.value_sum end as dominance_share,
        case when indicators.unit = 'percent' then 100 * cells.estimate end as estimate,
        case when indicators.unit = 'percent' then 100 * (cells.ci_high - cells.ci_low) end as ci_width,
        case when indicators.unit = 'percent' and cells.estimate > 0
            then 100 * (cells.ci_high - cells.ci_low) / cells.estimate end as ci_relative_width,
        case when indicators.unit <> 'percent' and cells.estimate <> 0
            then 100 * cells.standard_error / abs(cells.estimate) end as relative_standard_error,
        cells.degrees_of_freedom::double as degrees_of_freedom,
        case when cells.standard_error is null then 1.0 else 0.0 end as no_standard_error,
        -- Nobody or everybody of a group gave a sensitive answer: how much of the group answered (unknown frame: all of it).
        case when indicators.is_count_of_codes and indicators.is_sensitive and (cells.numerator_n = 0 or cells.complement_n = 0)
            then 100 * coalesce(members.members_n / nullif(response.invited_n, 0), 1) end as group_disclosure_share
    from {{ ref('est_intervals') }} as cells
    inner join {{ ref('dim_domain') }} as domains using (domain_id)
    inner join {{ ref('dim_population') }} as populations using (population_id)
    inner join {{ ref('dim_indicator') }} as indicators using (indicator_id)
    left join members using (wave_id, domain_id)
    left join response
        on cells.wave_id = response.wave_id
        and domains.population_id = response.population_id
        and domains.breakdown_id = 'total'
),

measured as (
    select * from estimated
    union all by name
    select
        empty.*,
        domains.population_id,
        domains.breakdown_id,
        populations.parent_population_id,
        populations.disclosure_unit,
        0.0::double as n_unweighted
    from empty
    inner join {{ ref('dim_domain') }} as domains using (domain_id)
    inner join {{ ref('dim_population') }} as populations using (population_id)
),

measures as (
    unpivot measured
    on n_unweighted, n_effective, numerator_n, complement_n, contributors_n, dominance_share, estimate, ci_width,
        ci_relative_width, relative_standard_error, no_standard_error, degrees_of_freedom, group_disclosure_share
    into name measure value value
),

rules as (
    select 1 as rule_table, *, cast(sort_order as integer) as rule_order from {{ ref('confidentiality_rules') }}
    union all by name
    select 2 as rule_table, *, cast(sort_order as integer) as rule_order from {{ ref('reliability_rules') }}
),

hits as (
    select
        measures.wave_id,
        measures.indicator_id,
        measures.domain_id,
        rules.rule_table,
        rules.rule_order,
        rules.rule_id,
        rules.verdict,
        rules.marker,
        rules.reason_code
    from measures
    inner join rules
        on measures.measure = rules.measure
        and measures.disclosure_unit = rules.applies_to
        -- Sums of weights differ in their last digits with the order of summation; a verdict must not.
        and case rules.operator
            when '<' then round(measures.value, 9) < rules.threshold::double
            when '<=' then round(measures.value, 9) <= rules.threshold::double
            when '>' then round(measures.value, 9) > rules.threshold::double
            when '>=' then round(measures.value, 9) >= rules.threshold::double
            when '=' then round(measures.value, 9) = rules.threshold::double
        end
),

verdicts as (
    select
        wave_id,
        indicator_id,
        domain_id,
        -- "publish" in the reliability table ends the width tests; it never lifts a confidentiality verdict.
        arg_min({'verdict': verdict, 'marker': marker, 'reason_code': reason_code}, rule_table * 1000 + rule_order)
            filter (where verdict in ('suppress', 'publish')) as decision,
        arg_min({'verdict': verdict, 'marker': marker, 'reason_code': reason_code}, rule_table * 1000 + rule_order)
            filter (where verdict = 'flag') as flag
    from hits
    group by all
),

primary_verdict as (
    select
        measured.wave_id,
        measured.indicator_id,
        measured.domain_id,
        measured.population_id,
        measured.parent_population_id,
        measured.breakdown_id,
        coalesce(verdicts.decision.verdict = 'suppress', false) as is_suppressed,
        verdicts.decision.marker as suppress_marker,
        verdicts.decision.reason_code as suppress_reason,
        verdicts.flag.marker as flag_marker,
        verdicts.flag.reason_code as flag_reason
    from measured
    left join verdicts using (wave_id, indicator_id, domain_id)
),

-- Until single cells are protected by secondary suppression, a breakdown goes whole or not at all, in three steps.
broken as (
    -- 1. One suppressed cell takes the breakdown of its population with it.
    select
        *,
        bool_or(is_suppressed) over breakdown_cells as has_suppressed_cell,
        bool_or(is_suppressed and suppress_marker = '[c]') over breakdown_cells as has_confidential_cell
    from primary_verdict
    window breakdown_cells as (partition by wave_id, indicator_id, population_id, breakdown_id)
),

beside as (
    -- 2. Populations are parts of their parent: a confidential one follows from the parent and its siblings by subtraction.
    select
        *,
        parent_population_id is not null and bool_or(has_confidential_cell) over (
            partition by wave_id, indicator_id, parent_population_id, breakdown_id
        ) as is_beside_confidential
    from broken
),

withheld as (
    -- 3. The parts of a whole that is withheld add up to it.
    select
        *,
        bool_or(breakdown_id = 'total' and (is_suppressed or is_beside_confidential)) over whole as is_part_of_withheld,
        bool_or(breakdown_id = 'total' and (has_confidential_cell or is_beside_confidential)) over whole as is_part_of_confidential
    from beside
    window whole as (partition by wave_id, indicator_id, population_id)
),

decided as (
    select
        *,
        case
            when is_suppressed then suppress_reason
            when has_suppressed_cell then 'breakdown_withheld'
            when is_beside_confidential then 'sibling_confidential'
            when is_part_of_withheld then 'total_withheld'
        end as withheld_reason,
        -- Withheld for its own sake, to protect a confidential cell, or because it would be read beside an unreliable one.
        case
            when is_suppressed then suppress_marker
            when has_confidential_cell or is_beside_confidential or is_part_of_confidential then '[c]'
            when has_suppressed_cell or is_part_of_withheld then '[u]'
        end as withheld_marker
    from withheld
)

select
    wave_id,
    indicator_id,
    domain_id,
    case
        when withheld_reason is not null then 'suppress'
        when flag_marker is not null or flag_reason is not null then 'flag'
        else 'publish'
    end as publication_status,
    coalesce(withheld_marker, flag_marker) as marker,
    coalesce(withheld_reason, flag_reason) as reason_code,
    -- SDMX CL_CONF_STATUS: C confidential, D protects a confidential cell, F free.
    case
        when withheld_marker is distinct from '[c]' then 'F'
        when is_suppressed then 'C'
        else 'D'
    end as conf_status
from decided
