-- What a reader of a release meets in its tables stands in the dictionary that comes with it. An id is an entry of its own
-- type; a code stands under the column that has it. A code that is lacking is a row of vocabulary/column_codes.csv.
{% set ids = {
    'indicator_id': 'indicator', 'theme': 'theme', 'block': 'block', 'population_id': 'population', 'breakdown_id': 'breakdown',
    'programme_id': 'programme', 'wave_id': 'wave', 'base_id': 'base', 'break_id': 'break', 'change_family_id': 'family',
    'instrument_id': 'instrument', 'publication_status': '', 'reason_code': '', 'change_direction': '', 'obs_status': '',
    'conf_status': '', 'statistic': '', 'unit': '', 'ci_method': '', 'asked': '', 'not_asked_of': '', 'break_effect': '',
    'break_kind': '', 'granularity': '', 'verdict': '', 'status': '', 'kind': '', 'qualifier': '',
    'action': '', 'compared_with_next': '', 'part': '', 'verb': '', 'comparability': '', 'rule': '', 'previous_status': '',
} %}
{% set tables = {
    'release_mart_trend': ['indicator_id', 'theme', 'block', 'population_id', 'breakdown_id', 'programme_id', 'wave_id', 'base_id',
        'break_id', 'change_family_id', 'publication_status', 'reason_code', 'change_direction', 'obs_status', 'conf_status',
        'statistic', 'unit', 'ci_method'],
    'release_mart_comparability': ['indicator_id', 'theme', 'block', 'population_id', 'programme_id', 'wave_id', 'break_id',
        'instrument_id', 'asked', 'not_asked_of', 'break_effect', 'break_kind', 'granularity'],
    'release_mart_claims': ['wave_id', 'verdict'],
    'release_mart_deliveries': ['wave_id', 'programme_id', 'instrument_id', 'compared_with_next'],
    'release_mart_corrections': ['wave_id', 'programme_id', 'instrument_id', 'action'],
    'release_mart_lineage': ['indicator_id', 'wave_id', 'instrument_id', 'part', 'verb', 'comparability'],
    'release_mart_lineage_codes': ['verb', 'rule'],
    'release_mart_revisions': ['previous_status'],
    'release_mart_reconciliation': ['status', 'kind', 'qualifier', 'unit'],
} %}
with met as (
    {% for table, columns in tables.items() %}{% for column in columns %}
    select distinct {{ quoted_text(column) }} as column_name, {{ quoted_text(ids[column]) }} as entry_type, {{ column }}::varchar as met
    from {{ ref(table) }}
    where {{ column }} is not null
    union
    {% endfor %}{% endfor %}
    -- A marker may hold several signs; what is left of it when they are taken away has no meaning.
    select 'marker', '', unnest(regexp_extract_all(marker, '\[\w+\]') || [nullif(regexp_replace(marker, '\[\w+\]', '', 'g'), '')])
    from {{ ref('release_mart_trend') }}
    where marker is not null
)

select met.column_name, met.met
from met
left join {{ ref('release_mart_dictionary') }} as entries
    on met.met = entries.entry_id
    and if(met.entry_type = '', entries.entry_type = 'code' and entries.parent_id = met.column_name, entries.entry_type = met.entry_type)
where met.met is not null and entries.entry_id is null
