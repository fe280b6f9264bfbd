"""The gate before a release: may what stands in the warehouse be published?

The verdict rests on files only: the evidence of the open run, and the hashes of landing, registry, deliveries
and program as they are *now*. So ``publish`` on its own refuses a warehouse that is half built, that was built
from other deliveries, another registry or another program than lie there now, or whose checks failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import duckdb

from orchestration.publication.evidence import (
    REQUIRED_PRODUCERS,
    WAREHOUSE_PRODUCERS,
    CheckResult,
    Evidence,
    EvidenceError,
    InputHashes,
    flag_defects,
    load,
    warehouse_stamp,
)
from orchestration.publication.fingerprint import hash_code, hash_deliveries
from orchestration.settings import Settings

INPUT_LABELS = {
    "register": "landing register",
    "registry": "registry",
    "deliveries": "deliveries in raw/",
    "code": "program",
}
REMEDY = "run `peilstok refresh` so that every layer is built and checked again"


class PublicationRefused(Exception):
    """A gate said no; nothing was switched. ``failures``: why; ``current``: the release that stays."""

    exit_code = 1

    def __init__(self, failures: Sequence[CheckResult], current: str | None = None) -> None:
        self.failures = tuple(failures)
        self.current = current
        super().__init__(describe_refusal(self.failures, current))


@dataclass(frozen=True)
class Verdict:
    """Whether publishing may go on, why not, and the evidence it was read from."""

    passed: bool
    failures: tuple[CheckResult, ...]
    evidence: Evidence


class HashReader(Protocol):
    """How the gate learns the hashes of now."""

    def __call__(self, settings: Settings) -> InputHashes: ...


def current_hashes(settings: Settings) -> InputHashes:
    """The hashes of what lies on disk: landed deliveries, registry, ``raw/`` and the program.

    Raises ``ValueError`` when landing holds other files than its register lists: it was cut short.
    """
    from orchestration.deliveries import load_register
    from orchestration.deliveries.register import landed_folders, register_hash
    from orchestration.registry import load_registry

    register = load_register(settings)
    paths = [str(folder / "delivery.parquet") for folder in landed_folders(settings.landing)]
    if not paths:
        raise ValueError("landing is empty, and its register is not")
    rows = duckdb.execute("select landing_hash from read_parquet(?)", [paths]).fetchall()
    if register_hash({"landing_hash": landing_hash} for [landing_hash] in rows) != register.hash:
        raise ValueError("landing holds other files than its register lists")
    return input_hashes(settings, register.hash, load_registry(settings.registry).accepted().hash)


def input_hashes(settings: Settings, register_hash: str, registry_hash: str) -> InputHashes:
    """The hashes of a run's input, given those of its landing register and registry."""
    return InputHashes(
        register_hash, registry_hash, hash_deliveries(settings.raw), hash_code(settings.project_root)
    )


def read_verdict(
    settings: Settings, today: date | None = None, hashes: HashReader = current_hashes
) -> Verdict:
    """Judge the evidence under ``settings.home``; never raises for what it finds there."""
    try:
        evidence = load(settings.home)
    except EvidenceError as fault:
        failure = _refusal("evidence_readable", str(fault), f"readable evidence; {REMEDY}")
        return Verdict(False, (failure,), Evidence(None))
    if evidence.run is None:
        failure = _refusal("evidence_complete", "no run was started", f"the evidence of one run; {REMEDY}")
        return Verdict(False, (failure,), evidence)
    failures = [
        *[check for check in evidence.checks if check.severity == "error" and not check.passed],
        *flag_defects(evidence.checks, today),
        *_absent_producers(evidence),
        *_stale_warehouse(evidence, settings),
        *_stale_inputs(evidence, settings, hashes),
    ]
    return Verdict(not failures, tuple(failures), evidence)


def describe_check(check: CheckResult) -> str:
    """One line about a check: where, what, and the numbers."""
    line = f"{check.layer} · {check.asset} · {check.check} ({check.tool})"
    if check.observed is not None:
        line += f": observed {check.observed}"
    if check.expected is not None:
        line += f"{',' if check.observed is not None else ':'} expected {check.expected}"
    return line


def describe_refusal(failures: Sequence[CheckResult], current: str | None) -> str:
    """The message of a refusal, one line per reason, ending with the release that stays."""
    count = f"{len(failures)} check{'s' if len(failures) != 1 else ''} failed"
    stays = f"published/current stays at {current}" if current else "nothing has been published yet"
    return "\n".join([f"not published: {count}", *[f"  - {describe_check(f)}" for f in failures], stays])


def _absent_producers(evidence: Evidence) -> list[CheckResult]:
    assert evidence.run is not None
    failures = []
    for producer in REQUIRED_PRODUCERS:
        expected = f"checks of {producer} in run {evidence.run.run_id}; {REMEDY}"
        if producer not in evidence.results:
            failures.append(_refusal("evidence_complete", f"{producer} has recorded nothing", expected))
        elif evidence.producer_runs[producer] != evidence.run.run_id:
            observed = f"{producer} recorded run {evidence.producer_runs[producer]}"
            failures.append(_refusal("evidence_complete", observed, expected))
        elif not evidence.results[producer]:
            failures.append(_refusal("evidence_complete", f"{producer} has checked nothing", expected))
    return failures


def _stale_warehouse(evidence: Evidence, settings: Settings) -> list[CheckResult]:
    now = warehouse_stamp(settings.home)
    if not now:
        return [
            _refusal(
                "warehouse_unchanged", f"{settings.warehouse.name} is absent", f"a built warehouse; {REMEDY}"
            )
        ]
    return [
        _refusal(
            "warehouse_unchanged",
            now,
            f"{evidence.warehouse_stamps[producer]}, as {producer} judged it; {REMEDY}",
        )
        for producer in WAREHOUSE_PRODUCERS
        if producer in evidence.warehouse_stamps and evidence.warehouse_stamps[producer] != now
    ]


def _stale_inputs(evidence: Evidence, settings: Settings, hashes: HashReader) -> list[CheckResult]:
    assert evidence.run is not None
    try:
        now = hashes(settings)
    except Exception as fault:  # a register or registry that cannot be read is a reason, not a crash
        return [
            _refusal("inputs_unchanged", str(fault), f"a readable landing register and registry; {REMEDY}")
        ]
    failures = []
    for name, label in INPUT_LABELS.items():
        built_from, found = getattr(evidence.run.inputs, name), getattr(now, name)
        if built_from != found:
            observed = f"{label}: {found[:16]} now, the warehouse was checked with {built_from[:16]}"
            failures.append(_refusal("inputs_unchanged", observed, f"the same {label}; {REMEDY}"))
    return failures


def _refusal(check: str, observed: str, expected: str) -> CheckResult:
    return CheckResult("release", "publish", check, "python", "error", False, observed, expected)
