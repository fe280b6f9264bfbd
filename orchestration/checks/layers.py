"""The gates of the layers: three Great Expectations suites, the crosswalk, and the audit of the warehouse."""

from __future__ import annotations

import dagster as dg

from orchestration.assets.landing import REGISTER
from orchestration.checks.blocking import blocking_check
from orchestration.publication.evidence import CheckResult
from orchestration.resources import WarehouseRun

ANSWERS = dg.AssetKey(["core", "fct_answer"])
TREND = dg.AssetKey(["marts", "mart_trend"])


def layer_checks() -> list[dg.AssetChecksDefinition]:
    """All gates besides the dbt tests. The assets that they hang on are upstream of ``publish``."""
    return [
        blocking_check(
            "landing_suite",
            REGISTER,
            _suite("landing"),
            "Great Expectations on every landed file: rows, keys, weights.",
        ),
        blocking_check(
            "crosswalk",
            REGISTER,
            _crosswalk,
            "Every code and label of the codebooks against the crosswalk, both ways.",
        ),
        blocking_check(
            "drift",
            REGISTER,
            _drift,
            "Every delivery against the crosswalk and the waves before it: does it still mean the same?",
        ),
        blocking_check(
            "core_suite",
            ANSWERS,
            _suite("core"),
            "Great Expectations on core: keys, missing answers, populations.",
        ),
        blocking_check(
            "marts_suite",
            TREND,
            _suite("marts"),
            "Great Expectations on the marts: ranges, intervals, changes.",
        ),
        blocking_check(
            "warehouse_checks",
            TREND,
            _audit,
            "Python checks of the finished warehouse from raw/ to the release tables.",
        ),
    ]


def _suite(layer: str):
    def run_suites(run: WarehouseRun) -> list[CheckResult]:
        from orchestration.quality.suites import run_layer

        return run_layer(run.settings, layer)

    return run_suites


def _crosswalk(run: WarehouseRun) -> list[CheckResult]:
    from orchestration.deliveries import load_register
    from orchestration.deliveries.access_log import record_access
    from orchestration.quality.crosswalk_results import crosswalk_checks
    from orchestration.registry import compare_landing

    record_access(run.settings.home, "crosswalk", (), ("answers", "variables", "values", "delivery"))
    problems = compare_landing(run.registry, run.settings.landing)
    # The evidence holds one line a wave; whoever has to mend it wants each place and its remedy.
    run.problems += [str(problem) for problem in problems]
    waves = {row["wave_id"] for row in load_register(run.settings).deliveries}
    return crosswalk_checks(problems, waves)


def _drift(run: WarehouseRun) -> list[CheckResult]:
    from orchestration.deliveries import load_register
    from orchestration.deliveries.register import landed_folders
    from orchestration.quality.drift_results import drift_checks
    from orchestration.registry import compare_drift

    found = compare_drift(run.registry, landed_folders(run.settings.landing))
    run.problems += [str(problem) for problem in found.errors]
    return drift_checks(found, {row["wave_id"] for row in load_register(run.settings).deliveries})


def _audit(run: WarehouseRun) -> list[CheckResult]:
    from orchestration.warehouse.audit import audit_warehouse

    return audit_warehouse(run.settings, run.registry)
