"""What a delivered file must offer before it may land: its declared variables, ids, weights and design."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from orchestration.deliveries.manifest import DeliveredFile
from orchestration.deliveries.number_text import parse_numbers
from orchestration.deliveries.plain_text import plain
from orchestration.deliveries.problems import Problem, closest, few
from orchestration.deliveries.source_table import (
    NUMERIC,
    SourceTable,
    SourceVariable,
    canonical_code,
    is_declared_missing,
)

MANIFEST_FIELDS = (
    "respondent_id",
    "weight",
    "panel_id",
    "psu",
    "psu_population",
    "ssu",
    "ssu_population",
    "strata",
    "identifiers",
    "free_text",
)
LARGEST_WEIGHT = 1e9
"""A weight is a factor around one, or the number of people that a row stands for. Beyond a billion, or below
the inverse of it, it is neither, and its square no longer fits the sums that variances are made of."""
WHOLE_NUMBER = re.compile(r"0*([0-9]+)([.,]0*)?")
NEVER_ANSWERS = {"formula": "a formula", "error": "an error"}
ODD_AMONG_NUMBERS = {**NEVER_ANSWERS, "date": "a date", "truth value": "a truth value"}


def check_declared_variables(entry: DeliveredFile, source: SourceTable) -> list[Problem]:
    """A problem for each variable that the manifest names and the file lacks, and for a file without rows."""
    problems: list[Problem] = []
    names = source.variable_names
    for field in MANIFEST_FIELDS:
        value = getattr(entry, field)
        for name in (value,) if isinstance(value, str) else value or ():
            if name not in names:
                problems.append(
                    Problem(
                        "missing_variable",
                        f"the manifest names it under `{field}`, and the file has no such "
                        f"variable{closest(name, names)}",
                        f"correct `{field}` of {entry.file_id} in delivery.yml, or "
                        "ask the supplier for the variable",
                        file=entry.path,
                        variable=name,
                    )
                )
    if not len(source.frame):
        problems.append(
            Problem(
                "no_rows",
                "holds no respondent at all",
                "ask the supplier for the whole file",
                file=entry.path,
            )
        )
    return few(problems)


def respondent_ids(entry: DeliveredFile, source: SourceTable) -> tuple[list[str], list[Problem]]:
    """The id of each row as text, and what is wrong with them. Messages hold numbers of rows, never an id."""
    if entry.respondent_id is None:
        return [str(row) for row in range(1, len(source.frame) + 1)], []
    cells = source.frame[entry.respondent_id].tolist()
    ids = ["" if _is_blank(cell) else canonical_code(cell) for cell in cells]
    problems: list[Problem] = []
    # Text is not blank when it is declared missing; it is no id all the same.
    declared = is_declared_missing(_variable(source, entry.respondent_id), source.frame[entry.respondent_id])
    if no_id := int(declared.sum()):
        problems.append(
            Problem(
                "missing_respondent_id",
                f"{no_id} of {len(ids)} rows have a respondent id that the file declares missing",
                f"ask the supplier for the ids, or name another variable as `respondent_id` of {entry.file_id} "
                "in delivery.yml",
                file=entry.path,
                variable=entry.respondent_id,
            )
        )
    blank = ids.count("")
    if blank:
        problems.append(
            Problem(
                "missing_respondent_id",
                f"{blank} of {len(ids)} rows have no respondent id",
                "ask the supplier for the ids, or name another variable as `respondent_id`",
                file=entry.path,
                variable=entry.respondent_id,
            )
        )
    filled = [value for value, absent in zip(ids, declared, strict=True) if value and not absent]
    surplus = len(filled) - len(set(filled))
    coinciding = len(set(filled)) - len({bare_id(value) for value in filled})
    for count, said in (
        (surplus, "repeat the respondent id of an earlier row"),
        (
            coinciding,
            "have the respondent id of an earlier row but for blanks, leading zeros or a decimal zero",
        ),
    ):
        if count:
            problems.append(
                Problem(
                    "duplicate_respondent",
                    f"{count} of {len(ids)} rows {said}",
                    "ask the supplier which rows count; the program drops none",
                    file=entry.path,
                    variable=entry.respondent_id,
                )
            )
    return ids, problems


def panel_members(entry: DeliveredFile, source: SourceTable) -> tuple[list[str | None], list[Problem]]:
    """The panel id of each row as text, ``None`` for who is no member, and what is wrong with them."""
    if entry.panel_id is None:
        return [None] * len(source.frame), []
    column = source.frame[entry.panel_id]
    no_number = column.isna() | is_declared_missing(_variable(source, entry.panel_id), column)
    # Another wave may write the same number as text or with zeros before it.
    members = [
        None if absent or _is_blank(cell) else bare_id(canonical_code(cell))
        for cell, absent in zip(column, no_number, strict=True)
    ]
    filled = [member for member in members if member]
    message, remedy = "", "ask the supplier which rows are the member's; a member answers once in a wave"
    if not filled:
        message, remedy = (
            "no row has a panel id",
            "name the right variable, or leave `panel` and `panel_id` out",
        )
    elif surplus := len(filled) - len(set(filled)):
        message = f"{surplus} of {len(members)} rows repeat the panel id of an earlier row"
    if not message:
        return members, []
    return members, [Problem("panel_id", message, remedy, file=entry.path, variable=entry.panel_id)]


def check_weight(entry: DeliveredFile, source: SourceTable) -> list[Problem]:
    """Weights must be numbers of a believable size, none missing or negative, and not all zero."""
    if entry.weight is None:
        return []

    def problem(kind: str, message: str, remedy: str) -> Problem:
        return Problem(kind, message, remedy, file=entry.path, variable=entry.weight or "")

    ask = "ask the supplier for corrected weights as a higher version of the file"
    variable = _variable(source, entry.weight)
    if variable.storage_type != NUMERIC:
        remedy = (
            f"{ask}, or name the right variable as `weight`"
            + (", or the right `decimal`," if entry.format == "csv" else "")
            + " in delivery.yml"
        )
        return [problem("weight_not_numeric", _why_not_numeric(entry, source), remedy)]
    delivered = source.frame[entry.weight]
    rows = len(delivered)
    weights = delivered[~(delivered.isna() | is_declared_missing(variable, delivered))]
    problems: list[Problem] = []
    if missing := rows - len(weights):
        problems.append(problem("missing_weight", f"{missing} of {rows} rows have no weight", ask))
    if infinite := sum(1 for weight in weights if math.isinf(weight)):
        problems.append(
            problem("weight_not_finite", f"{infinite} of {rows} rows have an infinite weight", ask)
        )
    if negative := int((weights < 0).sum()):
        problems.append(
            problem("negative_weight", f"{negative} of {rows} rows have a weight below zero", ask)
        )
    finite = weights[(weights > 0) & (weights < math.inf)]
    if absurd := int(((finite > LARGEST_WEIGHT) | (finite < 1 / LARGEST_WEIGHT)).sum()):
        problems.append(
            problem(
                "absurd_weight",
                f"{absurd} of {rows} rows have a weight above {LARGEST_WEIGHT:.0e} or, not zero, below "
                f"{1 / LARGEST_WEIGHT:.0e}",
                ask,
            )
        )
    if rows and not problems and not (weights > 0).any():
        problems.append(problem("zero_weights", "every weight is zero", ask))
    return problems


def check_design(entry: DeliveredFile, source: SourceTable) -> list[Problem]:
    """Every row must have its strata and its sampling unit: a row without cannot be given a variance."""
    problems: list[Problem] = []
    fields = {
        "strata": entry.strata,
        "psu` or `ssu": entry.sampling_units,
        "psu_population` or `ssu_population": entry.population_sizes,
    }
    for field, names in fields.items():
        for name in names:
            if name in entry.population_sizes and _variable(source, name).storage_type != NUMERIC:
                problems.append(
                    Problem(
                        "population_size_not_numeric",
                        f"this `{field}` variable is text, not a number",
                        "ask the supplier for numbers, or name another variable in delivery.yml",
                        file=entry.path,
                        variable=name,
                    )
                )
            elif missing := _without_value(source, name):
                problems.append(
                    Problem(
                        "missing_design_value",
                        f"{missing} of {len(source.frame)} rows have no value in this `{field}` variable",
                        "ask the supplier for the values, or name another variable in delivery.yml",
                        file=entry.path,
                        variable=name,
                    )
                )
    return problems or _population_sizes(entry, source)


def _population_sizes(entry: DeliveredFile, source: SourceTable) -> list[Problem]:
    """A number of units in the population is one number for all rows of its stratum (of its primary unit, for
    ``ssu_population``), and at least the number of units that the sample has of it."""
    frame = source.frame
    if entry.weight is not None and _variable(source, entry.weight).storage_type == NUMERIC:
        # Who weighs nothing is no part of the sample.
        frame = frame[frame[entry.weight] > 0]
    strata = list(entry.strata)
    problems: list[Problem] = []
    for name, unit, within in (
        (entry.psu_population, entry.psu, strata),
        (entry.ssu_population, entry.ssu, [*strata, *([entry.psu] if entry.psu else [])]),
    ):
        if name is None or not len(frame):
            continue
        groups = frame.groupby(within, dropna=False) if within else frame.groupby(lambda _: 0)
        sampled = groups[unit].nunique() if unit else groups.size()
        smallest, largest = groups[name].min(), groups[name].max()
        where = "primary units" if name == entry.ssu_population else "strata"
        for count, said in (
            (int((smallest <= 0).sum()), "have a number of units that is zero or negative"),
            (int((smallest < largest).sum()), "have more than one number of units"),
            (
                int(((smallest > 0) & (smallest < sampled)).sum()),
                "have fewer units in the population than in the sample",
            ),
        ):
            if count:
                problems.append(
                    Problem(
                        "population_size_impossible",
                        f"{count} of {len(smallest)} {where} {said}",
                        f"ask the supplier for the numbers of the population, or name another variable for "
                        f"{entry.file_id} in delivery.yml",
                        file=entry.path,
                        variable=name,
                    )
                )
    return problems


def check_finite(entry: DeliveredFile, source: SourceTable) -> list[Problem]:
    """No answer is infinite: one would make every mean and total so. The weight is judged by ``check_weight``."""
    import numpy as np

    problems: list[Problem] = []
    for variable in source.variables:
        name = variable.variable_name
        if variable.storage_type != NUMERIC or name == entry.weight or name in entry.dropped:
            continue
        answers = source.frame[name].to_numpy()
        if infinite := int(np.isinf(answers).sum()):
            problems.append(
                Problem(
                    "infinite_answer",
                    f"{infinite} of {len(answers)} rows hold an infinite number",
                    f"ask the supplier for the answers; a variable that no mapping uses may go under "
                    f"`free_text` of {entry.file_id} in delivery.yml",
                    file=entry.path,
                    variable=name,
                )
            )
    return few(problems)


def check_cells(entry: DeliveredFile, source: SourceTable) -> list[Problem]:
    """Cells of a workbook that hold no answer: a formula among numbers would make the whole column text.

    In the respondent id, panel id, strata and sampling unit a formula or an error is never accepted; the weight is
    judged by ``check_weight``. A column of text may hold them, and they land as they are written.
    """
    problems: list[Problem] = []
    ids = {entry.respondent_id, entry.panel_id}
    design = {*ids, *entry.sampling_units, *entry.strata}
    for name, kinds in source.cell_kinds.items():
        if name == entry.weight or (name in entry.dropped and name not in ids):
            continue
        odd = {}
        if kinds.get("number") and not kinds.get("text"):
            odd = _those(kinds, ODD_AMONG_NUMBERS)
        elif name in design:
            odd = _those(kinds, NEVER_ANSWERS)
        if odd:
            problems.append(
                Problem(
                    "no_plain_cell",
                    _counted(odd) + (", among numbers" if kinds.get("number") else ""),
                    "ask the supplier for a workbook with plain values in their place; a variable that no "
                    "mapping uses may go under `free_text` in delivery.yml",
                    file=entry.path,
                    variable=name,
                )
            )
    return few(problems)


def _why_not_numeric(entry: DeliveredFile, source: SourceTable) -> str:
    cells = source.frame[entry.weight].tolist()
    if entry.format == "csv":
        decimal = entry.decimal or "."
        wrong = sum(1 for cell in cells if cell is not None and parse_numbers([cell], decimal) is None)
        return f"{wrong} of {len(cells)} cells {'is' if wrong == 1 else 'are'} no number with decimal '{decimal}'"
    wrong_cells = _those(source.cell_kinds.get(entry.weight or "", {}), {**ODD_AMONG_NUMBERS, "text": "text"})
    return f"{_counted(wrong_cells)}, of {len(cells)}" if wrong_cells else "the weight is text, not a number"


def _those(kinds: Mapping[str, int], names: Mapping[str, str]) -> dict[str, int]:
    return {names[kind]: kinds[kind] for kind in names if kinds.get(kind)}


def _counted(found: Mapping[str, int]) -> str:
    """``1 cell holds a formula, 2 cells hold a date``."""
    return ", ".join(
        f"{count} cell{'' if count == 1 else 's'} hold{'s' if count == 1 else ''} {name}"
        for name, count in found.items()
    )


def _without_value(source: SourceTable, name: str) -> int:
    """Rows whose value is absent or declared missing."""
    answers = source.frame[name]
    return int((answers.isna() | is_declared_missing(_variable(source, name), answers)).sum())


def bare_id(respondent: str) -> str:
    """An id as people read it: ``0002``, ``2.0``, `` 2`` and a full-width ``２`` are one and the same."""
    text = plain(respondent)
    whole = WHOLE_NUMBER.fullmatch(text)
    return whole.group(1) if whole else text


def _variable(source: SourceTable, name: str) -> SourceVariable:
    return next(variable for variable in source.variables if variable.variable_name == name)


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell)) or cell == ""
