-- Grain: one row per code of a code list (codelist_id, code): of answers, of the columns of the marts, of the rules.
-- What the registry words itself goes before the words of the program; a code that only a rule has comes without labels.
with told as (
    select codelist_id, code, label_nl, label_en, null::varchar as description, sort_order, 1 as precedence
    from {{ ref('codelists') }}
    union all
    select codelist_id, code, label_nl, label_en, description, sort_order, 2
    from {{ ref('column_codes') }}
    union all
    select 'reason_code', reason_code, null, null, null, null, 3 from {{ ref('confidentiality_rules') }}
    union all
    select 'reason_code', reason_code, null, null, null, null, 3 from {{ ref('reliability_rules') }}
    union all
    select 'marker', marker, null, null, null, null, 3 from {{ ref('confidentiality_rules') }}
    union all
    select 'marker', marker, null, null, null, null, 3 from {{ ref('reliability_rules') }}
),

reasons as (
    select reason_code, string_agg(distinct reason, '; ' order by reason) as note
    from (
        select reason_code, reason from {{ ref('confidentiality_rules') }}
        union all
        select reason_code, reason from {{ ref('reliability_rules') }}
    )
    group by all
)

select
    told.codelist_id,
    told.code,
    min_by(told.label_nl, told.precedence) as label_nl,
    min_by(told.label_en, told.precedence) as label_en,
    min_by(told.description, told.precedence) as description,
    any_value(reasons.note) as note,
    cast(min_by(told.sort_order, told.precedence) as integer) as sort_order
from told
left join reasons
    on told.codelist_id = 'reason_code'
    and told.code = reasons.reason_code
where told.code is not null
group by told.codelist_id, told.code
