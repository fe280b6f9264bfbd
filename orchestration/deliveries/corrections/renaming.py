"""A variable under another name, wherever a file that was read speaks of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from orchestration.deliveries.corrections.records import Correction, Rename
from orchestration.deliveries.source_table import SourceTable


def under_corrected_names(source: SourceTable, corrections: Sequence[Correction]) -> SourceTable:
    """The file as it came, but for the names that ``corrections`` give its variables; they must have been applied
    once, so that each rename is known to be possible."""
    for correction in corrections:
        if isinstance(correction.action, Rename):
            source = with_name(source, correction.action.variable, correction.action.to)
    return source


def with_name(source: SourceTable, old: str, new: str) -> SourceTable:
    """The same file with variable ``old`` called ``new``: column, codebook, response sets, reasons of missing
    values, and whatever else a reader keeps by variable."""
    changes = {
        one.name: _renamed(getattr(source, one.name), old, new)
        for one in fields(source)
        if one.name not in ("file_label", "encoding")
    }
    if source.declared_weight == old:
        changes["declared_weight"] = new
    return replace(source, **changes)


def _renamed(value: Any, old: str, new: str) -> Any:
    if hasattr(value, "columns") and hasattr(value, "rename"):
        return value.rename(columns={old: new})
    if isinstance(value, Mapping):
        return {new if key == old else key: _within(one, old, new) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_within(one, old, new) for one in value)
    return value


def _within(value: Any, old: str, new: str) -> Any:
    """A part of a list or mapping: a record about variables, or a list of their names."""
    if is_dataclass(value) and not isinstance(value, type):
        changes: dict[str, Any] = {}
        for one in fields(value):
            held = getattr(value, one.name)
            if one.name == "variable_name" and held == old:
                changes[one.name] = new
            elif isinstance(held, list | tuple) and old in held:
                changes[one.name] = type(held)(new if name == old else name for name in held)
        return replace(value, **changes) if changes else value
    if isinstance(value, list | tuple):
        return type(value)(new if one == old else _within(one, old, new) for one in value)
    return value
