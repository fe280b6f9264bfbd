"""Columns and codes of a file that was read: rows that hold a code, missing codes, values made anew."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from orchestration.deliveries.readers.dictionary import coded_values
from orchestration.deliveries.source_table import (
    NUMERIC,
    SourceTable,
    SourceValue,
    SourceVariable,
    canonical_code,
    in_missing_declaration,
)


class NotThisKind(Exception):
    """A code that a variable cannot hold: text among numbers."""


def variable_of(source: SourceTable, name: str) -> SourceVariable | None:
    """The variable with exactly this name, or ``None``."""
    return next((one for one in source.variables if one.variable_name == name), None)


def code_for(variable: SourceVariable, code: str) -> str:
    """The canonical code in this variable: ``01`` and ``1.0`` are ``1`` among numbers. Raises ``NotThisKind``."""
    if variable.storage_type != NUMERIC:
        return code
    try:
        number = float(code)
    except ValueError:
        raise NotThisKind(code) from None
    if not math.isfinite(number):
        raise NotThisKind(code)
    return canonical_code(number)


def cell_for(variable: SourceVariable, code: str | None) -> Any:
    """What a cell of this variable holds for a code; ``None`` (no value) is NaN among numbers."""
    if variable.storage_type != NUMERIC:
        return code
    return float("nan") if code is None else float(code)


def holds(variable: SourceVariable, column: Any, code: str | None) -> Any:
    """Which rows hold a canonical code (``None``: no value), as a boolean column."""
    return column.isna() if code is None else column == cell_for(variable, code)


def is_declared_missing(variable: SourceVariable, column: Any) -> Any:
    """Which rows hold a code that is declared missing."""
    is_numeric = variable.storage_type == NUMERIC
    codes = [
        value
        for value in column.dropna().unique()
        if in_missing_declaration(canonical_code(value), is_numeric, variable.missing_declaration)
    ]
    return column.isin(codes)


def counted(column: Any) -> dict[str | None, int]:
    """Rows by canonical code, ``None`` for no value."""
    found: dict[str | None, int] = {
        canonical_code(value): int(count) for value, count in column.value_counts().items()
    }
    if empty := int(column.isna().sum()):
        found[None] = empty
    return found


def labels_of(source: SourceTable, name: str) -> dict[str, SourceValue]:
    """The codebook of one variable by code."""
    return {value.code: value for value in source.values if value.variable_name == name}


def declared_parts(variable: SourceVariable) -> list[str]:
    """The parts of a missing declaration: codes, and ranges among numbers."""
    return [part for part in variable.missing_declaration.split("|") if part]


def is_range(variable: SourceVariable, part: str) -> bool:
    return variable.storage_type == NUMERIC and ".." in part


def with_columns(source: SourceTable, columns: Mapping[str, Any]) -> SourceTable:
    """The same file with other cells; the codes that lie in a range of missing codes are found anew."""
    frame = source.frame.copy(deep=False)
    for name, column in columns.items():
        frame[name] = column.to_numpy() if hasattr(column, "to_numpy") else column
    return with_codes(replace(source, frame=frame), columns)


def with_codes(
    source: SourceTable, names: Iterable[str], labels: Mapping[str, Mapping[str, str]] | None = None
) -> SourceTable:
    """The same file with the codebook of these variables made anew; ``labels`` holds new ones by code."""
    wanted = list(names)
    values: list[SourceValue] = []
    by_name: dict[str, list[SourceValue]] = {}
    for value in source.values:
        by_name.setdefault(value.variable_name, []).append(value)
    for variable in source.variables:
        name = variable.variable_name
        known = {value.code: value for value in by_name.get(name, [])}
        if name not in wanted:
            values += known.values()
            continue
        kept = {
            code: value.value_label for code, value in known.items() if not _only_in_range(variable, value)
        }
        kept |= (labels or {}).get(name, {})
        is_numeric = variable.storage_type == NUMERIC
        for value in coded_values(name, is_numeric, kept, variable.missing_declaration, source.frame[name]):
            # What a reader knows of a code besides stays with it.
            earlier = known.get(value.code, value)
            values.append(
                replace(earlier, value_label=value.value_label, is_user_missing=value.is_user_missing)
            )
    return replace(source, values=values)


def _only_in_range(variable: SourceVariable, value: SourceValue) -> bool:
    """A code that is listed because it occurs in a range of missing codes, and for no other reason."""
    return not value.value_label and value.is_user_missing and value.code not in declared_parts(variable)
