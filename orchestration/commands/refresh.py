"""``peilstok refresh``: from the deliveries to a release, or the word that nothing changed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from orchestration.commands.choice import choose_waves, wave_folders
from orchestration.commands.progress import StepProgress
from orchestration.publication.evidence import warehouse_stamp
from orchestration.publication.fingerprint import (
    Fingerprint,
    LastSuccess,
    read_last_success,
    take_fingerprint,
    write_last_success,
)
from orchestration.publication.manifest import verify_files
from orchestration.publication.release import CURRENT, current_release_id
from orchestration.publication.writer_lock import writer_lock
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.registry import Registry

PREPARING = "start and finish"
MOVES_SHOWN = 6


def refresh(
    settings: Settings,
    console: Console,
    waves: Sequence[str] = (),
    run_all: bool = False,
    publish: bool = True,
) -> int:
    """Run the main job unless a release of the very same input is current already; returns the exit code.

    ``waves`` limits landing to those, the others stay as they were landed; ``run_all`` runs in any case.
    """
    from orchestration.deliveries.problems import raise_when_any
    from orchestration.registry import load_registry, validate_registry

    everything = load_registry(settings.registry)
    raise_when_any(validate_registry(everything))
    registry = everything.accepted()
    _refuse_waves_in_preparation(everything, waves)
    chosen = choose_waves(waves, registry.waves.keys(), wave_folders(settings.raw).keys())
    with writer_lock(settings.home, "refresh"):
        before = take_fingerprint(settings, registry.hash, _key_fingerprint(settings))
        reasons = reasons_to_run(settings, before, chosen)
        if not reasons and not run_all:
            _print_ending(settings, console, "no_change")
            return 0
        console.print(Text(f"refresh: {', '.join(reasons) or 'asked for with --all'}", style="dim"))
        return _run(settings, console, chosen, publish, before)


def _refuse_waves_in_preparation(registry: Registry, waves: Sequence[str]) -> None:
    from orchestration.deliveries.problems import raise_when_any
    from orchestration.registry.acceptance import open_proposals, waves_in_preparation

    raise_when_any(open_proposals(registry, waves_in_preparation(registry) & set(waves)))


def reasons_to_run(settings: Settings, now: Fingerprint, waves: Sequence[str] | None = None) -> list[str]:
    """Why the current release is not what a run would give; empty when there is nothing to do.

    With ``waves``, a change in the delivery of another wave is no reason.
    """
    current = current_release_id(settings)
    if current is None:
        return ["no release yet"]
    last = read_last_success(settings)
    if last is None:
        return ["no note of the last successful run"]
    reasons = [f"{name} changed" for name in now.differences(last.fingerprint, waves)]
    if current != last.release_id:
        reasons.append(f"release {current} is current, the last run gave {last.release_id}")
    elif faults := verify_files(settings.published / current):
        reasons.append(f"release {current} is damaged: {faults[0]}")
    if not settings.warehouse.is_file():
        reasons.append(f"{settings.warehouse.name} is absent")
    elif _register_hash(settings) != last.register_hash:
        reasons.append("landing changed since")
    elif warehouse_stamp(settings.home) != last.warehouse:
        reasons.append(f"{settings.warehouse.name} was built again since, and not published")
    return reasons


def _run(
    settings: Settings, console: Console, waves: list[str] | None, publish: bool, before: Fingerprint
) -> int:
    from orchestration.jobs import run_refresh

    previous = current_release_id(settings)
    began = time.perf_counter()
    with StepProgress(console) as progress:
        result = run_refresh(settings, waves, publish, progress)
    for note in result.notes:
        console.print(Text(note), soft_wrap=True)
    if not result.success:
        return _print_refusal(settings, console, result)
    steps = {**result.timings}
    steps[PREPARING] = max(0.0, time.perf_counter() - began - sum(steps.values()))
    if not publish:
        stays = current_release_id(settings)
        console.print(Text(f"built and checked, not published; published/current {_stays(stays)}"))
        return 0
    current = current_release_id(settings)
    if current is None:
        console.print(
            Text("the run succeeded, yet there is no release: this is a fault of the program", style="red")
        )
        return 1
    # The pseudonym key is made during the first run, so it is looked at again.
    now = replace(before, key=_key_fingerprint(settings))
    success = LastSuccess(now, current, _register_hash(settings), warehouse_stamp(settings.home))
    write_last_success(settings, success, waves)
    _print_ending(settings, console, "no_change" if current == previous else "published", steps)
    if previous is not None and previous != current:
        print_moves(settings, console, previous, current)
    return 0


def print_moves(settings: Settings, console: Console, previous: str, current: str) -> None:
    """Which published figures moved since the release before, in a few lines."""
    from orchestration.publication.release_diff import ReleaseNotReadable, compare_releases
    from orchestration.publication.release_diff_told import headline, printed_lines

    earlier, later = settings.published / previous, settings.published / current
    try:
        cells = compare_releases(earlier, later)
        lines = printed_lines(earlier, later, cells, MOVES_SHOWN)
    except ReleaseNotReadable as fault:
        console.print(Text(f"figures: not compared with the release before, {fault}", style="yellow"))
        return
    console.print()
    console.print(Text(f"figures since {previous}: {headline(cells)}", style="bold"), soft_wrap=True)
    for line in lines:
        console.print(Text(f"  {line}"), soft_wrap=True)
    if cells:
        console.print(Text(f"see them all: peilstok diff {previous} {current}", style="dim"), soft_wrap=True)


def _print_refusal(settings: Settings, console: Console, result: object) -> int:
    for problem in result.problems:  # type: ignore[attr-defined]
        console.print(Text(str(problem), style="red"), soft_wrap=True)
    current = current_release_id(settings)
    console.print(Text(f"nothing was switched: published/current {_stays(current)}", style="bold"))
    return result.exit_code or 1  # type: ignore[attr-defined]


def _print_ending(
    settings: Settings, console: Console, status: str, steps: dict[str, float] | None = None
) -> None:
    from orchestration.publication.headline_trend import read_summary
    from orchestration.publication.summary import print_summary

    print_summary(console, read_summary(settings.published / CURRENT), status, steps)


def _stays(current: str | None) -> str:
    return f"stays at {current}" if current else "does not exist yet"


def _register_hash(settings: Settings) -> str:
    # Read with DuckDB, which is imported anyway: the quick answer should not wait for pyarrow and pandas.
    import duckdb

    from orchestration.deliveries.register import REGISTER_NAME, register_hash
    from orchestration.publication.tables import literal

    path = settings.landing / REGISTER_NAME
    if not path.is_file():
        return ""
    try:
        rows = duckdb.execute(f"select landing_hash from read_parquet({literal(path)})").fetchall()
    except duckdb.Error:  # whatever is wrong with it, it is not the register of the last success
        return ""
    return register_hash({"landing_hash": landing_hash} for [landing_hash] in rows)


def _key_fingerprint(settings: Settings) -> str:
    from orchestration.deliveries.privacy import load_key

    return load_key(settings.home).fingerprint
