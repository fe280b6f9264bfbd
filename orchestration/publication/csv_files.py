"""Tables of a release as CSV: UTF-8 without a byte-order mark, comma, LF, a header row.

Nothing (NULL) is an empty field and an empty text is ``""``; numbers have a decimal point and their
shortest form; dates are ISO 8601.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from orchestration.publication.tables import literal, quoted

FOLDER = "csv"


def write_csv(connection: duckdb.DuckDBPyConnection, names: Iterable[str], release: Path) -> list[Path]:
    """Write ``csv/<name>.csv`` for tables of the connection's own database, in their stored order."""
    folder = release / FOLDER
    folder.mkdir(exist_ok=True)
    paths = []
    for name in names:
        path = folder / f"{name}.csv"
        connection.execute(
            f"copy (from main.{quoted(name)}) to {literal(path)} "
            "(format csv, header true, delimiter ',', quote '\"', escape '\"', nullstr '', "
            "dateformat '%Y-%m-%d', timestampformat '%Y-%m-%dT%H:%M:%S')"
        )
        paths.append(path)
    return paths
