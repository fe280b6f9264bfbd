"""Outcomes of a dbt build as check results, and the sizes of what it made."""

from __future__ import annotations

import duckdb

from orchestration.publication.evidence import CheckResult
from orchestration.settings import Settings
from orchestration.warehouse.build import BuildResult, TestResult

# What dbt says of a test whose model was not made, because something before it failed.
SKIPPED = "skipped"


def dbt_checks(result: BuildResult) -> list[CheckResult]:
    """One result per test, and one per model or seed that could not be made."""
    layers = {model.name: model.schema for model in result.models}
    checks = [
        CheckResult(
            layer=model.schema,
            asset=model.name,
            check="is_built",
            tool="dbt",
            severity="error",
            passed=False,
            observed=model.message or model.status,
            expected="built without an error",
        )
        for model in result.models
        if model.status == "error"
    ]
    return checks + [_as_check(test, layers) for test in result.tests]


def _as_check(test: TestResult, layers: dict[str, str]) -> CheckResult:
    rows = f"{test.failures} rows" if test.failures else ""
    told = ": ".join(part for part in (rows, test.observed) if part) or test.message or test.status
    observed = SKIPPED if test.status == SKIPPED else told
    return CheckResult(
        layer=layers.get(test.model, "marts"),
        asset=test.model or "several models",
        check=test.name,
        tool="dbt",
        severity="flag" if test.severity == "warn" else "error",
        passed=test.status == "pass",
        observed="0 rows" if test.status == "pass" and not test.is_unit_test else observed,
        expected=test.description or ("as in the unit test" if test.is_unit_test else "0 rows"),
    )


def row_counts(settings: Settings) -> dict[tuple[str, str], int]:
    """Rows of every table by (schema, table), from the catalogue: counting them would cost more."""
    if not settings.warehouse.exists():
        return {}
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select schema_name, table_name, estimated_size from duckdb_tables()"
        ).fetchall()
    return {(schema, name): size for schema, name, size in rows}
