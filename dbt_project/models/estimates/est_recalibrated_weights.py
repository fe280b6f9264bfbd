# Grain: one row per respondent of a wave and instrument with margins (respondent_key).
# Beside the delivered weight: no estimate of the marts is made with it.
from orchestration.statistics.recalibration import recalibrate


def model(dbt, session):
    dbt.config(materialized="table")
    answers = dbt.ref("est_margin_answers").df()
    margins = dbt.ref("weighting_margins").df()
    policies = dict(dbt.ref("estimation_policies").project("policy_id, value").fetchall())
    bounds = float(policies["recalibration_lower"]), float(policies["recalibration_upper"])
    return recalibrate(answers, margins, *bounds)
