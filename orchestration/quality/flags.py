"""Which checks only flag: the registry decides (``quality_flags``), with an owner and an expiry date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from orchestration.publication.evidence import CheckResult, flag_defects


def apply_flags(
    results: Iterable[CheckResult], quality_flags: Iterable[Mapping[str, str]]
) -> list[CheckResult]:
    """The results with the severity, owner and expiry date that ``quality_flags`` gives to their check.

    A row's ``check_id`` is the name of a check, or ``asset.check`` where one name serves several assets.
    """
    rows = {row["check_id"]: row for row in quality_flags}
    decided = []
    for result in results:
        row = rows.get(f"{result.asset}.{result.check}") or rows.get(result.check)
        if row:
            result = replace(
                result,
                severity=row["severity"],
                owner=row["owner"] or None,
                expires_on=row["expires_on"] or None,
            )
        decided.append(result)
    return decided


def blocking_failures(results: Iterable[CheckResult]) -> list[CheckResult]:
    """The failures that stop a release: failed errors, and flags for which nobody answers (any more)."""
    results = list(results)
    failed = [result for result in results if result.severity == "error" and not result.passed]
    return failed + flag_defects(results)
