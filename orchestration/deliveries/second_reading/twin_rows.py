"""Which row of a file each row of its twin is: by respondent where there is an id, else by place."""

from __future__ import annotations

from typing import Any

from orchestration.deliveries.second_reading.cell_rules import text_of
from orchestration.deliveries.second_reading.differences import ROWS_SHOWN, Comparison, Difference
from orchestration.deliveries.second_reading.number_cells import number_of
from orchestration.deliveries.second_reading.second_table import SecondTable
from orchestration.deliveries.second_reading.text_rules import trimmed
from orchestration.deliveries.source_table import SourceTable, canonical_code


def matched_rows(
    source: SourceTable,
    second: SecondTable,
    pairs: list[tuple[int, int]],
    respondent_id: str | None,
    result: Comparison,
) -> Any:
    """For each row of the twin the place of our row, -1 for none; what does not match is a difference."""
    import numpy as np

    place = next(
        (other for mine, other in pairs if source.variables[mine].variable_name == respondent_id), None
    )
    known = _places(source, respondent_id) if respondent_id and place is not None else None
    if known is None or place is None:
        total = sum(len(block[0].index) if block else 0 for block in second.blocks())
        rows = np.arange(total)
        if total != len(source.frame):
            result.differences.append(_rows_differ(len(source.frame), total))
        rows[rows >= len(source.frame)] = -1
        return rows
    found: list[int] = []
    for block in second.blocks():
        keys = [_key(content, second.decimal) for content in block[place].contents]
        found += [known.get(keys[code], -1) for code in block[place].index]
    rows = np.array(found, dtype=np.int64)
    _tell_rows(source, rows, result)
    return rows


def _places(source: SourceTable, respondent_id: str) -> dict[str, int] | None:
    """Row by respondent; ``None`` when the ids do not tell respondents apart."""
    ids = [_key(value, ".") for value in source.frame[respondent_id].tolist()]
    known = {key: row for row, key in enumerate(ids)}
    return known if len(known) == len(ids) and "" not in known else None


def _key(content: Any, decimal: str) -> str:
    if content is None or content != content:
        return ""
    number = number_of(content, decimal)
    # As landing does: 2 and 0002 are one respondent.
    if number is None and isinstance(content, str) and content.strip().isdigit():
        number = float(content.strip())
    return trimmed(text_of(content)).strip() if number is None else canonical_code(number)


def _tell_rows(source: SourceTable, rows: Any, result: Comparison) -> None:
    import numpy as np

    if len(rows) != len(source.frame):
        result.differences.append(_rows_differ(len(source.frame), len(rows)))
    absent = np.setdiff1d(np.arange(len(source.frame)), rows)
    if len(absent):
        result.differences.append(
            Difference("rows", "", len(absent), _shown(absent), detail="respondents that the twin lacks")
        )
    strange = np.flatnonzero(rows < 0)
    if len(strange):
        result.differences.append(
            Difference(
                "rows", "", len(strange), _shown(strange), detail="respondents of the twin only, at its"
            )
        )
    matched = rows[rows >= 0]
    twice = np.flatnonzero(
        np.isin(rows, [row for row, n in zip(*np.unique(matched, return_counts=True), strict=True) if n > 1])
    )
    if len(twice):
        result.differences.append(
            Difference(
                "rows", "", len(twice), _shown(twice), detail="respondents that stand twice, at the twin's"
            )
        )
    # A respondent who stands twice moves nobody else: the first place counts.
    first = matched[np.sort(np.unique(matched, return_index=True)[1])]
    moved = np.flatnonzero(first != np.sort(first))
    if len(moved):
        result.differences.append(
            Difference("row order", "", len(moved), _shown(first[moved]), detail="compared by respondent")
        )


def _rows_differ(ours: int, theirs: int) -> Difference:
    return Difference("rows", count=abs(ours - theirs), detail=f"{ours:,} rows, {theirs:,} in the twin")


def _shown(places: Any) -> tuple[int, ...]:
    return tuple(int(place) + 1 for place in places[:ROWS_SHOWN])
