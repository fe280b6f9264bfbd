-- Grain: published figure (figure_id): our value beside what was published, before suppression.
with figures as (
    select
        figures.figure_id,
        figures.kind,
        figures.indicator_id,
        figures.population_id,
        coalesce(figures.breakdown_id, 'total') as breakdown_id,
        coalesce(figures.breakdown_code, 'total') as breakdown_code,
        figures.wave_id,
        figures.base_id,
        figures.unit,
        figures.qualifier,
        try_cast(figures.value as double) as published_value,
        -- A value published in whole points was rounded: half a unit of its last decimal is the tolerance.
        0.5 * 10.0 ** (-length(split_part(figures.value || '.', '.', 2))) as tolerance,
        figures.publication_id,
        figures.is_followed = 'true' as is_followed,
        figures.note
    from {{ ref('published_figures') }} as figures
),

followed as (
    select
        figures.indicator_id, figures.population_id, figures.breakdown_id, figures.breakdown_code, figures.wave_id,
        min(figures.publication_id) as followed_publication_id,
        min(publications.title) as followed_publication_title
    from figures
    left join {{ ref('publications') }} as publications using (publication_id)
    where figures.is_followed
    group by all
),

members as (
    select respondents.wave_id, domains.population_id, domains.breakdown_id, domains.breakdown_code, count(*) as responded_n
    from {{ ref('fct_domain_member') }} as members
    inner join {{ ref('dim_domain') }} as domains using (domain_id)
    inner join {{ ref('fct_respondent') }} as respondents using (respondent_key)
    group by all
),

compared as (
    select
        figures.*,
        publications.title as publication_title,
        followed.followed_publication_id,
        followed.followed_publication_title,
        case
            when figures.kind = 'estimate' then trend.estimate
            when figures.kind = 'response_count' and figures.unit = 'percent' then response.response_rate_pct
            when figures.kind = 'response_count' then members.responded_n
        end::double as our_value,
        trend.publication_status
    from figures
    left join {{ ref('publications') }} as publications using (publication_id)
    left join followed using (indicator_id, population_id, breakdown_id, breakdown_code, wave_id)
    left join {{ ref('mart_trend') }} as trend using (indicator_id, population_id, breakdown_id, breakdown_code, wave_id)
    left join members using (population_id, breakdown_id, breakdown_code, wave_id)
    left join {{ ref('mart_response') }} as response
        on figures.wave_id = response.wave_id
        and figures.population_id = response.population_id
        and figures.breakdown_id = 'total'
),

judged as (
    select
        *,
        our_value - published_value as difference,
        case
            when kind = 'fact' or our_value is null or published_value is null then null
            when qualifier = 'exact' then abs(our_value - published_value) <= tolerance + 1e-9
            when qualifier = 'about' then abs(our_value - published_value) <= (
                select value::double from {{ ref('estimation_policies') }} where policy_id = 'reconciliation_about_tolerance'
            )
            when qualifier = 'more_than' then our_value > published_value
            when qualifier = 'less_than' then our_value < published_value
        end as is_within_rounding
    from compared
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
    published_value::double as published_value,
    our_value,
    difference::double as difference,
    tolerance::double as tolerance,
    is_within_rounding,
    case
        when kind = 'fact' then 'fact'
        when our_value is null then 'not estimated'
        when is_within_rounding then 'met'
        when not is_followed and followed_publication_id is not null then 'other publication followed'
        else 'differs'
    end as status,
    publication_id,
    publication_title,
    is_followed,
    followed_publication_id,
    case
        when kind = 'fact' then coalesce(note, 'a fact about the monitor, not an estimate')
        when is_within_rounding then note
        when not is_followed and followed_publication_id is not null
            then 'follows "' || followed_publication_title || '"' || coalesce('; ' || note, '')
        else note
    end as explanation,
    publication_status
from judged
