"""One mutation through `peilstok check` and, where that passes, through the build and every gate behind it.

Goldens, locks and hashes of the registry play no part: nothing is published, and no hash is compared.
"""

from __future__ import annotations

import os
import pickle
import shutil
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

from figures import differing
from registry_mutations import Mutation
from rich.console import Console

from orchestration.commands.check import examine
from orchestration.deliveries import DeliveryProblems, land_all, write_register
from orchestration.publication.evidence import CheckResult
from orchestration.publication.gate import describe_check
from orchestration.quality.dbt_results import SKIPPED, dbt_checks
from orchestration.quality.flags import apply_flags, blocking_failures
from orchestration.quality.suites import run_layer
from orchestration.registry import load_registry
from orchestration.settings import Settings, load_settings
from orchestration.warehouse.audit import audit_warehouse
from orchestration.warehouse.build import WarehouseBuildError, build

CHECKS = "checks.pickle"
CRASH = "crash"


@dataclass
class Trial:
    """What became of one mutation.

    ``caught_by``: check, dbt, expectations, python or crash; empty when nothing said no. ``figures``: rows of the marts that
    differ, None where the build was stopped or never begun.
    """

    mutation: Mutation
    caught_by: str = ""
    kinds: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    figures: int | None = None
    moved: list[str] = field(default_factory=list)
    is_named: bool = False
    seconds: float = 0.0

    @property
    def is_caught(self) -> bool:
        """Whether something said no, and did so in words."""
        return self.caught_by not in ("", CRASH)

    @property
    def counts(self) -> bool:
        """Whether it belongs to those that have to be caught: caught, or let through with other figures."""
        return bool(self.caught_by) or bool(self.figures)


def prepare_baseline(home: Path) -> None:
    """Land, build and check the unmutated sample in ``home``: what every mutation is compared with."""
    settings = load_settings({"PEILSTOK_HOME": str(home)})
    registry = load_registry(settings.registry).accepted()
    land_all(settings, None, None, registry)
    write_register(settings)
    shutil.copytree(settings.registry, home / "seeds", dirs_exist_ok=True)
    settings = replace(settings, registry=home / "seeds")
    checks = [*run_layer(settings, "landing"), *dbt_checks(build(settings)), *_gates(settings)]
    failed = blocking_failures(apply_flags(checks, registry.table("quality_flags")))
    if failed:
        raise SystemExit("\n".join(["the unmutated sample does not pass:", *map(describe_check, failed)]))
    (home / CHECKS).write_bytes(pickle.dumps(checks))


def _gates(settings: Settings) -> list[CheckResult]:
    registry = load_registry(settings.registry).accepted()
    return [*run_layer(settings, "core"), *run_layer(settings, "marts"), *audit_warehouse(settings, registry)]


def _worker_home(baseline: Path) -> Path:
    home = baseline.with_name(f"worker_{os.getpid()}")
    if not home.exists():
        shutil.copytree(baseline, home, symlinks=True, ignore=shutil.ignore_patterns("seeds", CHECKS, "dbt"))
    return home


def try_one(mutation: Mutation, baseline: Path) -> Trial:
    """Run one mutation in this process; its state is beside ``baseline`` and stays for the next one."""
    began = time.perf_counter()
    home = _worker_home(baseline)
    seeds = home / "seeds"
    shutil.rmtree(seeds, ignore_errors=True)
    shutil.copytree(baseline / "seeds", seeds)
    (seeds / mutation.path).write_text(mutation.text, encoding="utf-8", newline="")
    settings = replace(load_settings({"PEILSTOK_HOME": str(home)}), registry=seeds)
    trial = Trial(mutation)
    try:
        problems = _check(settings, home)
        if problems:
            trial.caught_by = "check"
            trial.kinds = list(dict.fromkeys(kind for kind, _ in problems))
            trial.messages = [told for _, told in problems]
        else:
            _build(trial, settings, baseline)
    except Exception:  # a traceback is no message: it counts as not caught, and is told
        trial.caught_by, trial.kinds, trial.messages = (
            CRASH,
            [CRASH],
            traceback.format_exc().splitlines()[-6:],
        )
    trial.is_named = any(mutation.is_named_in(message) for message in trial.messages)
    trial.messages = trial.messages[:4]
    trial.seconds = time.perf_counter() - began
    return trial


def _check(settings: Settings, home: Path) -> list[tuple[str, str]]:
    """What `peilstok check` says. It lands into this home, where all lies already unless its rules changed."""
    try:
        registry = load_registry(settings.registry)
        with Console(quiet=True).status("") as status:
            found = examine(settings, registry, home, None, status)
    except DeliveryProblems as fault:
        return [(problem.kind, str(problem)) for problem in fault.problems]
    return [(problem.kind, str(problem)) for problem in found.problems]


def _build(trial: Trial, settings: Settings, baseline: Path) -> None:
    """Build what lies behind the mutated table, upon a copy of the baseline, and let every gate judge the whole."""
    shutil.copyfile(baseline / "warehouse.duckdb", settings.warehouse)
    try:
        result = build(settings, select=[f"{trial.mutation.table}+"])
    except WarehouseBuildError as fault:
        trial.caught_by, trial.kinds, trial.messages = "dbt", ["is_built"], [str(fault)]
        return
    checks = dbt_checks(result)
    if result.success:
        checks += _gates(settings)
    known = {
        (check.tool, check.asset, check.check): check
        for check in pickle.loads((baseline / CHECKS).read_bytes())
    }
    known |= {(check.tool, check.asset, check.check): check for check in checks}
    flags = load_registry(settings.registry).accepted().table("quality_flags")
    failed = [c for c in blocking_failures(apply_flags(known.values(), flags)) if c.observed != SKIPPED]
    if result.success:
        trial.figures, trial.moved = differing(settings.warehouse, baseline / "warehouse.duckdb")
    if failed or not result.success:
        trial.caught_by = failed[0].tool.replace("great_expectations", "expectations") if failed else "dbt"
        trial.kinds = list(dict.fromkeys(check.check for check in failed))
        trial.messages = [describe_check(check) for check in failed]


def try_all(made: Iterable[Mutation], baseline: Path, processes: int) -> Iterator[Trial]:
    """Run all of them in so many processes, each with a state of its own; in the order in which they end."""
    os.environ["PEILSTOK_DBT_THREADS"] = "1"
    jobs = [(mutation, baseline) for mutation in made]
    if processes == 1:
        yield from (try_one(*job) for job in jobs)
        return
    with get_context("spawn").Pool(processes, initializer=_be_silent) as pool:
        yield from pool.imap_unordered(_job, jobs)
        pool.close()
        pool.join()


def _be_silent() -> None:
    """DuckDB draws its progress on the standard output of the process, where the report belongs."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _job(job: tuple[Mutation, Path]) -> Trial:
    return try_one(*job)
