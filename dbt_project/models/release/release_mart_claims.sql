-- Grain: claim (claim_id), judged on the released figures; without a figure there is no verdict.
{{ config(alias='mart_claims') }}
-- depends_on: {{ ref('claims') }}
{{ claims_from({'mart_trend': ref('release_mart_trend'), 'mart_response': ref('release_mart_response'), 'mart_comparability': ref('mart_comparability')}) }}
