"""Missing numbers with a reason, Stata's ``.a`` to ``.z``, as codes of their column: what a correction looks at
and changes is one column, though landing keeps the reasons beside the numbers, by row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from orchestration.deliveries.source_table import NUMERIC, SourceTable, SourceVariable, declared_parts


def coded_column(source: SourceTable, name: str) -> Any:
    """The answers of a variable: its column, in which a number that is missing for a reason holds the reason."""
    column, reasons = source.frame[name], source.missing_reasons.get(name)
    if not reasons:
        return column
    cells = column.to_numpy(dtype=object).copy()
    cells[[row - 1 for row in reasons]] = list(reasons.values())
    return type(column)(cells, index=column.index, dtype=object)


def with_coded_column(source: SourceTable, variable: SourceVariable, column: Any) -> SourceTable:
    """The same file with this column, as ``coded_column`` gives one. A reason that is new to the variable is
    declared: it is missing in any variable. The codebook is not looked at."""
    name = variable.variable_name
    cells, found = column.to_numpy(), {}
    if variable.storage_type == NUMERIC:
        found = {row: cell for row, cell in enumerate(column, start=1) if isinstance(cell, str)}
        cells = np.asarray([np.nan if isinstance(cell, str) else cell for cell in column], dtype=float)
    frame = source.frame.copy(deep=False)
    frame[name] = cells
    reasons = {key: rows for key, rows in source.missing_reasons.items() if key != name}
    parts = declared_parts(variable.missing_declaration, is_numeric=True) if found else []
    new = sorted(set(found.values()) - set(parts))
    declared = replace(variable, missing_declaration="|".join([*parts, *new])) if new else variable
    return replace(
        source,
        frame=frame,
        missing_reasons={**reasons, name: found} if found else reasons,
        variables=[declared if one.variable_name == name else one for one in source.variables],
    )


def without_rows(source: SourceTable, kept: Any) -> SourceTable:
    """The same file with only the rows that are ``kept`` (a boolean by row), and all that is told by the number of
    a row told by its new one."""
    new = dict(zip((np.flatnonzero(kept) + 1).tolist(), range(1, int(kept.sum()) + 1), strict=True))
    reasons = {
        name: {new[row]: code for row, code in by_row.items() if row in new}
        for name, by_row in source.missing_reasons.items()
    }
    return replace(
        source,
        frame=source.frame.loc[kept].reset_index(drop=True),
        missing_reasons={name: by_row for name, by_row in reasons.items() if by_row},
        # Row 0 is that of a text that is no answer.
        original_texts=tuple(
            replace(text, row=new.get(text.row, 0))
            for text in source.original_texts
            if text.row == 0 or text.row in new
        ),
    )
