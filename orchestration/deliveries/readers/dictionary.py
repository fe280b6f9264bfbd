"""From what pyreadstat returns to a ``SourceTable``: variables, value labels and missing declarations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestration.deliveries.source_table import (
    NUMERIC,
    STRING,
    SourceTable,
    SourceValue,
    SourceVariable,
    canonical_code,
    in_missing_declaration,
)

OPEN_ENDED = 1.79e308
"""SPSS writes LOWEST and HIGHEST as the extreme doubles; from here on a bound is no bound."""


def source_table(columns: Mapping[str, Any], meta: Any, encoding: str) -> SourceTable:
    """Turn columns (arrays by name) and pyreadstat's metadata into a ``SourceTable``."""
    import pandas as pd

    sets = _response_sets(meta)
    series: dict[str, pd.Series] = {}
    variables: list[SourceVariable] = []
    values: list[SourceValue] = []
    for position, name in enumerate(meta.column_names, start=1):
        is_numeric = meta.readstat_variable_types.get(name) != "string"
        series[name] = _numbers(columns[name]) if is_numeric else _texts(columns[name])
        declaration = _missing_declaration(meta.missing_ranges.get(name, []))
        measure = meta.variable_measure.get(name) or ""
        variables.append(
            SourceVariable(
                position,
                name,
                (meta.column_names_to_labels.get(name) or "").rstrip(),
                NUMERIC if is_numeric else STRING,
                meta.original_variable_types.get(name) or "",
                "" if measure == "unknown" else measure,
                "|".join(sets.get(name, [])),
                declaration,
            )
        )
        labels = meta.variable_value_labels.get(name) or {}
        values += coded_values(name, is_numeric, labels, declaration, series[name])
    frame = pd.DataFrame(series, copy=False)
    return SourceTable(frame, variables, values, (meta.file_label or "").rstrip(), encoding)


def coded_values(
    name: str, is_numeric: bool, labels: Mapping[Any, str], declaration: str, answers: Any
) -> list[SourceValue]:
    """Labelled codes, declared missing codes without one, and codes in the data within a missing range."""
    found: dict[str, str] = {}
    for code, label in labels.items():
        found[canonical_code(code)] = (label or "").rstrip()
    for part in filter(None, declaration.split("|")):
        if is_numeric and ".." in part:
            low, high = (float(bound) for bound in part.split("..", 1))
            inside = answers[(answers >= low) & (answers <= high)].unique()
            for number in inside:
                found.setdefault(canonical_code(number), "")
        else:
            found.setdefault(part, "")
    ordered = sorted(
        found, key=(lambda code: (float(code), code)) if is_numeric else (lambda code: (0.0, code))
    )
    return [
        SourceValue(name, code, found[code], in_missing_declaration(code, is_numeric, declaration))
        for code in ordered
    ]


def text_column(values: Any) -> Any:
    """Text without trailing blanks; blank is ``None``, since a string variable knows no other missing."""
    import pandas as pd

    trimmed = (value.rstrip() if isinstance(value, str) else None for value in values)
    return pd.Series([text or None for text in trimmed], dtype=object)


def _texts(values: Any) -> Any:
    return text_column(values)


def _numbers(values: Any) -> Any:
    import numpy as np
    import pandas as pd

    return pd.Series(np.asarray(values, dtype=np.float64), copy=False)


def _missing_declaration(ranges: list[Any]) -> str:
    parts: list[str] = []
    for item in ranges:
        low, high = (item["lo"], item["hi"]) if isinstance(item, dict) else (item, item)
        if low == high:
            parts.append(canonical_code(low))
        else:
            parts.append(f"{_bound(low)}..{_bound(high)}")
    return "|".join(parts)


def _bound(value: float) -> str:
    if abs(value) >= OPEN_ENDED:
        return "-inf" if value < 0 else "inf"
    return canonical_code(value)


def _response_sets(meta: Any) -> dict[str, list[str]]:
    by_variable: dict[str, list[str]] = {}
    for name in sorted(meta.mr_sets or {}):
        for variable in meta.mr_sets[name]["variable_list"]:
            by_variable.setdefault(variable, []).append(name)
    return by_variable
