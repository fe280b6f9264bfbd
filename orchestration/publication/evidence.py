"""The evidence of a run: what every producer of checks found, on disk, tied to one run id.

``start_run`` opens a run (``<home>/quality/run.json``); each producer then records its results once
(``<home>/quality/<producer>.json``). ``gate.read_verdict`` reads them back before anything is published,
so that a release rests on files which the run itself wrote and not on the memory of a process. Each file also
carries the stamp of ``warehouse.duckdb`` as it was when it was judged: a warehouse that was touched since, or
was left half built, does not pass for the one that was checked.

``CheckResult`` has exactly the fields of the contract (``quality/checks.json``). It has no field for the
wave: a check on one delivery names it in ``asset`` (``vi_2016/office_holders``); a check over several waves
names the offending ones in ``observed``.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

from orchestration.deliveries.private_files import private_folder
from orchestration.publication.durable import write_json

Tool = Literal["dbt", "great_expectations", "python"]
Severity = Literal["error", "flag"]
Scalar = str | int | float | bool | None

TOOLS = ("dbt", "great_expectations", "python")
SEVERITIES = ("error", "flag")
REQUIRED_PRODUCERS = (
    "landing_suite",
    "crosswalk",
    "drift",
    "dbt",
    "core_suite",
    "marts_suite",
    "warehouse_checks",
)
# These judge warehouse.duckdb itself, so what they say holds for the file as it was then.
WAREHOUSE_PRODUCERS = ("dbt", "core_suite", "marts_suite", "warehouse_checks")
RUN_FILE = "run.json"
WAREHOUSE_FILE = "warehouse.duckdb"


class EvidenceError(ValueError):
    """Evidence that cannot be written or read: no run was started, or a file is damaged."""


@dataclass(frozen=True)
class CheckResult:
    """One check, as it is published; ``run_id`` is filled in when it is recorded.

    ``observed`` and ``expected`` hold the numbers, as a scalar or a short sentence.
    """

    layer: str
    asset: str
    check: str
    tool: Tool
    severity: Severity
    passed: bool
    observed: Scalar = None
    expected: Scalar = None
    owner: str | None = None
    expires_on: str | None = None
    run_id: str = ""

    def __post_init__(self) -> None:
        if self.tool not in TOOLS:
            raise EvidenceError(f"check {self.check}: tool {self.tool!r} is not one of {', '.join(TOOLS)}")
        if self.severity not in SEVERITIES:
            raise EvidenceError(
                f"check {self.check}: severity {self.severity!r} is not one of {', '.join(SEVERITIES)}"
            )
        object.__setattr__(self, "passed", bool(self.passed))
        object.__setattr__(self, "observed", _scalar(self.observed))
        object.__setattr__(self, "expected", _scalar(self.expected))

    def as_row(self) -> dict[str, Scalar]:
        """The check as one object of ``quality/checks.json``, fields in the contract's order."""
        row = asdict(self)
        return {name: row[name] for name in CHECK_FIELDS}


CHECK_FIELDS = ("run_id", *(f.name for f in fields(CheckResult) if f.name != "run_id"))


@dataclass(frozen=True)
class InputHashes:
    """What a warehouse is built from: the landing register, the registry, the files in ``raw/``, the program."""

    register: str
    registry: str
    deliveries: str
    code: str


@dataclass(frozen=True)
class Run:
    """The run that the evidence belongs to, with the hashes of what it read.

    ``registry_files``: path, sha256 and rows of each file of the registry.
    """

    run_id: str
    started_at: str
    inputs: InputHashes
    registry_files: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Evidence:
    """Everything recorded: the run (None if none was started) and the results per producer.

    ``producer_runs`` holds the run id that each producer's file carries, which may be an earlier run's;
    ``warehouse_stamps`` the stamp of the warehouse when it was written.
    """

    run: Run | None
    results: dict[str, tuple[CheckResult, ...]] = field(default_factory=dict)
    producer_runs: dict[str, str] = field(default_factory=dict)
    warehouse_stamps: dict[str, str] = field(default_factory=dict)

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        """All results of this run, in a fixed order."""
        if self.run is None:
            return ()
        found = [
            check
            for producer, checks in self.results.items()
            if self.producer_runs[producer] == self.run.run_id
            for check in checks
        ]
        return tuple(sorted(found, key=lambda c: (c.layer, c.asset, c.check, c.tool, str(c.observed))))


def start_run(
    home: Path,
    inputs: InputHashes,
    run_id: str = "",
    registry_files: Iterable[dict[str, Any]] = (),
) -> str:
    """Open a run on ``home`` and return its id; evidence of earlier runs no longer counts.

    ``inputs``: the hashes of what the run is about to read, ``registry_files`` those of each file of the registry.
    Give ``run_id`` to take over the orchestrator's own id.
    """
    absent = [name for name, value in asdict(inputs).items() if not value]
    if absent:
        raise EvidenceError(f"a run needs the hash of: {', '.join(absent)}")
    run = Run(
        run_id=run_id or f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        inputs=inputs,
        registry_files=tuple(registry_files),
    )
    private_folder(_folder(home))  # what checks saw is of before suppression
    write_json(_folder(home) / RUN_FILE, asdict(run))
    return run.run_id


def record(home: Path, producer: str, results: Iterable[CheckResult]) -> Path:
    """Write what ``producer`` found in the open run; a second call replaces the first.

    A producer that looks at ``warehouse.duckdb`` calls this when its connection is closed, because the file
    is stamped. Raises ``EvidenceError`` when no run was started.
    """
    run = read_run(home)
    if run is None:
        raise EvidenceError(f"{producer}: no run was started in {_folder(home)}")
    rows = [replace(result, run_id=run.run_id).as_row() for result in results]
    path = _folder(home) / f"{producer}.json"
    write_json(path, _producer_file(home, producer, run.run_id, rows))
    return path


def read_run(home: Path) -> Run | None:
    """The open run, or None if there is none."""
    path = _folder(home) / RUN_FILE
    if not path.is_file():
        return None
    content = _read_object(path)
    try:
        inputs = {f.name: str(content["inputs"][f.name]) for f in fields(InputHashes)}
        files = tuple(content["registry_files"])
        return Run(str(content["run_id"]), str(content["started_at"]), InputHashes(**inputs), files)
    except (KeyError, TypeError) as missing:
        raise EvidenceError(
            f"{path}: field {missing} is missing; run `peilstok refresh --all` again"
        ) from None


def load(home: Path) -> Evidence:
    """All evidence under ``home``; files that are no producer's are left alone."""
    results: dict[str, tuple[CheckResult, ...]] = {}
    producer_runs: dict[str, str] = {}
    stamps: dict[str, str] = {}
    for path in sorted(_folder(home).glob("*.json")):
        if path.name == RUN_FILE:
            continue
        content = _read_object(path)
        if content.get("producer") != path.stem:
            continue
        try:
            rows = [{name: row[name] for name in CHECK_FIELDS} for row in content["results"]]
            results[path.stem] = tuple(CheckResult(**row) for row in rows)
            producer_runs[path.stem] = str(content["run_id"])
            stamps[path.stem] = str(content["warehouse"])
        except (KeyError, TypeError) as fault:
            raise EvidenceError(f"{path}: not readable as check results ({fault})") from None
    return Evidence(read_run(home), results, producer_runs, stamps)


def warehouse_stamp(home: Path) -> str:
    """Size and time of change of ``warehouse.duckdb``; '' when it is absent."""
    path = Path(home) / WAREHOUSE_FILE
    if not path.is_file():
        return ""
    status = path.stat()
    return f"{status.st_size} bytes, changed at {status.st_mtime_ns}"


def flag_defects(checks: Iterable[CheckResult], today: date | None = None) -> list[CheckResult]:
    """Flags that may not count as flags, each as a failed check of error severity.

    A flag without owner or expiry date is an error, whether it passed or not; a flag that failed after its
    expiry date is one too, because nobody answers for it any longer.
    """
    day = today or datetime.now(UTC).date()
    defects = []
    for check in checks:
        if check.severity != "flag":
            continue
        fault = _flag_fault(check, day)
        if fault:
            defects.append(
                replace(
                    check,
                    check=f"{check.check}: flag_has_owner_and_expiry",
                    tool="python",
                    severity="error",
                    passed=False,
                    observed=fault,
                    expected="an owner and a date to come in registry/quality_flags.csv",
                )
            )
    return defects


def _flag_fault(check: CheckResult, today: date) -> str:
    if not check.owner or not check.expires_on:
        return f"owner {check.owner or 'missing'}, expires_on {check.expires_on or 'missing'}"
    try:
        expiry = date.fromisoformat(check.expires_on)
    except ValueError:
        return f"expires_on {check.expires_on!r} is not a date (YYYY-MM-DD)"
    if not check.passed and expiry < today:
        return f"failed ({check.observed}) and expired on {check.expires_on}"
    return ""


def _producer_file(
    home: Path, producer: str, run_id: str, rows: list[dict[str, Scalar]]
) -> dict[str, object]:
    return {"run_id": run_id, "producer": producer, "warehouse": warehouse_stamp(home), "results": rows}


def _folder(home: Path) -> Path:
    return Path(home) / "quality"


def _scalar(value: object) -> Scalar:
    # numpy scalars know how to become Python ones; anything else is told as text.
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _read_object(path: Path) -> dict:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as fault:
        raise EvidenceError(f"{path}: not readable ({fault}); run `peilstok refresh` again") from None
    return content if isinstance(content, dict) else {}
