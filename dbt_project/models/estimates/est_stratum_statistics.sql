-- Grain: one row per wave, indicator, domain and stratum (wave_id, indicator_id, domain_id, stratum_id).
-- Additive sufficient statistics. Per sampling unit j: a_j = sum of w*(y - m*x) and c_j = sum of w*x, with x = 1 but for a
-- ratio and m the centre of the indicator in its wave, so that the linearised variable of a ratio is z_j = (a_j - R*c_j)/sum(w*x),
-- R the ratio less m. Moments are centred (Welford), never the short form.
with units as (
    select
        wave_id, indicator_id, domain_id, stratum_id,
        {{ term_columns('names') }},
        second_aa, second_ac, second_cc
    from {{ ref('est_unit_statistics') }}
    union all by name
    -- Without clusters the respondent is the unit; no grouping is needed.
    select
        respondents.wave_id,
        facts.indicator_id,
        members.domain_id,
        respondents.stratum_id,
        {{ term_columns('each') }},
        0 as second_aa,
        0 as second_ac,
        0 as second_cc
    from {{ ref('fct_indicator_value') }} as facts
    inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
    inner join {{ ref('fct_domain_member') }} as members using (respondent_key)
    inner join {{ ref('est_centres') }} as centres
        on respondents.wave_id = centres.wave_id
        and facts.indicator_id = centres.indicator_id
    where respondents.weight > 0 and not respondents.is_clustered
)

select
    wave_id,
    indicator_id,
    domain_id,
    stratum_id,
    count(*) as units_n,
    {{ term_columns('groups') }},
    var_pop(a) as a_variance,
    var_pop(c) as c_variance,
    covar_pop(a, c) as ac_covariance,
    sum(second_aa)::double as second_aa,
    sum(second_ac)::double as second_ac,
    sum(second_cc)::double as second_cc
from units
group by wave_id, indicator_id, domain_id, stratum_id
