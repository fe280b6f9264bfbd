"""The comparison of landed files with the crosswalk as check results, one per landed wave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestration.deliveries.problems import Problem
from orchestration.publication.evidence import CheckResult

PROBLEMS_SHOWN = 8
CROSSWALK_CHECK = "crosswalk_knows_every_code_and_label"


def crosswalk_checks(problems: Sequence[Problem], waves: Iterable[str]) -> list[CheckResult]:
    """One result for each of ``waves``, failed where a problem is about it; problems elsewhere count too."""
    of_wave: dict[str, list[Problem]] = {wave: [] for wave in waves}
    for problem in problems:
        of_wave.setdefault(problem.wave_id or "registry", []).append(problem)
    return [_as_check(wave, found) for wave, found in sorted(of_wave.items())]


def _as_check(wave: str, problems: list[Problem]) -> CheckResult:
    told = [f"{problem.place}: {problem.message}" for problem in problems[:PROBLEMS_SHOWN]]
    more = len(problems) - PROBLEMS_SHOWN
    return CheckResult(
        layer="landing",
        asset=wave,
        check=CROSSWALK_CHECK,
        tool="python",
        severity="error",
        passed=not problems,
        observed="; ".join([*told, *([f"and {more} more"] if more > 0 else [])])
        or "every code and label known",
        expected="every code and label of the codebook known, every row of the crosswalk used",
    )
