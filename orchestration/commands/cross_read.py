"""``peilstok check --cross-read``: what a second reader and a twin make of each delivered file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from rich.status import Status

    from orchestration.deliveries.second_reading.reading_again import SecondReading
    from orchestration.registry import Registry
    from orchestration.settings import Settings

HEADER = ("file", "rows × columns", "second reader", "cells compared", "differences", "")


def read_again(
    settings: Settings, registry: Registry, waves: Sequence[str] | None, status: Status
) -> list[SecondReading]:
    """Read the files of the chosen waves again, as far as their manifests and locks are in order."""
    from orchestration.deliveries import scan_deliveries, verify_lock
    from orchestration.deliveries.confined_reading import ReadingLimits
    from orchestration.deliveries.second_reading.reading_again import read_wave_again

    manifests, _ = scan_deliveries(settings.raw, registry)
    limits = ReadingLimits.from_rows(registry.table("reading_limits"))
    readings: list[SecondReading] = []
    for manifest in manifests:
        # What is wrong with a lock is told by the check itself.
        if (waves is None or manifest.wave in waves) and not verify_lock(manifest):
            status.update(f"reading {manifest.wave} again")
            readings += read_wave_again(manifest, limits=limits)
    return readings


def print_readings(console: Console, readings: Sequence[SecondReading]) -> None:
    """A table: file, rows × columns, reader, cells compared, differences, and what was let pass; nothing for none."""
    if not readings:
        return
    rows = [HEADER, *(_row(reading) for reading in readings)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADER))]
    for number, row in enumerate(rows):
        cells = [
            f"{cell:>{width}}" if place in (1, 3, 4) else f"{cell:<{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        differs = number > 0 and row[4] != "0"
        style = "bold" if number == 0 else "yellow" if differs else ""
        console.print(Text("  ".join(cells).rstrip(), style=style), soft_wrap=True)


def _row(reading: SecondReading) -> tuple[str, ...]:
    name = reading.file.removeprefix("raw/")
    found = reading.comparison
    if found is None:
        return (name, "", reading.reader, "", "not compared", "")
    passed = (
        (found.repaired, "texts repaired"),
        (found.blanked, "missing left blank"),
        (found.last_bits, "rounded in the last bits"),
    )
    told = ", ".join(f"{count:,} {what}" for count, what in passed if count)
    return (
        name,
        f"{found.rows:,} × {found.columns:,}",
        reading.reader,
        f"{found.cells:,}",
        f"{found.count:,}",
        told,
    )
