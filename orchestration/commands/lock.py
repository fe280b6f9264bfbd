"""``peilstok lock``: write down what a delivery is, once, when it has come in."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from orchestration.commands.choice import choose_waves, wave_folders
from orchestration.settings import Settings


def lock(settings: Settings, console: Console, wave: str) -> int:
    """Write ``delivery.lock`` of ``wave`` and print what it holds; returns the exit code."""
    from orchestration.deliveries import load_manifest, write_lock
    from orchestration.deliveries.access_log import record_raw_reading
    from orchestration.deliveries.confined_reading import ReadingLimits
    from orchestration.registry import load_registry

    registry = load_registry(settings.registry)
    folders = wave_folders(settings.raw)
    choose_waves([wave], registry.waves.keys(), folders.keys())
    record_raw_reading(settings.home, "lock", [wave])
    limits = ReadingLimits.from_rows(registry.table("reading_limits"))
    written = write_lock(load_manifest(folders[wave], registry), limits=limits)
    for path, locked in written.files.items():
        size = f"{locked.rows:>7,} rows {locked.columns:>4} columns {locked.bytes:>11,} bytes"
        console.print(Text(f"{locked.sha256[:12]}  {size}  {path}"), soft_wrap=True)
    console.print(Text(f"locked {wave}: {len(written.files)} files", style="bold"))
    return 0
