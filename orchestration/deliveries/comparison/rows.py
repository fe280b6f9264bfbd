"""Which row of one version is which row of the other: by the keyed hash of the respondent id, in memory only."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.deliveries.corrections.reasons import coded_column
from orchestration.deliveries.design_checks import bare_id
from orchestration.deliveries.manifest import DeliveredFile
from orchestration.deliveries.privacy import KEY_BYTES, PseudonymKey
from orchestration.deliveries.source_table import SourceTable, canonical_code

BY_ID = "respondent id"
BY_PLACE = "row number"
BY_CONTENT = "their content"
NOT_AT_ALL = "nothing"


@dataclass(frozen=True)
class MatchedRows:
    """Positions of the rows that are one and the same respondent's, in the old and in the new frame.

    ``appeared`` and ``vanished`` count rows with an id that the other version lacks, ``unmatched`` those without
    an id or with one that stands more than once.
    """

    old: Any
    new: Any
    appeared: int
    vanished: int
    unmatched: int
    by: str


def match_rows(
    old_entry: DeliveredFile, old: SourceTable, new_entry: DeliveredFile, new: SourceTable
) -> MatchedRows:
    """By respondent id where both versions have one, else by row number, or by what the rows hold."""
    if _has_ids(old_entry, old) and _has_ids(new_entry, new):
        # A key that nobody ever sees and that is gone when this returns: the hashes match rows, and no more.
        key = PseudonymKey(secrets.token_bytes(KEY_BYTES))
        return _by_keys(_hashed(key, old_entry, old), _hashed(key, new_entry, new))
    return _without_ids(old, new)


def _has_ids(entry: DeliveredFile, source: SourceTable) -> bool:
    return entry.respondent_id is not None and entry.respondent_id in source.variable_names


def _hashed(key: PseudonymKey, entry: DeliveredFile, source: SourceTable) -> list[str | None]:
    cells = source.frame[entry.respondent_id]
    # Another format may write the same number as text, or with zeros before it.
    ids = [
        None if absent or cell == "" else bare_id(canonical_code(cell))
        for cell, absent in zip(cells, cells.isna(), strict=True)
    ]
    hashes = iter(key.pseudonyms("", entry.file_id, [value for value in ids if value is not None]))
    return [None if value is None else next(hashes) for value in ids]


def _by_keys(old: Sequence[str | None], new: Sequence[str | None]) -> MatchedRows:
    import numpy as np

    places = [_once(old), _once(new)]
    both = [key for key in places[0] if key in places[1]]
    known = [set(old) - {None}, set(new) - {None}]
    unmatched = (len(old) - len(places[0])) + (len(new) - len(places[1]))
    return MatchedRows(
        np.array([places[0][key] for key in both], dtype=int),
        np.array([places[1][key] for key in both], dtype=int),
        appeared=len([key for key in places[1] if key not in known[0]]),
        vanished=len([key for key in places[0] if key not in known[1]]),
        unmatched=unmatched,
        by=BY_ID,
    )


def _once(keys: Sequence[str | None]) -> dict[str, int]:
    times = Counter(keys)
    return {key: place for place, key in enumerate(keys) if key is not None and times[key] == 1}


def _without_ids(old: SourceTable, new: SourceTable) -> MatchedRows:
    import numpy as np

    rows = len(old.frame)
    if rows != len(new.frame):
        nothing = np.array([], dtype=int)
        return MatchedRows(nothing, nothing, 0, 0, rows + len(new.frame), NOT_AT_ALL)
    places = np.arange(rows)
    shared = sorted(set(old.variable_names) & set(new.variable_names))
    contents = [_contents(old, shared), _contents(new, shared)]
    if contents[0] != contents[1]:
        orders = [sorted(range(rows), key=held.__getitem__) for held in contents]
        if [contents[0][place] for place in orders[0]] == [contents[1][place] for place in orders[1]]:
            return MatchedRows(np.array(orders[0]), np.array(orders[1]), 0, 0, 0, BY_CONTENT)
    return MatchedRows(places, places, 0, 0, 0, BY_PLACE)


def _contents(source: SourceTable, names: Sequence[str]) -> list[tuple[str, ...]]:
    columns = []
    for name in names:
        column = coded_column(source, name)
        columns.append(
            [
                "" if absent else canonical_code(cell)
                for cell, absent in zip(column, column.isna(), strict=True)
            ]
        )
    return list(zip(*columns, strict=True)) if columns else [()] * len(source.frame)
