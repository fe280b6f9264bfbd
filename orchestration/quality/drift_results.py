"""What the comparison with crosswalk and earlier waves found, as check results of each landed wave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from orchestration.deliveries.problems import Problem
from orchestration.publication.evidence import CheckResult
from orchestration.registry.drift_rows import FLAG_CHECK

if TYPE_CHECKING:
    from orchestration.registry import Drift

PROBLEMS_SHOWN = 8
DRIFT_CHECK = "delivery_means_what_the_registry_says"


def drift_checks(drift: Drift, waves: Iterable[str]) -> list[CheckResult]:
    """One result for each of ``waves``, failed where an error is about it; one more where there are flags.

    A flag carries owner and expiry of the row ``drift_to_judge`` of ``quality_flags``; without it, it blocks.
    """
    results = []
    for wave in sorted({*waves, *drift.waves}):
        errors = [problem for problem in drift.errors if problem.wave_id == wave]
        results.append(_as_check(wave, DRIFT_CHECK, "error", errors, _measured(drift, wave)))
        if flags := [problem for problem in drift.flags if problem.wave_id == wave]:
            results.append(_as_check(wave, FLAG_CHECK, "flag", flags))
    return results


def told_flag(problem: Problem) -> str:
    """A finding that does not stop a wave, as text for a person."""
    return str(problem).replace("error[", "flag[", 1)


def _measured(drift: Drift, wave: str) -> str:
    """How many questions were compared, and how near to its bound each rule with one came."""
    nearest = [
        f"{kind}: {found.told}, {found.compared_n} compared"
        for (wave_id, kind), found in sorted(drift.nearest.items())
        if wave_id == wave
    ]
    count = drift.accepted.get(wave, 0)
    accepted = [f"{count} accepted in registry/accepted_drift.csv"] if count else []
    return "; ".join([f"no drift in {drift.questions.get(wave, 0)} questions", *accepted, *nearest])


def _as_check(
    wave: str, check: str, severity: str, problems: Sequence[Problem], measured: str = ""
) -> CheckResult:
    told = [f"{problem.place}: {problem.kind}: {problem.message}" for problem in problems[:PROBLEMS_SHOWN]]
    more = len(problems) - PROBLEMS_SHOWN
    return CheckResult(
        layer="landing",
        asset=wave,
        check=check,
        tool="python",
        severity=severity,
        passed=not problems,
        observed="; ".join([*told, *([f"and {more} more"] if more > 0 else [])]) or measured,
        expected="labels, questions, weights and shares as the registry and the earlier waves have them",
    )
