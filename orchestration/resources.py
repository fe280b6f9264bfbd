"""What the steps of one run share: where things are, how progress is told, and what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import dagster as dg

from orchestration.deliveries.private_files import owner_only
from orchestration.fault_text import place_of, steps_to
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.publication.evidence import CheckResult
    from orchestration.publication.release import ReleaseOutcome
    from orchestration.registry import Registry

WAREHOUSE = "warehouse"


@dataclass(frozen=True)
class ProgressEvent:
    """Something happened in a run.

    ``status``: ``start``, ``success`` or ``failure`` of a step, or ``item`` for a part of it (a landed file,
    a dbt model, …), which ``name`` then names. ``seconds`` is 0 at the start.
    """

    step: str
    status: Literal["start", "success", "failure", "item"]
    name: str = ""
    seconds: float = 0.0


Progress = Callable[[ProgressEvent], None]


@dataclass
class Step:
    """A step in progress; ``has_failed`` is set when its checks said no, which is no exception."""

    name: str
    has_failed: bool = False


@dataclass
class WarehouseRun:
    """The resource ``warehouse`` of every asset and check.

    ``waves``: the waves to land (None: all). ``timings``: seconds per step; ``finished`` and
    ``failed``: the steps that are behind us. ``problems``: what stopped a
    step, as text for a person; ``exit_code`` goes with it (0 while there is none). ``outcome``: what
    publishing did, once it is done.
    """

    settings: Settings
    waves: tuple[str, ...] | None = None
    progress: Progress | None = None
    timings: dict[str, float] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    exit_code: int = 0
    outcome: ReleaseOutcome | None = None
    notes: list[str] = field(default_factory=list)
    """What a person wants to be told of the files that landed anew."""

    @cached_property
    def registry(self) -> Registry:
        """The registry as it was when the run first asked for it."""
        from orchestration.registry import load_registry

        return load_registry(self.settings.registry).accepted()

    def record(self, producer: str, results: Iterable[CheckResult]) -> list[CheckResult]:
        """Keep the evidence of one producer, with the severities that the registry decides; returns it."""
        from orchestration.publication import evidence
        from orchestration.quality.flags import apply_flags

        decided = apply_flags(results, self.registry.table("quality_flags"))
        evidence.record(self.settings.home, producer, decided)
        return decided

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """One step of the run, as the only writer of the warehouse.

        A fault is kept as readable text and becomes a ``dagster.Failure`` without the chain of tracebacks;
        one that nobody foresaw leaves its steps, without values, in ``<home>/last_fault.txt``.
        """
        from orchestration.publication.writer_lock import writer_lock

        self.tell(ProgressEvent(name, "start"))
        begin = time.perf_counter()
        step = Step(name)
        try:
            with writer_lock(self.settings.home, name):
                yield step
        except BaseException as fault:
            step.has_failed = True
            if not isinstance(fault, Exception):  # interrupted: nothing to explain
                raise
            self._keep(fault)
            raise dg.Failure(description=self.problems[-1], allow_retries=False) from None
        finally:
            seconds = time.perf_counter() - begin
            self.timings[name] = self.timings.get(name, 0.0) + seconds
            (self.failed if step.has_failed else self.finished).add(name)
            self.tell(ProgressEvent(name, "failure" if step.has_failed else "success", seconds=seconds))

    def item(self, step: str, name: str, seconds: float = 0.0) -> None:
        """Tell that a part of ``step`` is done."""
        self.tell(ProgressEvent(step, "item", name, seconds))

    def tell(self, event: ProgressEvent) -> None:
        """Pass an event on to whoever watches the run."""
        if self.progress is not None:
            self.progress(event)

    def _keep(self, fault: Exception) -> None:
        text, exit_code = describe_fault(fault)
        if not text:
            place = self.settings.home / "last_fault.txt"
            with owner_only():
                place.write_text(steps_to(fault), encoding="utf-8")
            text = f"unforeseen {place_of(fault)}\n  the steps that led to it are in {place}"
        self.problems.append(text)
        # A gate that says no outranks input that cannot be used.
        self.exit_code = 1 if 1 in (self.exit_code, exit_code) else exit_code


def describe_fault(fault: BaseException) -> tuple[str, int]:
    """Text and exit code of a fault that the program foresees; no text for any other (exit code 1)."""
    if isinstance(fault, dg.Failure):
        return fault.description or "a step failed", 1
    if hasattr(fault, "exit_code"):  # DeliveryProblems, PublicationRefused, WarehouseBusy: made to be read
        return str(fault), int(fault.exit_code)
    return "", 1


def warehouse_resource(settings: Settings, run: WarehouseRun | None = None) -> dg.ResourceDefinition:
    """The resource ``warehouse``: ``run`` itself, or a new one for each run that Dagster starts."""
    return dg.ResourceDefinition(
        resource_fn=lambda _context: run or WarehouseRun(settings),
        description="Deliveries, registry and state: PEILSTOK_RAW, PEILSTOK_REGISTRY, PEILSTOK_HOME.",
    )


def run_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> WarehouseRun:
    """The run that a step belongs to."""
    return getattr(context.resources, WAREHOUSE)
