-- One code for organisations of two layers: two organisations under one number, or one of which the two sides name different layers.
select wave_id, organisation_code, count(distinct coalesce(layer_code, '')) as layers_n
from {{ ref('fct_organisation') }}
group by wave_id, organisation_code
having count(distinct coalesce(layer_code, '')) > 1
