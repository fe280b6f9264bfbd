"""What each kind of action does to a file that was read.

A function per kind: ``(source, action, rows) -> Change``, with ``rows`` the boolean column of the rows that
match. They never judge guards and never name a value of a respondent; what cannot be done is a ``Refusal``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from orchestration.deliveries.corrections.columns import (
    NotThisKind,
    cell_for,
    code_for,
    declaration_of,
    declared_parts,
    holds,
    is_range,
    is_reason,
    labels_of,
    variable_of,
    with_codes,
    with_columns,
)
from orchestration.deliveries.corrections.reasons import coded_column, without_rows
from orchestration.deliveries.corrections.records import (
    Action,
    DeclareMissing,
    DeclareValid,
    DropRows,
    Multiply,
    Recode,
    RelabelCode,
    RelabelVariable,
    Rename,
    SetValue,
    Swap,
)
from orchestration.deliveries.corrections.renaming import with_name
from orchestration.deliveries.source_table import NUMERIC, SourceTable, SourceVariable, is_declared_missing

LANDING_NAMES = frozenset({"_row", "_respondent", "_panel_member"})
"""Columns of landing itself, which no variable may be called."""


class Refusal(Exception):
    """What cannot be done: ``message`` and ``remedy`` for a person, ``variable`` and ``code`` where known."""

    def __init__(self, message: str, remedy: str, variable: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message, self.remedy, self.variable, self.code = message, remedy, variable, code


@dataclass(frozen=True)
class Change:
    """The file after an action. ``matched``: the rows that it was about; ``changed``: those that differ;
    ``is_effective``: whether anything differs, also where no row does (a label, a name)."""

    source: SourceTable
    matched: Any
    changed: int
    is_effective: bool
    before: dict[str, Any] = field(default_factory=dict)
    """The variables' columns before it, which the guards look at."""


def act(source: SourceTable, action: Action, rows: Any) -> Change:
    """Carry out one action. Raises ``Refusal``."""
    return _KINDS[type(action)](source, action, rows)


def _named(source: SourceTable, name: str) -> SourceVariable:
    variable = variable_of(source, name)
    assert variable is not None  # looked up before any action is tried
    return variable


def _code(variable: SourceVariable, code: str | None) -> str | None:
    if code is None:
        return None
    try:
        return code_for(variable, code)
    except NotThisKind:
        raise Refusal(
            "the variable holds numbers, and this code is none",
            "correct the code in the correction",
            variable.variable_name,
            code,
        ) from None


def _differing(new: Any, old: Any) -> Any:
    return ~((new == old) | (new.isna() & old.isna()))


def _changed_columns(source: SourceTable, columns: dict[str, Any], matched: Any) -> Change:
    before = {name: coded_column(source, name) for name in columns}
    differs = np.zeros(len(source.frame), dtype=bool)
    for name, column in columns.items():
        differs |= _differing(column, before[name]).to_numpy(dtype=bool)
    count = int(differs.sum())
    return Change(with_columns(source, columns), matched, count, count > 0, before)


def _placed(variable: SourceVariable, column: Any, rows: Any, code: str | None) -> Any:
    """The column with one value in these rows."""
    import pandas as pd

    if code is not None and is_reason(variable, code):
        if code not in declared_parts(variable):
            raise Refusal(
                "is the reason of a missing number, and the file has no such reason in this variable",
                "write `null` for no value at all, or correct the code in the correction",
                variable.variable_name,
                code,
            )
        column = column.astype(object)
    cells = column.to_numpy().copy()
    cells[rows.to_numpy(dtype=bool)] = cell_for(variable, code)
    return pd.Series(cells, index=column.index, dtype=column.dtype)


def _set_value(source: SourceTable, action: SetValue, rows: Any) -> Change:
    columns = {}
    for name in action.variable:
        variable = _named(source, name)
        columns[name] = _placed(variable, coded_column(source, name), rows, _code(variable, action.value))
    return _changed_columns(source, columns, rows)


def _recode(source: SourceTable, action: Recode, rows: Any) -> Change:
    columns, matched = {}, rows & False
    for name in action.variable:
        variable, old = _named(source, name), coded_column(source, name)
        column, seen = old, set()
        for code, new in action.codes.items():
            found = _code(variable, code)
            if found in seen:
                raise Refusal(
                    "stands twice among the old codes", "keep one of the two in the correction", name, code
                )
            seen.add(found)
            # Looked up in the delivered column, so that two codes can be exchanged.
            holding = rows & holds(variable, old, found)
            column = _placed(variable, column, holding, _code(variable, new))
            matched = matched | holding
        columns[name] = column
    return _changed_columns(source, columns, matched)


def _multiply(source: SourceTable, action: Multiply, rows: Any) -> Change:
    columns, matched = {}, rows & False
    for name in action.variable:
        variable, old = _named(source, name), source.frame[name]
        if variable.storage_type != NUMERIC:
            raise Refusal("is text, and only numbers can be multiplied", "correct `variable`", name)
        chosen = rows & old.notna() & ~is_declared_missing(variable, old)
        with np.errstate(over="ignore", under="ignore"):
            product = old.where(~chosen, old * action.by)
        results = product[chosen]
        lost = ~np.isfinite(results) | ((results == 0) & (old[chosen] != 0))
        if count := int(lost.sum()):
            raise Refusal(
                f"{count} of {int(chosen.sum())} results are too large or too small for a number",
                "correct `by` in the correction",
                name,
            )
        if count := int(is_declared_missing(variable, results).sum()):
            raise Refusal(
                f"{count} of {int(chosen.sum())} results are a code that is declared missing",
                "correct `by`, or first move the missing codes with a `recode`",
                name,
            )
        coded = coded_column(source, name)
        columns[name] = coded.where(~chosen, product)
        matched = matched | chosen
    return _changed_columns(source, columns, matched)


def _swap(source: SourceTable, action: Swap, rows: Any) -> Change:
    first, second = (_named(source, name) for name in action.variables)
    if first.storage_type != second.storage_type:
        raise Refusal(
            f"one of {first.variable_name} and {second.variable_name} holds numbers, the other text",
            "correct `variables` in the correction",
        )
    one, other = (coded_column(source, name) for name in action.variables)
    if one.dtype != other.dtype:
        one, other = one.astype(object), other.astype(object)
    columns = {first.variable_name: one.where(~rows, other), second.variable_name: other.where(~rows, one)}
    return _changed_columns(source, columns, rows)


def _drop_rows(source: SourceTable, action: DropRows, rows: Any) -> Change:
    if rows.all() and len(rows):
        raise Refusal("every row matches, and none would be left", "correct `match` in the correction")
    kept = without_rows(source, ~rows.to_numpy(dtype=bool))
    dropped = int(rows.sum())
    return Change(with_codes(kept, kept.variable_names), rows, dropped, dropped > 0)


def _rename(source: SourceTable, action: Rename, rows: Any) -> Change:
    # DuckDB takes names that differ in case alone for one and the same.
    new = action.to.casefold()
    clash = [name for name in source.variable_names if name.casefold() == new and name != action.variable]
    if clash or new in LANDING_NAMES:
        taken = f"the file has a variable {clash[0]}" if clash else "landing has a column of that name"
        raise Refusal(
            f"cannot be called {action.to}: {taken}"
            + ("" if not clash or clash[0] == action.to else ", and upper and lower case do not count"),
            "choose another `to`, or first rename the other variable",
            action.variable,
        )
    return Change(
        with_name(source, action.variable, action.to), rows, 0, is_effective=action.to != action.variable
    )


def _with_variable(source: SourceTable, name: str, **changes: Any) -> SourceTable:
    return replace(
        source,
        variables=[replace(one, **changes) if one.variable_name == name else one for one in source.variables],
    )


def _relabel_variable(source: SourceTable, action: RelabelVariable, rows: Any) -> Change:
    variable = _named(source, action.variable)
    is_new = variable.variable_label != action.label
    return Change(
        _with_variable(source, action.variable, variable_label=action.label), rows, 0, is_effective=is_new
    )


def _relabel_code(source: SourceTable, action: RelabelCode, rows: Any) -> Change:
    matched, is_new = rows & False, False
    for name in action.variable:
        variable = _named(source, name)
        code = _code(variable, action.code)
        holding = holds(variable, coded_column(source, name), code)
        known = labels_of(source, name)
        if code not in known and not holding.any():
            raise Refusal(
                "no answer has this code, and it has no label", "correct `code` in the correction", name, code
            )
        is_new |= code not in known or known[code].value_label != action.label
        matched = matched | holding
        source = with_codes(source, [name], {name: {code: action.label}})
    return Change(source, matched, 0, is_effective=is_new)


def _declare_missing(source: SourceTable, action: DeclareMissing, rows: Any) -> Change:
    matched = rows & False
    for name in action.variable:
        variable, known = _named(source, name), labels_of(source, name)
        added = []
        for code in action.codes:
            found = _code(variable, code)
            holding = holds(variable, coded_column(source, name), found)
            if not holding.any() and found not in known:
                raise Refusal(
                    "no answer has this code, and it has no label",
                    "correct `codes` in the correction",
                    name,
                    code,
                )
            if found in known and known[found].is_user_missing:
                raise Refusal(
                    "is declared missing already",
                    "take it out of `codes`, or remove the correction",
                    name,
                    code,
                )
            added.append(found)
            matched = matched | holding
        parts = [*declared_parts(variable), *dict.fromkeys(added)]
        declaration = declaration_of(variable, parts)
        source = with_codes(_with_variable(source, name, missing_declaration=declaration), [name])
    return Change(source, matched, 0, is_effective=True)


def _declare_valid(source: SourceTable, action: DeclareValid, rows: Any) -> Change:
    matched = rows & False
    for name in action.variable:
        variable = _named(source, name)
        parts = declared_parts(variable)
        for code in action.codes:
            found = _code(variable, code)
            if is_reason(variable, found):
                raise Refusal(
                    "is the reason of a missing number, which cannot be valid",
                    "give these rows a number with a `recode`, or take the code out of `codes`",
                    name,
                    code,
                )
            inside = [part for part in parts if is_range(variable, part) and _is_in(part, found)]
            if inside:
                raise Refusal(
                    f"is declared missing by the range {inside[0]}, which cannot be split",
                    "ask the supplier, or move the code with a `recode`",
                    name,
                    code,
                )
            if found not in parts:
                raise Refusal("is not declared missing", "correct `codes` in the correction", name, code)
            parts.remove(found)
            matched = matched | holds(variable, coded_column(source, name), found)
        known = labels_of(source, name)
        undeclared = {_code(variable, code) for code in action.codes}
        source = _with_variable(source, name, missing_declaration=declaration_of(variable, parts))
        # A code that was listed for its declaration alone is a plain number now.
        values = [
            value
            for value in source.values
            if value.variable_name != name or value.code not in undeclared or known[value.code].value_label
        ]
        source = with_codes(replace(source, values=values), [name])
    return Change(source, matched, 0, is_effective=True)


def _is_in(part: str, code: str) -> bool:
    low, high = part.split("..", 1)
    return float(low) <= float(code) <= float(high)


_KINDS: dict[type[Action], Callable[[SourceTable, Any, Any], Change]] = {
    SetValue: _set_value,
    Recode: _recode,
    Multiply: _multiply,
    Swap: _swap,
    DropRows: _drop_rows,
    Rename: _rename,
    DeclareMissing: _declare_missing,
    DeclareValid: _declare_valid,
    RelabelCode: _relabel_code,
    RelabelVariable: _relabel_variable,
}
