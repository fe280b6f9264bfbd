-- A word that the code lists lack, or a place that the templates do not know, would be read by a minister.
select headline_id, wave_id, text_nl, text_en
from {{ ref('mart_headlines') }}
where contains(coalesce(text_nl, '{'), '{') or contains(coalesce(text_en, '{'), '{')
