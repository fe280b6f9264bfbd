"""Columns and codes of a file that was read: rows that hold a code, missing codes, values made anew."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from orchestration.deliveries.corrections.reasons import with_coded_column
from orchestration.deliveries.readers.dictionary import coded_values
from orchestration.deliveries.source_table import (
    NUMERIC,
    SourceTable,
    SourceValue,
    SourceVariable,
    canonical_code,
    declared_text,
)
from orchestration.deliveries.source_table import declared_parts as parts_of
from orchestration.deliveries.source_table import is_reason as is_reason_of_number

PLAIN_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


class NotThisKind(Exception):
    """A code that a variable cannot hold: text among numbers."""


def variable_of(source: SourceTable, name: str) -> SourceVariable | None:
    """The variable with exactly this name, or ``None``."""
    return next((one for one in source.variables if one.variable_name == name), None)


def code_for(variable: SourceVariable, code: str) -> str:
    """The canonical code in this variable: ``01`` and ``1.0`` are ``1`` among numbers, and ``.a`` to ``.z`` the
    reasons of missing ones. Raises ``NotThisKind``."""
    if variable.storage_type != NUMERIC or is_reason(variable, code):
        return code
    # Python's own notation of numbers has more signs, such as 1_0 for ten.
    number = float(code) if PLAIN_NUMBER.fullmatch(code) else math.nan
    if not math.isfinite(number):
        raise NotThisKind(code)
    return canonical_code(number)


def is_reason(variable: SourceVariable, code: str) -> bool:
    """Whether a code says why a number is missing."""
    return variable.storage_type == NUMERIC and is_reason_of_number(code)


def cell_for(variable: SourceVariable, code: str | None) -> Any:
    """What a cell of this variable holds for a code; ``None`` (no value) is NaN among numbers."""
    if variable.storage_type != NUMERIC or (code is not None and is_reason(variable, code)):
        return code
    return float("nan") if code is None else float(code)


def holds(variable: SourceVariable, column: Any, code: str | None) -> Any:
    """Which rows of a coded column hold a canonical code (``None``: no value and no reason), as a boolean column."""
    return column.isna() if code is None else column == cell_for(variable, code)


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
    return parts_of(variable.missing_declaration, variable.storage_type == NUMERIC)


def declaration_of(variable: SourceVariable, parts: Iterable[str]) -> str:
    """A missing declaration of these parts, as landing writes it."""
    return "|".join(parts if variable.storage_type == NUMERIC else map(declared_text, parts))


def is_range(variable: SourceVariable, part: str) -> bool:
    return variable.storage_type == NUMERIC and ".." in part


def with_columns(source: SourceTable, columns: Mapping[str, Any]) -> SourceTable:
    """The same file with other coded columns; the codes that lie in a range of missing codes are found anew."""
    for name, column in columns.items():
        variable = variable_of(source, name)
        assert variable is not None
        source = with_coded_column(source, variable, column)
    return with_codes(source, columns)


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
        reasons = set(source.missing_reasons.get(name, {}).values())
        declaration, answers = variable.missing_declaration, source.frame[name]
        for value in coded_values(name, is_numeric, kept, declaration, answers, reasons):
            # What a reader knows of a code besides stays with it.
            earlier = known.get(value.code, value)
            values.append(
                replace(earlier, value_label=value.value_label, is_user_missing=value.is_user_missing)
            )
    return replace(source, values=values)


def _only_in_range(variable: SourceVariable, value: SourceValue) -> bool:
    """A code that is listed because it occurs in a range of missing codes, and for no other reason."""
    return not value.value_label and value.is_user_missing and value.code not in declared_parts(variable)
