"""Where a row of the registry stands, as messages name it: ``registry/waves.csv:12``."""

from __future__ import annotations

import csv
import io

from orchestration.registry.load import Registry
from orchestration.registry.schema import TABLES


def place(registry: Registry, table: str, index: int) -> str:
    """File and line of the row at ``index`` (from 0) of a table; line breaks inside cells are counted.

    Of a registry without proposed rows, the line is still that of the file.
    """
    path = TABLES[table].path
    rows = len(registry.table(table))
    if table in registry.origins:
        rows, index = None, registry.origins[table][index]
    line = index + 2
    data = registry.contents.get(path, b"")
    # Only a file with line breaks inside cells has more lines than rows; the rest needs no second reading.
    if rows is None or data.count(b"\n") > rows + 1:
        reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""))
        starts: list[int] = []
        before = 0
        for _ in reader:
            starts.append(before + 1)
            before = reader.line_num
        if index + 1 < len(starts):
            line = starts[index + 1]
    return f"{path}:{line}"
