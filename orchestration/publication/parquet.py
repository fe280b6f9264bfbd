"""Tables of a release as Parquet, one file each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from orchestration.publication.tables import literal, quoted

FOLDER = "parquet"


def write_parquet(connection: duckdb.DuckDBPyConnection, names: Iterable[str], release: Path) -> list[Path]:
    """Write ``parquet/<name>.parquet`` for tables of the connection's own database, in their stored order.

    Equal rows give equal bytes as long as the connection uses one thread: row groups are then cut at the same
    places.
    """
    folder = release / FOLDER
    folder.mkdir(exist_ok=True)
    paths = []
    for name in names:
        path = folder / f"{name}.parquet"
        connection.execute(
            f"copy (from main.{quoted(name)}) to {literal(path)} "
            "(format parquet, compression zstd, row_group_size 122880)"
        )
        paths.append(path)
    return paths
