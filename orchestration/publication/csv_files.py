"""Tables of a release as CSV: UTF-8 without a byte-order mark, comma, LF, a header row.

Nothing (NULL) is an empty field and an empty text is ``""``; numbers have a decimal point and their
shortest form; dates are ISO 8601. Text that a spreadsheet would take for a formula begins with an apostrophe:
names of files and variables come from suppliers.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from orchestration.publication.tables import literal, quoted

FOLDER = "csv"
FORMULA = "^[=+@\t\r]|^-[^0-9.]"
"""Text that Excel, LibreOffice or Google Sheets computes when a CSV file is opened."""
APOSTROPHE = "'"


def write_csv(connection: duckdb.DuckDBPyConnection, names: Iterable[str], release: Path) -> list[Path]:
    """Write ``csv/<name>.csv`` for tables of the connection's own database, in their stored order."""
    folder = release / FOLDER
    folder.mkdir(exist_ok=True)
    paths = []
    for name in names:
        path = folder / f"{name}.csv"
        connection.execute(
            f"copy ({_guarded(connection, name)}) to {literal(path)} "
            "(format csv, header true, delimiter ',', quote '\"', escape '\"', nullstr '', "
            "dateformat '%Y-%m-%d', timestampformat '%Y-%m-%dT%H:%M:%S')"
        )
        paths.append(path)
    return paths


def _guarded(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """SQL of the table in which no text is a formula."""
    columns = connection.execute(f"describe main.{quoted(name)}").fetchall()
    texts = [quoted(column[0]) for column in columns if column[1] == "VARCHAR"]
    guards = [
        f"if(regexp_matches({text}, {literal(FORMULA)}), {literal(APOSTROPHE)} || {text}, {text}) as {text}"
        for text in texts
    ]
    replaced = f"* replace ({', '.join(guards)})" if guards else "*"
    return f"select {replaced} from main.{quoted(name)}"
