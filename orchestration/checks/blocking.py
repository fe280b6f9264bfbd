"""One shape for all gates: compute results, record them as evidence, block what lies downstream."""

# No postponed annotations: Dagster reads the type of `context` while it decorates.
from collections.abc import Callable

import dagster as dg

from orchestration.assets import markdown
from orchestration.publication.evidence import CheckResult
from orchestration.publication.gate import describe_check
from orchestration.quality.flags import blocking_failures
from orchestration.resources import WAREHOUSE, WarehouseRun, run_of

FAILURES_SHOWN = 40


def blocking_check(
    name: str, asset: dg.AssetKey, compute: Callable[[WarehouseRun], list[CheckResult]], description: str
) -> dg.AssetChecksDefinition:
    """An asset check of that name on ``asset``, whose results are the evidence of the producer ``name``."""

    @dg.asset_check(
        asset=asset,
        name=name,
        blocking=True,
        description=description,
        required_resource_keys={WAREHOUSE},
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        run = run_of(context)
        with run.step(name) as step:
            results = run.record(name, compute(run))
            step.has_failed = bool(blocking_failures(results))
        for result in blocking_failures(results):
            context.log.error(describe_check(result))
        return as_check_result(results)

    return check


def as_check_result(results: list[CheckResult]) -> dg.AssetCheckResult:
    """The results of one producer as one Dagster check: an error if one blocks, a warning if one flags."""
    failed = [result for result in results if not result.passed]
    blocking = blocking_failures(results)
    shown = [
        (result.asset, result.check, result.severity, result.observed, result.expected)
        for result in (blocking or failed)[:FAILURES_SHOWN]
    ]
    metadata: dict[str, object] = {"checked": len(results), "failed": len(failed), "blocking": len(blocking)}
    if shown:
        header = ("asset", "check", "severity", "observed", "expected")
        metadata["failures"] = dg.MetadataValue.md(markdown.table(header, shown))
    return dg.AssetCheckResult(
        passed=not failed and not blocking,
        severity=dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )
