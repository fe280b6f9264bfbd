"""A file as our reader landed it beside what a second reader makes of the same file."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.deliveries.second_reading.cell_rules import (
    differing_numbers,
    differing_reasons,
    differing_texts,
)
from orchestration.deliveries.second_reading.dictionary_rules import compare_dictionaries, paired_columns
from orchestration.deliveries.second_reading.differences import ROWS_SHOWN, Comparison, Difference, Tally
from orchestration.deliveries.second_reading.remains import Remains, differing_with_remains
from orchestration.deliveries.second_reading.second_table import CannotReadAgain, Cells, SecondTable
from orchestration.deliveries.second_reading.text_rules import TextRule
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
    pairs = [pair for pair in pairs if source.variables[pair[0]].variable_name not in other_type]
    tallies = {mine: Tally() for mine, _ in pairs}
    remains = Remains()
    rule = TextRule.between(source, second.ends_text_at_nul)
    done = 0
    for block in second.blocks():
        if len(block) != len(second.columns):
            raise CannotReadAgain(f"{second.reader} gives another number of columns than it announced")
        size = len(block[0].index) if block else 0
        shared = max(0, min(size, len(source.frame) - done))
        texts: list[tuple[int, int]] = []
        for mine, other in pairs:
            variable = source.variables[mine]
            result.cells += shared
            if second.has_remains and variable.storage_type != NUMERIC:
                texts.append((mine, other))
                continue
            ours = source.frame[variable.variable_name].to_numpy()[done : done + shared]
            theirs = block[other].first(shared)
            if variable.storage_type == NUMERIC:
                wrong, near = differing_numbers(ours, theirs, second.decimal, second.last_bits)
                result.last_bits += near
                if second.has_reasons:
                    reasons = source.missing_reasons.get(variable.variable_name, {})
                    wrong = differing_reasons(reasons, theirs, done + 1, wrong)
            else:
                wrong, repaired = differing_texts(ours, theirs, rule)
                result.repaired += repaired
            tallies[mine].add([done + 1 + int(row) for row in wrong.nonzero()[0]])
        for mine, rows in _texts_with_remains(source, second, texts, block, done, shared, remains):
            tallies[mine].add([done + 1 + row for row in rows])
        done += size
    result.differences += [
        Difference("cells", source.variables[mine].variable_name, tally.count, tuple(tally.rows[:ROWS_SHOWN]))
        for mine, tally in tallies.items()
        if tally.count
    ]
    return done


def _texts_with_remains(
    source: SourceTable,
    second: SecondTable,
    texts: list[tuple[int, int]],
    block: list[Cells],
    done: int,
    shared: int,
    remains: Remains,
) -> Iterator[tuple[int, list[int]]]:
    in_order = sorted(texts, key=lambda pair: pair[1])
    ours = [
        source.frame[source.variables[mine].variable_name].to_numpy()[done : done + shared]
        for mine, _ in in_order
    ]
    theirs = [
        [block[other].contents[place] for place in block[other].first(shared).index] for _, other in in_order
    ]
    widths = [second.columns[other].width for _, other in in_order]
    for (mine, _), rows in zip(in_order, differing_with_remains(ours, theirs, widths, remains), strict=True):
        yield mine, rows
