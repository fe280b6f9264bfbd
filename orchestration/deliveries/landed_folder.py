"""The folder of one landed file: seeing what stands in it, and switching it for a newer one in one step."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from orchestration.deliveries.landed_tables import DELIVERY_COLUMNS, TABLE_NAMES, write_tables


def landed_as(folder: Path) -> dict[str, Any] | None:
    """The delivery row of what stands in landing, or ``None`` when that is nothing whole."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    if not all((folder / f"{name}.parquet").is_file() for name in TABLE_NAMES):
        return None
    try:
        known = parquet.read_table(folder / "delivery.parquet").to_pylist()[0]
        return known if DELIVERY_COLUMNS.keys() <= known.keys() else None
    except (OSError, pa.ArrowInvalid, IndexError):
        return None


def replace_folder(landing: Path, folder: Path, tables: dict[str, Any]) -> None:
    """Write beside, then switch by renaming: a reader of landing never meets half a file."""
    for private in (landing, folder.parent):
        private.mkdir(parents=True, exist_ok=True)
        private.chmod(0o700)
    # Beside landing, not in it: whoever globs landing must not find files that are being written.
    workspace = landing.with_name("landing_incoming")
    workspace.mkdir(exist_ok=True)
    workspace.chmod(0o700)
    incoming = workspace / f"{folder.parent.name}.{folder.name}.{os.getpid()}"
    outgoing = incoming.with_name(f"{incoming.name}.old")
    try:
        for stale in (incoming, outgoing):
            shutil.rmtree(stale, ignore_errors=True)
        incoming.mkdir(mode=0o700)
        write_tables(incoming, tables)
        if folder.exists():
            folder.rename(outgoing)
        incoming.rename(folder)
    finally:
        for stale in (incoming, outgoing):
            shutil.rmtree(stale, ignore_errors=True)


def drop_vanished_files(wave_folder: Path, current: set[str]) -> None:
    """Remove the files of a wave that its manifest does not name any more."""
    for folder in wave_folder.iterdir():
        if folder.is_dir() and folder.name not in current:
            shutil.rmtree(folder)
