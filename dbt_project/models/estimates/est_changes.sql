-- Grain: one row per wave, indicator and domain with an earlier comparable wave (wave_id, indicator_id, domain_id).
-- Independent samples, or of one panel: Var = V1 + V2 - 2 Cov. Satterthwaite's degrees of freedom, or the sum of both; units
-- that are in both samples count once. p-values adjusted over the families of the registry, by Holm against one false
-- "changed" in a family and by Benjamini and Hochberg against a share of them.
with policy as (
    select
        1 - (1 - cast(any_value(value) filter (where policy_id = 'confidence_level') as double)) / 2 as upper_probability,
        cast(any_value(value) filter (where policy_id = 'stable_alpha') as double) as alpha,
        any_value(value) filter (where policy_id = 'change_df') as df_rule,
        any_value(value) filter (where policy_id = 'multiple_testing') as multiple_testing
    from {{ ref('estimation_policies') }}
),

steps as (
    select
        current_wave.wave_id,
        current_wave.indicator_id,
        current_wave.domain_id,
        comparability.comparable_wave_id,
        domains.population_id,
        domains.breakdown_id,
        indicators.family_id,
        current_wave.estimate - earlier_wave.estimate as change,
        case
            -- greatest() passes over what is missing, and zero would be no error at all.
            when current_wave.standard_error is not null and earlier_wave.standard_error is not null
                and not coalesce(panel.is_unknown, false)
            then sqrt(greatest(
                current_wave.standard_error ** 2 + earlier_wave.standard_error ** 2 - 2 * coalesce(panel.covariance, 0), 0))
        end as change_standard_error,
        coalesce(panel.shared_units_n, 0) as shared_units_n,
        -- At 0 and 100 % the linearised error is zero without being known; of a census it is zero and known.
        (current_wave.standard_error > 0 or current_wave.is_census)
        and (earlier_wave.standard_error > 0 or earlier_wave.is_census) as is_testable,
        policy.df_rule,
        (current_wave.standard_error ** 2 + earlier_wave.standard_error ** 2) ** 2 / (
            if(current_wave.standard_error = 0, 0, current_wave.standard_error ** 4 / current_wave.degrees_of_freedom)
            + if(earlier_wave.standard_error = 0, 0, earlier_wave.standard_error ** 4 / earlier_wave.degrees_of_freedom)
        ) as satterthwaite_df,
        current_wave.degrees_of_freedom + earlier_wave.degrees_of_freedom - coalesce(panel.shared_degrees_of_freedom, 0) as summed_df
    from {{ ref('est_cells') }} as current_wave
    cross join policy
    inner join {{ ref('dim_domain') }} as domains using (domain_id)
    inner join {{ ref('dim_indicator') }} as indicators using (indicator_id)
    inner join {{ ref('est_comparability') }} as comparability
        on current_wave.indicator_id = comparability.indicator_id
        and domains.population_id = comparability.population_id
        and current_wave.wave_id = comparability.wave_id
    inner join {{ ref('est_cells') }} as earlier_wave
        on comparability.comparable_wave_id = earlier_wave.wave_id
        and current_wave.indicator_id = earlier_wave.indicator_id
        and current_wave.domain_id = earlier_wave.domain_id
    left join {{ ref('est_panel_covariances') }} as panel
        on current_wave.wave_id = panel.wave_id
        and earlier_wave.wave_id = panel.earlier_wave_id
        and current_wave.indicator_id = panel.indicator_id
        and current_wave.domain_id = panel.domain_id
),

with_df as (
    -- Satterthwaite's holds for independent samples: of one panel it is bounded by the units that there are.
    select
        *,
        cast(case df_rule
            when 'sum' then summed_df
            when 'satterthwaite' then if(shared_units_n > 0, least(satterthwaite_df, summed_df), satterthwaite_df)
        end as double) as change_df
    from steps
),

tested as (
    select
        with_df.*,
        policy.alpha,
        policy.multiple_testing,
        case when is_testable and change_standard_error > 0 then
            student_t_quantile(policy.upper_probability, change_df) * change_standard_error end as half_width,
        case when is_testable and change_standard_error > 0 then
            student_t_two_sided_p(change / change_standard_error, change_df) end as p_value
    from with_df
    cross join policy
),

ranked as (
    -- A family: the changes of one family of indicators, in one wave, population and breakdown.
    select
        *,
        row_number() over family_order as p_rank,
        count(p_value) over (partition by family_id, wave_id, population_id, breakdown_id) as family_size
    from tested
    window family_order as (
        partition by family_id, wave_id, population_id, breakdown_id order by p_value nulls last, indicator_id, domain_id
    )
),

adjusted as (
    select
        *,
        case when p_value is not null then least(1.0, max((family_size - p_rank + 1) * p_value) over (
            partition by family_id, wave_id, population_id, breakdown_id order by p_rank
        )) end as p_holm,
        case when p_value is not null then least(1.0, min(family_size / p_rank * p_value) over (
            partition by family_id, wave_id, population_id, breakdown_id order by p_rank
            rows between current row and unbounded following
        )) end as p_benjamini_hochberg
    from ranked
),

chosen as (
    select *, if(multiple_testing = 'holm', p_holm, p_benjamini_hochberg) as p_adjusted
    from adjusted
)

select
    wave_id,
    indicator_id,
    domain_id,
    comparable_wave_id,
    change,
    change_standard_error,
    change_df,
    shared_units_n,
    change - half_width as change_ci_low,
    change + half_width as change_ci_high,
    p_value,
    p_holm,
    p_benjamini_hochberg,
    p_adjusted,
    case
        when p_value is null then 'not_tested'
        when p_adjusted >= alpha then 'stable'
        when change > 0 then 'up'
        else 'down'
    end as change_direction
from chosen
