-- A variable that the crosswalk names and the file lacks.
select mapped.wave_id, mapped.file_id, mapped.source_variable, mapped.concept_id
from {{ ref('stg_crosswalk_variables') }} as mapped
left join {{ ref('stg_variables') }} as variables using (file_key, source_variable)
where variables.source_variable is null
