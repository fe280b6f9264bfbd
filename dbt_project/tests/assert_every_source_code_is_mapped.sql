-- A code or label that the crosswalk does not know: there is no "else" that would swallow it.
select wave_id, file_id, source_variable, source_code, source_label, crosswalk_label, concept_id, mapping_status, answers_n
from {{ ref('hrm_code_map') }}
where mapping_status <> 'mapped'
