"""Two versions of one delivered file: are they the same in every cell, in meaning, or not, and where not?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.deliveries.comparison.rows import BY_CONTENT, BY_ID, BY_PLACE, MatchedRows, match_rows
from orchestration.deliveries.comparison.variables import (
    Described,
    VariableComparison,
    compare_variable,
    is_number,
    is_same_column,
)
from orchestration.deliveries.corrections.reasons import coded_column
from orchestration.deliveries.manifest import DeliveredFile
from orchestration.deliveries.source_table import ResponseSet, SourceTable, SourceValue

SAME_CELLS = "the same in every cell"
SAME_MEANING = "the same in meaning, not in every cell"
DIFFERENT = "different"
AS_RECEIVED = frozenset(
    {
        "version", "path", "format", "encoding", "delimiter", "decimal", "sheet", "codebook",
        "received_on", "note",
    }
)  # fmt: skip
"""Fields of the manifest that say how a version came, and not what is in it."""


@dataclass(frozen=True)
class WeightComparison:
    """Weights of the matched rows: how many differ, and their sums before and after."""

    variable: str
    rows: int
    old_sum: float
    new_sum: float


@dataclass(frozen=True)
class SetComparison:
    """A multiple-response set that both versions have and that reads otherwise: its kind and counted value."""

    name: str
    old: str
    new: str


@dataclass(frozen=True)
class FileComparison:
    """What differs between two versions of one file, in counts, names, codes and labels.

    ``rows``: of the old and of the new version. ``appeared`` and ``vanished``: names of variables.
    ``variables``: those in both that are not the same. ``declared``: fields of delivery.yml that say
    otherwise. ``sets``: response sets in both that count something else.
    """

    old: DeliveredFile
    new: DeliveredFile
    verdict: str
    rows: tuple[int, int]
    columns: tuple[int, int]
    matched: MatchedRows
    appeared: tuple[str, ...]
    vanished: tuple[str, ...]
    variables: tuple[VariableComparison, ...]
    weights: WeightComparison | None
    declared: tuple[str, ...]
    sets: tuple[SetComparison, ...] = ()

    @property
    def is_reordered(self) -> bool:
        """Whether the rows stand in another order."""
        in_old_order = self.matched.new[self.matched.old.argsort()]
        return bool((in_old_order[1:] < in_old_order[:-1]).any())


def compare_versions(
    old_entry: DeliveredFile, old: SourceTable, new_entry: DeliveredFile, new: SourceTable
) -> FileComparison:
    """Compare two files as they were read; order of rows and columns, format and bytes make no difference."""
    matched = match_rows(old_entry, old, new_entry, new)
    before, after = _described(old, matched.old), _described(new, matched.new)
    pairs = {name: name for name in after if name in before}
    pairs |= _other_names(before, after, pairs)
    hidden = old_entry.dropped | new_entry.dropped
    compared = [
        compare_variable(before[pairs[name]], after[name], shows_codes=not hidden & {name, pairs[name]})
        for name in after
        if name in pairs
    ]
    appeared = tuple(name for name in after if name not in pairs)
    vanished = tuple(name for name in before if name not in pairs.values())
    declared = tuple(
        field
        for field in DeliveredFile.model_fields
        if field not in AS_RECEIVED and getattr(old_entry, field) != getattr(new_entry, field)
    )
    has_same_rows = (
        not (matched.appeared or matched.vanished or matched.unmatched)
        and matched.by in (BY_ID, BY_PLACE, BY_CONTENT)
        and len(old.frame) == len(new.frame)
    )
    verdict = DIFFERENT
    sets = _sets(old, new)
    if has_same_rows and not (appeared or vanished or declared or sets):
        if all(one.is_same for one in compared):
            verdict = SAME_CELLS
        elif all(one.is_same_in_meaning for one in compared):
            verdict = SAME_MEANING
    return FileComparison(
        old_entry,
        new_entry,
        verdict,
        (len(old.frame), len(new.frame)),
        (len(before), len(after)),
        matched,
        appeared,
        vanished,
        tuple(one for one in compared if not one.is_same or one.types),
        _weights(old_entry, before, new_entry, after),
        declared,
        sets,
    )


def _sets(old: SourceTable, new: SourceTable) -> tuple[SetComparison, ...]:
    """Which variables are in a set is compared by variable; a codebook beside a file says nothing else of it."""

    def told(one: ResponseSet) -> str:
        return f"{one.kind}, counting {one.counted_value}" if one.counted_value else one.kind

    before = {one.name: told(one) for one in old.response_sets if one.kind}
    after = {one.name: told(one) for one in new.response_sets if one.kind}
    return tuple(
        SetComparison(name, before[name], after[name])
        for name in sorted(before.keys() & after.keys())
        if before[name] != after[name]
    )


def _described(source: SourceTable, rows: Any) -> dict[str, Described]:
    values: dict[str, dict[str, SourceValue]] = {}
    for value in source.values:
        values.setdefault(value.variable_name, {})[value.code] = value
    return {
        variable.variable_name: Described(
            variable,
            values.get(variable.variable_name, {}),
            coded_column(source, variable.variable_name).iloc[rows].reset_index(drop=True),
        )
        for variable in source.variables
    }


def _other_names(
    before: Mapping[str, Described], after: Mapping[str, Described], pairs: Mapping[str, str]
) -> dict[str, str]:
    """New name to old name of variables that were renamed: in case alone, or holding the same in every row."""
    gone = [name for name in before if name not in pairs]
    found: dict[str, str] = {}
    for name in after:
        if name in pairs:
            continue
        alike = [old for old in gone if old.casefold() == name.casefold()]
        # With few rows, columns are alike by chance.
        if not alike and len(after[name].cells) > 1:
            alike = [old for old in gone if is_same_column(before[old], after[name])]
        if len(alike) == 1:
            found[name] = alike[0]
            gone.remove(alike[0])
    return found


def _weights(
    old_entry: DeliveredFile,
    before: Mapping[str, Described],
    new_entry: DeliveredFile,
    after: Mapping[str, Described],
) -> WeightComparison | None:
    """None where a version has no weights that are numbers, or none of them differs."""
    if old_entry.weight not in before or new_entry.weight not in after:
        return None
    old, new = before[old_entry.weight], after[new_entry.weight]
    if not (is_number(old.variable) and is_number(new.variable)):
        return None
    differs = ~((old.cells == new.cells) | (old.cells.isna() & new.cells.isna()))
    if not differs.any():
        return None
    sums = [
        math.fsum(cell for cell in described.cells.dropna() if not isinstance(cell, str))
        for described in (old, new)
    ]
    return WeightComparison(new_entry.weight, int(differs.sum()), *sums)
