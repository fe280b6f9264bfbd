"""Tables of a release as one DuckDB file, ``marts.duckdb``, schema ``main``.

A process of its own writes the file and sees nothing but the Parquet files of the release. DuckDB pads its
blocks with whatever its memory held before, and the memory of a run has held answers and unsuppressed
figures: written in the same process, fragments of those could leave with the release.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import duckdb

from orchestration.publication import parquet
from orchestration.publication.tables import ReleaseTable, literal, quoted
from orchestration.settings import PROJECT_ROOT

FILE = "marts.duckdb"

# The oldest stable file format: every client since DuckDB 1.0 (command line, R, ODBC) opens it.
STORAGE_VERSION = "v1.0.0"


class DuckdbFileNotWritten(Exception):
    """The process that writes ``marts.duckdb`` failed; the message is its own."""


def write_duckdb(tables: Iterable[ReleaseTable], release: Path) -> Path:
    """Write ``marts.duckdb`` from the Parquet files below ``release``, with the descriptions of ``tables``.

    Raises ``DuckdbFileNotWritten``.
    """
    descriptions = {
        table.name: {"table": table.comment, "columns": table.column_comments} for table in tables
    }
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(release.resolve())],
        input=json.dumps(descriptions),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=PROJECT_ROOT,
    )
    if done.returncode != 0:
        raise DuckdbFileNotWritten(f"{FILE} was not written: {done.stderr.strip()[-2000:]}")
    return release / FILE


def _write(release: Path, descriptions: dict[str, dict]) -> None:
    """What the process does: read Parquet, write tables in their stored order, describe them."""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute(f"attach {literal(release / FILE)} as marts (storage_version '{STORAGE_VERSION}')")
        for name, description in descriptions.items():
            table = f"marts.main.{quoted(name)}"
            source = release / parquet.FOLDER / f"{name}.parquet"
            connection.execute(f"create table {table} as from read_parquet({literal(source)})")
            if description["table"]:
                connection.execute(f"comment on table {table} is {literal(description['table'])}")
            for column, comment in description["columns"].items():
                connection.execute(f"comment on column {table}.{quoted(column)} is {literal(comment)}")
        connection.execute("checkpoint marts")
        connection.execute("detach marts")


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    _write(Path(sys.argv[1]), json.load(sys.stdin))
