"""A file as our reader landed it beside what a second reader makes of the same file."""

from __future__ import annotations

from orchestration.deliveries.second_reading.cell_rules import differing_numbers, differing_texts
from orchestration.deliveries.second_reading.dictionary_rules import compare_dictionaries, paired_columns
from orchestration.deliveries.second_reading.differences import ROWS_SHOWN, Comparison, Difference, Tally
from orchestration.deliveries.second_reading.second_table import CannotReadAgain, SecondTable
from orchestration.deliveries.source_table import NUMERIC, SourceTable


def compare(source: SourceTable, second: SecondTable) -> Comparison:
    """Rows, columns, names, order, every cell, labels and declarations. Raises ``CannotReadAgain``."""
    result = Comparison(second.reader, *source.frame.shape)
    pairs = paired_columns(source, second, result)
    compare_dictionaries(source, second, pairs, result)
    rows = _compare_cells(source, second, pairs, result)
    if rows != len(source.frame):
        result.differences.insert(
            0,
            Difference(
                "rows",
                count=abs(rows - len(source.frame)),
                detail=f"{len(source.frame):,} rows, {rows:,} in the other reading",
            ),
        )
    return result


def _compare_cells(
    source: SourceTable, second: SecondTable, pairs: list[tuple[int, int]], result: Comparison
) -> int:
    """Compare the rows that both have; returns the rows of the other reading."""
    other_type = {difference.variable for difference in result.differences if difference.aspect == "type"}
    tallies = {mine: Tally() for mine, _ in pairs}
    done = 0
    for block in second.blocks():
        if len(block) != len(second.columns):
            raise CannotReadAgain(f"{second.reader} gives another number of columns than it announced")
        size = len(block[0].index) if block else 0
        shared = max(0, min(size, len(source.frame) - done))
        for mine, other in pairs:
            variable = source.variables[mine]
            if variable.variable_name in other_type:
                continue
            ours = source.frame[variable.variable_name].to_numpy()[done : done + shared]
            theirs = block[other].first(shared)
            if variable.storage_type == NUMERIC:
                wrong = differing_numbers(ours, theirs, second.decimal)
            else:
                wrong, repaired = differing_texts(ours, theirs, source.encoding, second.ends_text_at_nul)
                result.repaired += repaired
            result.cells += shared
            if wrong.any():
                tallies[mine].add([done + 1 + int(row) for row in wrong.nonzero()[0]])
        done += size
    result.differences += [
        Difference("cells", source.variables[mine].variable_name, tally.count, tuple(tally.rows[:ROWS_SHOWN]))
        for mine, tally in tallies.items()
        if tally.count
    ]
    return done
