"""Where a row of the registry stands, as messages name it: ``registry/waves.csv:12``."""

from __future__ import annotations

import csv
import io

from orchestration.registry.load import Registry
from orchestration.registry.schema import TABLES


def place(registry: Registry, table: str, index: int) -> str:
    """File and line of the row at ``index`` (from 0) of a table; line breaks inside cells are counted."""
    path = TABLES[table].path
    line = index + 2
    data = registry.contents.get(path, b"")
    # Only a file with line breaks inside cells has more lines than rows; the rest needs no second reading.
    if data.count(b"\n") > len(registry.table(table)) + 1:
        reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""))
        starts: list[int] = []
        before = 0
        for _ in reader:
            starts.append(before + 1)
            before = reader.line_num
        if index + 1 < len(starts):
            line = starts[index + 1]
    return f"{path}:{line}"
