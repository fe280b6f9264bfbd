"""Names, types, labels and missing declarations of two readings side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestration.deliveries.second_reading.differences import Comparison, Difference
from orchestration.deliveries.second_reading.second_table import SecondColumn, SecondTable
from orchestration.deliveries.second_reading.text_rules import DIFFERENT, REPAIRED, TextRule, compared_text
from orchestration.deliveries.source_table import NUMERIC, SourceTable, SourceVariable, canonical_code


def paired_columns(
    source: SourceTable, second: SecondTable, result: Comparison, by_name: bool = False
) -> list[tuple[int, int]]:
    """Places of the columns that belong together; what is in one reading only, or elsewhere, is a difference.

    By place where both have as many columns, so that a name which one reader changes costs one difference;
    ``by_name`` (a twin is another file) and otherwise by name.
    """
    ours, theirs = source.variable_names, [column.name for column in second.columns]
    if second.lowers_names and theirs == [name.lower() for name in ours]:
        return [(place, place) for place in range(len(ours))]
    if len(ours) == len(theirs) and not by_name and set(ours) != set(theirs):
        for mine, other in zip(ours, theirs, strict=True):
            outcome = compared_text(mine, other, TextRule.between(source))
            result.repaired += outcome == REPAIRED
            if outcome == DIFFERENT:
                result.differences.append(
                    Difference("name", mine, detail="the other reading names it otherwise")
                )
        return [(place, place) for place in range(len(ours))]
    places = {name: place for place, name in reversed(list(enumerate(theirs)))}
    folded = {name.casefold(): place for name, place in places.items()}
    pairs: list[tuple[int, int]] = []
    for mine, name in enumerate(ours):
        other = places.get(name, folded.get(name.casefold()))
        if other is None:
            result.differences.append(Difference("columns", name, detail="is not in the other reading"))
            continue
        if theirs[other] != name:
            result.differences.append(Difference("name", name, detail="differs in upper and lower case"))
        pairs.append((mine, other))
    used = {other for _, other in pairs}
    for place, name in enumerate(theirs):
        if place not in used:
            told = (
                "stands twice"
                if name in theirs[:place]
                else f"is column {place + 1} of the other reading only"
            )
            result.differences.append(Difference("columns", name or "(no name)", detail=told))
    order = [other for _, other in pairs]
    if order != sorted(order):
        moved = [mine for rank, (mine, other) in enumerate(pairs) if sorted(order)[rank] != other]
        result.differences.append(
            Difference("column order", ours[moved[0]], len(moved), detail="columns stand in another order")
        )
    return pairs


def compare_dictionaries(
    source: SourceTable, second: SecondTable, pairs: list[tuple[int, int]], result: Comparison
) -> None:
    """Types, variable labels, value labels and missing declarations of the paired columns."""
    labels: dict[str, dict[str, str]] = {name: {} for name in source.variable_names}
    for value in source.values:
        if value.value_label:
            labels[value.variable_name][value.code] = value.value_label
    for mine, other in pairs:
        variable, column = source.variables[mine], second.columns[other]
        result.differences += _about_variable(source, second, variable, column, labels, result)


def _about_variable(
    source: SourceTable,
    second: SecondTable,
    variable: SourceVariable,
    column: SecondColumn,
    labels: dict[str, dict[str, str]],
    result: Comparison,
) -> Iterator[Difference]:
    name, is_text = variable.variable_name, variable.storage_type != NUMERIC
    if column.is_text is not None and column.is_text != is_text:
        yield Difference("type", name, detail="text in one reading, numbers in the other")
        return
    if column.variable_label is not None:
        outcome = compared_text(
            variable.variable_label.strip(), column.variable_label.strip(), TextRule.between(source)
        )
        result.repaired += outcome == REPAIRED
        if outcome == DIFFERENT:
            yield Difference("variable label", name)
    if column.value_labels is not None:
        yield from _value_labels(source, second, name, is_text, labels[name], column.value_labels, result)
    if column.missing is not None:
        ours, theirs = (
            {rounded_code(part, is_text, second.shows_codes_to) for part in parts}
            for parts in (declared(variable.missing_declaration, is_text), column.missing)
        )
        if wrong := ours ^ theirs:
            yield Difference("missing declaration", name, len(wrong), codes=tuple(sorted(wrong)))


def declared(declaration: str, is_text: bool) -> list[str]:
    """The parts of ``SourceVariable.missing_declaration``; of text the codes themselves, blank as ``''``."""
    if not is_text:
        return [part for part in declaration.split("|") if part]
    parts = re.findall(r"(?:[^|\\]|\\.)+", declaration, re.DOTALL)
    return ["" if part == r"\_" else re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL) for part in parts]


def _value_labels(
    source: SourceTable,
    second: SecondTable,
    name: str,
    is_text: bool,
    ours: dict[str, str],
    theirs: dict[str, str],
    result: Comparison,
) -> Iterator[Difference]:
    mine = {rounded_code(code, is_text, second.shows_codes_to): text for code, text in ours.items()}
    other = {
        rounded_code(code, is_text, second.shows_codes_to): text
        for code, text in theirs.items()
        if text.strip()
    }
    wrong: list[str] = []
    for code in {**mine, **other}:
        outcome = compared_text(
            mine.get(code, "").strip(), other.get(code, "").strip(), TextRule.between(source)
        )
        result.repaired += outcome == REPAIRED
        if outcome == DIFFERENT:
            wrong.append(code)
    if wrong:
        yield Difference("value labels", name, len(wrong), codes=tuple(wrong))


def rounded_code(code: str, is_text: bool, digits: int) -> str:
    """A canonical code, or a range of codes, to the digits that the other reader shows."""
    if is_text:
        return code.rstrip(" \0")
    if ".." in code:
        return "..".join(rounded_code(part, is_text, digits) for part in code.split("..", 1))
    try:
        return canonical_code(float(f"{float(code):.{digits}g}"))
    except ValueError:
        return code
