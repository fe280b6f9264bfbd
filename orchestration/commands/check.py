"""``peilstok check``: would these deliveries pass the door? Builds nothing, changes nothing."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.status import Status
from rich.text import Text

from orchestration.commands.choice import choose_waves, wave_folders
from orchestration.commands.cross_read import print_readings, read_again
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.deliveries import LandedFile, Manifest, Problem
    from orchestration.registry import Registry

PRIVACY_FILES = "registry/privacy_"


@dataclass(frozen=True)
class CheckOutcome:
    """Every problem that was found, and the files that could be read."""

    problems: list[Problem]
    files: list[LandedFile]
    flags: list[Problem] = field(default_factory=list)
    """Drift that a person has to judge, and that stops nothing."""
    waiting: list[str] = field(default_factory=list)
    """Corrections that are only proposed: they count nowhere until a person accepts them."""


def check(settings: Settings, console: Console, waves: Sequence[str] = (), cross_read: bool = False) -> int:
    """Check manifests, locks, registry and crosswalk against the files; returns the exit code.

    ``cross_read``: each file is read by a second reader as well, and beside its twin, cell by cell.

    Files are read into a landing of their own that is thrown away, so this may run beside a refresh.
    """
    from orchestration.deliveries import DeliveryProblems
    from orchestration.deliveries.access_log import record_raw_reading
    from orchestration.deliveries.private_files import private_temporary_folder
    from orchestration.registry import load_registry

    registry = load_registry(settings.registry)
    chosen = choose_waves(waves, registry.waves.keys(), wave_folders(settings.raw).keys())
    record_raw_reading(settings.home, "check", chosen or ())
    with (
        private_temporary_folder("check") as folder,
        console.status("registry") as status,
    ):
        outcome = examine(settings, registry, folder, chosen, status)
        readings = read_again(settings, registry, chosen, status) if cross_read else []
    known = set(outcome.problems)
    outcome.problems.extend(
        problem for reading in readings for problem in reading.problems if problem not in known
    )
    _print_files(console, outcome)
    for line in outcome.waiting:
        console.print(Text(line, style="yellow"), soft_wrap=True)
    _print_flags(console, registry, outcome.flags)
    if outcome.problems:
        console.print(Text(f"{_count(outcome.problems, 'problem')}:", style="bold red"))
        for problem in outcome.problems:
            console.print(Text(str(problem)), soft_wrap=True)
        print_readings(console, readings)
        return DeliveryProblems(outcome.problems).exit_code
    print_readings(console, readings)
    console.print(Text("manifests, locks, registry and crosswalk are in order", style="bold green"))
    return 0


def examine(
    settings: Settings, registry: Registry, folder: Path, waves: list[str] | None, status: Status
) -> CheckOutcome:
    """Land the chosen waves below ``folder`` and compare them with the crosswalk; collects, never raises."""
    from orchestration.deliveries import DeliveryProblems, land_wave, scan_deliveries
    from orchestration.registry import compare_drift, compare_landing, validate_registry
    from orchestration.registry.acceptance import open_proposals

    apart = replace(settings, home=folder)
    problems = list(validate_registry(registry))
    # A crosswalk that contradicts itself gives a flood of follow-on problems for each file.
    registry_is_sound = not problems
    delivered = wave_folders(settings.raw).keys() & registry.waves.keys()
    problems += open_proposals(registry, delivered if waves is None else waves)
    manifests, found = scan_deliveries(settings.raw, registry)
    problems += [problem for problem in found if waves is None or problem.wave_id in ("", *waves)]
    files: list[LandedFile] = []
    waiting: list[str] = []
    # With rules on personal data that are not whole nothing is read: nobody would know what was looked for.
    may_read = not any(problem.file.startswith(PRIVACY_FILES) for problem in problems)
    for manifest in manifests:
        if waves is not None and manifest.wave not in waves:
            continue
        waiting += _waiting(manifest)
        if not may_read:
            continue
        status.update(f"reading {manifest.wave}")
        try:
            files += land_wave(apart, manifest.wave, registry=registry)
        except DeliveryProblems as fault:
            problems += fault.problems
    if registry_is_sound:
        status.update("crosswalk")
        # Of a wave in preparation every row waits; that is told already.
        counting = registry.accepted()
        landed = {file.wave_id for file in files} - counting.waiting
        problems += compare_landing(registry, apart.landing, landed)
        if not landed:
            return CheckOutcome(problems, files, waiting=waiting)
        status.update("earlier waves")
        found = compare_drift(counting, _with_earlier(settings, apart, counting, landed), landed)
        return CheckOutcome([*problems, *found.errors], files, found.flags, waiting)
    return CheckOutcome(problems, files, waiting=waiting)


def _waiting(manifest: Manifest) -> Iterator[str]:
    """Corrections of the delivery as it is now that nobody has accepted yet."""
    from orchestration.deliveries import DeliveryProblems
    from orchestration.deliveries.corrections import corrections_of, read_corrections

    try:
        corrections = read_corrections(manifest)
    except DeliveryProblems:
        return  # landing tells what is wrong with them
    for entry in manifest.current:
        for correction in corrections_of(corrections, entry, is_accepted=False):
            yield (
                f"{manifest.wave} {entry.file_id}: correction {correction.id} ({correction.action.kind}) is proposed "
                f"and does not count; to accept it, set status, decided_by and decided_on in "
                f"{manifest.shown('corrections.yml')}"
            )


def _with_earlier(settings: Settings, apart: Settings, registry: Registry, landed: set[str]) -> list[Path]:
    """The files just landed, and those of every other wave: from landing as it stands, or else landed beside."""
    from orchestration.deliveries import DeliveryProblems, land_wave
    from orchestration.deliveries.register import landed_folders

    standing = [path for path in landed_folders(settings.landing) if path.parent.name not in landed]
    known = landed | {path.parent.name for path in standing}
    for wave in wave_folders(settings.raw):
        if wave in registry.waves and wave not in known:
            # What is wrong with a wave that was not asked for is told when it is.
            with contextlib.suppress(DeliveryProblems):
                land_wave(apart, wave, registry=registry)
    return [*standing, *landed_folders(apart.landing)]


def _print_flags(console: Console, registry: Registry, flags: Sequence[Problem]) -> None:
    from orchestration.quality.drift_results import FLAG_CHECK, told_flag

    if not flags:
        return
    row = next((row for row in registry.table("quality_flags") if row["check_id"] == FLAG_CHECK), None)
    answers = (
        f"{row['owner']} answers for them until {row['expires_on']}" if row else "nobody answers for them"
    )
    console.print(Text(f"{_count(flags, 'flag')} ({answers}):", style="bold yellow"))
    for flag in flags:
        console.print(Text(told_flag(flag)), soft_wrap=True)


def _print_files(console: Console, outcome: CheckOutcome) -> None:
    faulty = faulty_files(outcome)
    for file in sorted(outcome.files, key=lambda file: (file.wave_id, file.file_id)):
        mark, style = ("problem", "yellow") if (file.wave_id, file.path) in faulty else ("ok", "green")
        line = Text(f"{file.wave_id:<10} {file.instrument_id:<16} {file.file_id:<24}")
        line.append(f"{file.n_rows:>7,} rows {file.n_columns:>4} variables  ")
        line.append(mark, style=style)
        console.print(line, soft_wrap=True)
        for remark, style in _about_texts(file):
            console.print(Text(remark, style=style), soft_wrap=True)
        for note in file.notes:
            console.print(Text(f"  {note}", style="dim"), soft_wrap=True)


def faulty_files(outcome: CheckOutcome) -> set[tuple[str, str]]:
    """The files that a problem names; every file of a wave for a problem that names none, as of its manifest."""
    found: set[tuple[str, str]] = set()
    for problem in outcome.problems:
        of_wave = {(file.wave_id, file.path) for file in outcome.files if file.wave_id == problem.wave_id}
        # Before the name may stand folders, behind it a line or a sheet.
        named = {
            name for name in of_wave if re.search(rf"(^|/){re.escape('/'.join(name))}($|[:\[])", problem.file)
        }
        found |= named or of_wave
    return found


def _about_texts(file: LandedFile) -> Iterator[tuple[str, str]]:
    """What was wrong with the encoding of a file: it stops nothing, and a person should know."""
    for outcome, style in (("repaired", "dim"), ("damaged", "yellow")):
        found = [
            f"{count:,} {name.removesuffix(f'_{outcome}').replace('_', ' ')}"
            for name, count in vars(file.text_counts).items()
            if count and name.endswith(outcome)
        ]
        if found:
            yield f"{'':<10} {outcome}: {', '.join(found)}", style
    if file.text_counts.value_labels_damaged:
        yield (
            (
                f"{'':<10} flag[value_labels_undamaged]: ask the supplier for the labels, or for the file in UTF-8; "
                f"their bytes are in landing/{file.wave_id}/{file.file_id}/original_texts.parquet"
            ),
            "yellow",
        )


def _count(items: Sequence[object], name: str) -> str:
    return f"{len(items)} {name}{'' if len(items) == 1 else 's'}"
