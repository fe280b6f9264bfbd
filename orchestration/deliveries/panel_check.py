"""Members of a panel over the files of one wave: each answers once, in whichever file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from orchestration.deliveries.manifest import DeliveredFile, Manifest
from orchestration.deliveries.problems import Problem


def members_in_two_files(manifest: Manifest, landing: Path) -> list[Problem]:
    """A problem for each landed file that holds members of a panel whom an earlier file of the same instrument
    holds too: a change between waves would count them as two units. Numbers of rows, never a member."""
    panels: dict[tuple[str, str], list[DeliveredFile]] = {}
    for entry in manifest.current:
        if entry.panel:
            panels.setdefault((entry.instrument, entry.panel), []).append(entry)
    return [
        problem
        for files in panels.values()
        if len(files) > 1
        for problem in _repeated(manifest, files, landing)
    ]


def _repeated(manifest: Manifest, files: Iterable[DeliveredFile], landing: Path) -> Iterable[Problem]:
    import pyarrow.parquet as parquet

    seen: dict[str, str] = {}
    for entry in files:
        path = landing / manifest.wave / entry.file_id / "answers.parquet"
        column = parquet.ParquetFile(path).read(columns=["_panel_member"]).column(0)
        members = [member for member in column.to_pylist() if member is not None]
        before = [seen[member] for member in members if member in seen]
        if before:
            yield Problem(
                "panel_id",
                f"{len(before)} of {len(column)} rows have a panel id that a row of "
                f"{', '.join(sorted(set(before)))} has too",
                "ask the supplier which rows are the member's; a member answers once in a wave",
                wave_id=manifest.wave,
                file=manifest.shown(entry.path),
                variable=entry.panel_id or "",
            )
        seen.update(dict.fromkeys(members, entry.path))
