-- Grain: one row per indicator, domain and stratum (indicator_id, domain_id, stratum_id); a stratum is of one wave.
-- Additive sufficient statistics. Per sampling unit j: a_j = sum of w*(y - m*x) and c_j = sum of w*x, with x = 1 but for a
-- ratio and m the centre of the indicator in its wave, so that the linearised variable of a ratio is z_j = (a_j - R*c_j)/sum(w*x),
-- R the ratio less m. Moments are centred (Welford), never the short form.
with respondents as (
    -- Without clusters the respondent is the unit.
    select
        indicator_id,
        domain_id,
        stratum_id,
        any_value(wave_id) as wave_id,
        count(*) as units_n,
        count(*) as respondents_n,
        count(*) filter (where value is null or denominator is null) as missing_n,
        count(*) filter (where value <> 0) as numerator_n,
        sum(weight) as weight_sum,
        sum(weight * weight) as weight_square_sum,
        sum(weight * value) as y_sum,
        sum(a) as a,
        sum(c) as c,
        sum(a * a / weight) as square_sum,
        sum(value) as value_sum,
        max(value) as value_max,
        var_pop(a) as a_variance,
        var_pop(c) as c_variance,
        covar_pop(a, c) as ac_covariance
    from ({{ unit_terms() }}) as terms
    group by indicator_id, domain_id, stratum_id
),

units as (
    select
        indicator_id,
        domain_id,
        stratum_id,
        count(*) as units_n,
        var_pop(a) as a_variance,
        var_pop(c) as c_variance,
        covar_pop(a, c) as ac_covariance,
        sum(second_aa) as second_aa,
        sum(second_ac) as second_ac,
        sum(second_cc) as second_cc
    from {{ ref('est_unit_statistics') }}
    group by indicator_id, domain_id, stratum_id
)

select
    respondents.* replace (
        {% for name in ['units_n', 'a_variance', 'c_variance', 'ac_covariance'] -%}
        coalesce(units.{{ name }}, respondents.{{ name }}) as {{ name }}{{ ', ' if not loop.last }}
        {%- endfor %}
    ),
    {% for name in ['second_aa', 'second_ac', 'second_cc'] -%}
    coalesce(units.{{ name }}, 0) as {{ name }}{{ ', ' if not loop.last }}
    {%- endfor %}
from respondents
left join units using (indicator_id, domain_id, stratum_id)
