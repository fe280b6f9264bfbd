"""``peilstok check``: would these deliveries pass the door? Builds nothing, changes nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.status import Status
from rich.text import Text

from orchestration.commands.choice import choose_waves, wave_folders
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.deliveries import LandedFile, Problem
    from orchestration.registry import Registry


@dataclass(frozen=True)
class CheckOutcome:
    """Every problem that was found, and the files that could be read."""

    problems: list[Problem]
    files: list[LandedFile]


def check(settings: Settings, console: Console, waves: Sequence[str] = ()) -> int:
    """Check manifests, locks, registry and crosswalk against the files; returns the exit code.

    Files are read into a landing of their own that is thrown away, so this may run beside a refresh.
    """
    from orchestration.deliveries import DeliveryProblems
    from orchestration.registry import load_registry

    registry = load_registry(settings.registry)
    chosen = choose_waves(waves, registry.waves.keys(), wave_folders(settings.raw).keys())
    with (
        tempfile.TemporaryDirectory(prefix="peilstok-check-") as folder,
        console.status("registry") as status,
    ):
        outcome = examine(settings, registry, Path(folder), chosen, status)
    _print_files(console, outcome)
    if outcome.problems:
        console.print(Text(f"{_count(outcome.problems, 'problem')}:", style="bold red"))
        for problem in outcome.problems:
            console.print(Text(str(problem)), soft_wrap=True)
        return DeliveryProblems(outcome.problems).exit_code
    console.print(Text("manifests, locks, registry and crosswalk are in order", style="bold green"))
    return 0


def examine(
    settings: Settings, registry: Registry, folder: Path, waves: list[str] | None, status: Status
) -> CheckOutcome:
    """Land the chosen waves below ``folder`` and compare them with the crosswalk; collects, never raises."""
    from orchestration.deliveries import DeliveryProblems, land_wave, scan_deliveries
    from orchestration.registry import compare_landing, validate_registry

    apart = replace(settings, home=folder)
    problems = list(validate_registry(registry))
    # A crosswalk that contradicts itself gives a flood of follow-on problems for each file.
    registry_is_sound = not problems
    manifests, found = scan_deliveries(settings.raw, registry)
    problems += [problem for problem in found if waves is None or problem.wave_id in ("", *waves)]
    files: list[LandedFile] = []
    for manifest in manifests:
        if waves is not None and manifest.wave not in waves:
            continue
        status.update(f"reading {manifest.wave}")
        try:
            files += land_wave(apart, manifest.wave, registry=registry)
        except DeliveryProblems as fault:
            problems += fault.problems
    if registry_is_sound:
        status.update("crosswalk")
        landed = {file.wave_id for file in files}
        problems += compare_landing(registry, apart.landing, landed)
    return CheckOutcome(problems, files)


def _print_files(console: Console, outcome: CheckOutcome) -> None:
    faulty = {problem.wave_id for problem in outcome.problems}
    for file in sorted(outcome.files, key=lambda file: (file.wave_id, file.file_id)):
        mark, style = ("problem", "yellow") if file.wave_id in faulty else ("ok", "green")
        line = Text(f"{file.wave_id:<10} {file.instrument_id:<16} {file.file_id:<24}")
        line.append(f"{file.n_rows:>7,} rows {file.n_columns:>4} variables  ")
        line.append(mark, style=style)
        console.print(line, soft_wrap=True)
        for note in file.notes:
            console.print(Text(f"  {note}", style="dim"), soft_wrap=True)


def _count(items: Sequence[object], name: str) -> str:
    return f"{len(items)} {name}{'' if len(items) == 1 else 's'}"
