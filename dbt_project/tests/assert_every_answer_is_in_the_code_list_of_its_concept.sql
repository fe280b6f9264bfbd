-- A code that is another concept's: the variable feeds several, and the row of the crosswalk was meant for one of them.
select map.wave_id, map.file_id, map.source_variable, map.concept_id, map.source_code, map.answer_code
from {{ ref('hrm_code_map') }} as map
inner join {{ ref('concepts') }} as concepts using (concept_id)
left join {{ ref('codelists') }} as codelists
    on concepts.codelist_id = codelists.codelist_id
    and map.answer_code = codelists.code
where map.answer_code is not null
    and concepts.codelist_id is not null
    and codelists.code is null
