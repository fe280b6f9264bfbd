"""A delivered file beside its twin: the same answers, sent by the supplier as a workbook or as CSV."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from orchestration.deliveries.confined_reading.limits import ReadingLimits, default_limits
from orchestration.deliveries.file_faults import regular_file, unreadable
from orchestration.deliveries.manifest_twin import TwinFile
from orchestration.deliveries.second_reading.apart import apart
from orchestration.deliveries.second_reading.dictionary_rules import paired_columns
from orchestration.deliveries.second_reading.differences import ROWS_SHOWN, Comparison, Difference, Tally
from orchestration.deliveries.second_reading.second_table import (
    CannotReadAgain,
    Cells,
    SecondColumn,
    SecondTable,
)
from orchestration.deliveries.second_reading.text_blocks import header_and_blocks
from orchestration.deliveries.second_reading.text_rules import DIFFERENT, REPAIRED
from orchestration.deliveries.second_reading.twin_cells import BLANKED, LABELLED, ROUNDED, TwinRule
from orchestration.deliveries.second_reading.twin_rows import matched_rows
from orchestration.deliveries.second_reading.worksheet import read_worksheet_again
from orchestration.deliveries.source_table import SourceTable

DETAILS = {
    DIFFERENT: "",
    ROUNDED: "the twin has fewer decimals",
    LABELLED: "the twin holds labels here: `values: labels`?",
}


def read_twin(folder: Path, twin: TwinFile) -> SecondTable:
    """The twin of a file in its delivery folder. Raises ``CannotReadAgain``."""
    path = folder / twin.path
    if twin.is_workbook:
        return read_worksheet_again(path, twin.sheet)
    names, blocks = header_and_blocks(path, twin.delimiter or ",", twin.encoding)
    return SecondTable("twin", [SecondColumn(name) for name in names], blocks, twin.decimal or ".")


def twin_size(folder: Path, twin: TwinFile, limits: ReadingLimits | None = None) -> tuple[int, int]:
    """Rows, its header left out, and columns, counted by a process with ``limits``. Raises ``DeliveryProblems`` when
    it cannot be read."""
    path = folder / twin.path
    regular_file(path)
    allowed = (limits or default_limits()).for_file(path.stat().st_size)
    try:
        rows, columns = apart(counted_twin, folder, twin, limits=allowed)
    except CannotReadAgain as said:
        raise unreadable(
            path,
            "unreadable_twin",
            f"cannot be read as the manifest says: {said}",
            "correct `twin` in delivery.yml (sheet, delimiter, encoding), or ask the supplier for it again",
        ) from None
    return rows, columns


def counted_twin(folder: Path, twin: TwinFile) -> tuple[int, int]:
    """Rows and columns, for the process that counts them."""
    second = read_twin(folder, twin)
    rows = sum(len(block[0].index) if block else 0 for block in second.blocks())
    return rows, len(second.columns)


def compare_twin(
    source: SourceTable, second: SecondTable, values: str, respondent_id: str | None
) -> Comparison:
    """Columns by name, rows by respondent where there is an id, and every cell.

    ``values``: ``codes`` or ``labels``. Raises ``CannotReadAgain``.
    """
    result = Comparison("twin", *source.frame.shape)
    pairs = paired_columns(source, second, result, by_name=True)
    rows = matched_rows(source, second, pairs, respondent_id, result)
    rules = {
        mine: TwinRule(source, source.variables[mine], values == "labels", second.decimal)
        for mine, _ in pairs
    }
    tallies = {(mine, outcome): Tally() for mine, _ in pairs for outcome in DETAILS}
    done = 0
    for block in second.blocks():
        size = len(block[0].index) if block else 0
        ours = rows[done : done + size]
        done += size
        kept = ours >= 0
        result.cells += int(kept.sum()) * len(pairs)
        for mine, other in pairs:
            column = source.frame[source.variables[mine].variable_name].to_numpy()[ours[kept]]
            cells = Cells(block[other].contents, block[other].index[kept])
            told, found = _judged(rules[mine], column, cells)
            result.repaired += told[REPAIRED]
            result.blanked += told[BLANKED]
            for outcome, places in found.items():
                tallies[mine, outcome].add([int(row) + 1 for row in ours[kept][places]])
    for (mine, outcome), tally in tallies.items():
        if tally.count:
            result.differences.append(
                Difference(
                    "rounded" if outcome == ROUNDED else "cells",
                    source.variables[mine].variable_name,
                    tally.count,
                    tuple(tally.rows[:ROWS_SHOWN]),
                    detail=DETAILS[outcome],
                )
            )
    return result


def _judged(rule: TwinRule, column: Any, cells: Cells) -> tuple[Counter[str], dict[str, Any]]:
    """How many cells have each outcome, and the places of those that differ; each distinct pair is judged once."""
    import numpy as np
    import pandas as pd

    codes, distinct = pd.factorize(column, use_na_sentinel=True)
    pairs = (codes + 1) * max(1, len(cells.contents)) + cells.index
    met, inverse, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    told: Counter[str] = Counter()
    outcomes = np.empty(len(met), dtype=object)
    for place, pair in enumerate(met):
        mine, other = divmod(int(pair), max(1, len(cells.contents)))
        outcomes[place] = rule.judge(distinct[mine - 1] if mine else None, cells.contents[other])
        told[outcomes[place]] += int(counts[place])
    found = {outcome: np.flatnonzero(outcomes[inverse] == outcome) for outcome in DETAILS if told[outcome]}
    return told, found
