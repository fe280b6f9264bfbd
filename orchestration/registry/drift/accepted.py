"""What a person has judged: findings that are accepted, and acceptances that no finding needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestration.deliveries.problems import Problem
from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.drift.findings import Finding
from orchestration.registry.drift.texts import plain
from orchestration.registry.load import Registry
from orchestration.registry.places import place

TABLE = "accepted_drift"


def settle(
    registry: Registry,
    findings: Iterable[Finding],
    judged: Iterable[FileAnswers],
    files: Sequence[FileAnswers],
) -> tuple[list[Finding], list[Problem]]:
    """The findings that nobody accepted, and a problem for each acceptance that matches none: about a file that is
    ``judged``, or about one that its wave does not have. ``files``: every landed file.

    An acceptance counts for exactly the finding it names, its ``before`` and ``now`` included: when either moves
    on, there is a new finding and an acceptance too many. Spelling alone moves nothing on. Where an earlier wave of
    the instrument has not landed, nobody can tell whether a finding about it is still there.
    """
    rows = {
        _spelled_alike(tuple(row[name] for name in _KEY)): index
        for index, row in enumerate(registry.table(TABLE))
    }
    open_findings: list[Finding] = []
    used: set[int] = set()
    for finding in findings:
        index = rows.get(_spelled_alike(finding.key))
        if index is None:
            open_findings.append(finding)
        else:
            used.add(index)
    landed = {file.wave_id for file in files}
    asked, known = {_file(file) for file in judged}, {_file(file) for file in files}
    waves = {wave for wave, _, _ in asked}
    problems = []
    for key, index in rows.items():
        is_asked = key[:3] in asked or (key[0] in waves and key[:3] not in known)
        if index in used or not is_asked or _lacks_earlier(registry, key, landed):
            continue
        row = registry.table(TABLE)[index]
        alike = [finding for finding in open_findings if finding.key[:6] == key[:6]]
        now = (
            f"; the finding reads '{alike[0].before}' and '{alike[0].now}' now"
            if alike
            else "; nothing of the kind is found"
        )
        problems.append(
            Problem(
                "unused_acceptance",
                f"accepts {key[3]} from '{row['before']}' to '{row['now']}'{now}",
                "judge the finding anew and correct the row" if alike else "remove the row",
                wave_id=key[0],
                file=place(registry, TABLE, index),
                variable=key[4],
                code=key[5],
            )
        )
    return open_findings, problems


def _lacks_earlier(registry: Registry, key: tuple[str, ...], landed: set[str]) -> bool:
    wave, instrument = key[:2]
    return any(
        row["instrument_id"] == instrument
        and row["status"] != "not_asked"
        and registry.waves[row["wave_id"]].year < registry.waves[wave].year
        and row["wave_id"] not in landed
        for row in registry.table("wave_instruments")
    )


def _file(file: FileAnswers) -> tuple[str, str, str]:
    return file.wave_id, file.instrument_id, file.file_id


def _spelled_alike(key: tuple[str, ...]) -> tuple[str, ...]:
    return (*key[:6], *(plain(text) for text in key[6:]))


_KEY = ("wave_id", "instrument_id", "file_id", "kind", "variable", "code", "before", "now")
