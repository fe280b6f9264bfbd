-- Grain: claim (claim_id): a sentence of a report, and whether the figures still bear it out.
-- depends_on: {{ ref('claims') }}
{{ claims_from({'mart_trend': ref('mart_trend'), 'mart_response': ref('mart_response'), 'mart_comparability': ref('mart_comparability')}) }}
