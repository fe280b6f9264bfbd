"""What a person has judged: findings that are accepted, and acceptances that no finding needs."""

from __future__ import annotations

from collections.abc import Iterable

from orchestration.deliveries.problems import Problem
from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.drift.findings import Finding
from orchestration.registry.load import Registry
from orchestration.registry.places import place

TABLE = "accepted_drift"


def settle(
    registry: Registry, findings: Iterable[Finding], files: Iterable[FileAnswers]
) -> tuple[list[Finding], list[Problem]]:
    """The findings that nobody accepted, and a problem for each acceptance about ``files`` that matches none.

    An acceptance counts for exactly the finding it names, its ``before`` and ``now`` included: when either moves
    on, there is a new finding and an acceptance too many.
    """
    rows = {tuple(row[name] for name in _KEY): index for index, row in enumerate(registry.table(TABLE))}
    open_findings: list[Finding] = []
    used: set[int] = set()
    for finding in findings:
        index = rows.get(finding.key)
        if index is None:
            open_findings.append(finding)
        else:
            used.add(index)
    waves = {file.wave_id for file in files}
    problems = []
    for key, index in rows.items():
        if key[0] not in waves or index in used:
            continue
        alike = [finding for finding in open_findings if finding.key[:6] == key[:6]]
        now = (
            f"; the finding reads '{alike[0].before}' and '{alike[0].now}' now"
            if alike
            else "; nothing of the kind is found"
        )
        problems.append(
            Problem(
                "unused_acceptance",
                f"accepts {key[3]} from '{key[6]}' to '{key[7]}'{now}",
                "judge the finding anew and correct the row" if alike else "remove the row",
                wave_id=key[0],
                file=place(registry, TABLE, index),
                variable=key[4],
                code=key[5],
            )
        )
    return open_findings, problems


_KEY = ("wave_id", "instrument_id", "file_id", "kind", "variable", "code", "before", "now")
