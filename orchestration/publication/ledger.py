"""The ledger of all cells ever published: one row per release and cell of ``mart_trend``.

What has been published cannot be taken back, so the ledger only grows. The next build reads it:
``mart_revisions`` lists each cell whose value or status differs from the release before.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from orchestration.publication.durable import sync_file, sync_folder
from orchestration.publication.tables import literal
from orchestration.settings import Settings

LEDGER = "ledger.parquet"
_CELL = "indicator_id, population_id, breakdown_id, breakdown_code, wave_id"


def ledger_path(settings: Settings) -> Path:
    """Where the ledger lies: beside the releases, for it outlives each of them."""
    return settings.published / LEDGER


def last_entry(settings: Settings) -> str | None:
    """Id of the release that was entered last, or None before the first."""
    path = ledger_path(settings)
    if not path.exists():
        return None
    with duckdb.connect() as connection:
        [release_id] = connection.execute(
            f"select arg_max(release_id, release_sequence) from read_parquet({literal(path)})"
        ).fetchone()
    return release_id


def enter_release(settings: Settings, release_id: str) -> None:
    """Append the cells of a release that is being published; the release entered last is not entered again.

    The new ledger is written beside the old one and put in its place in one step.
    """
    if last_entry(settings) == release_id:
        return
    path, cells = ledger_path(settings), settings.published / release_id / "parquet" / "mart_trend.parquet"
    temporary = path.with_name(f".{LEDGER}-{os.getpid()}")
    with duckdb.connect() as connection:
        earlier = f"select * from read_parquet({literal(path)}) union all" if path.exists() else ""
        sequence = (
            f"(select max(release_sequence) + 1 from read_parquet({literal(path)}))" if path.exists() else "1"
        )
        connection.execute(
            f"""
            copy (
                select * from (
                    {earlier}
                    select {sequence} as release_sequence, {literal(release_id)} as release_id, {_CELL},
                        estimate, publication_status
                    from read_parquet({literal(cells)})
                )
                order by release_sequence, {_CELL}
            ) to {literal(temporary)} (format parquet, compression zstd)
            """
        )
    sync_file(temporary)
    os.replace(temporary, path)
    sync_folder(path.parent)
