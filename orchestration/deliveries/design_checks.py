"""What a delivered file must offer before it may land: its declared variables, ids, weights and design."""

from __future__ import annotations

import math
from typing import Any

from orchestration.deliveries.manifest import DeliveredFile
from orchestration.deliveries.problems import Problem, closest
from orchestration.deliveries.source_table import NUMERIC, SourceTable, canonical_code

MANIFEST_FIELDS = ("respondent_id", "weight", "psu", "strata", "identifiers", "free_text")


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
    return problems


def respondent_ids(entry: DeliveredFile, source: SourceTable) -> tuple[list[str], list[Problem]]:
    """The id of each row as text, and what is wrong with them. Messages hold numbers of rows, never an id."""
    if entry.respondent_id is None:
        return [str(row) for row in range(1, len(source.frame) + 1)], []
    cells = source.frame[entry.respondent_id].tolist()
    ids = ["" if _is_blank(cell) else canonical_code(cell) for cell in cells]
    problems: list[Problem] = []
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
    filled = [value for value in ids if value]
    surplus = len(filled) - len(set(filled))
    if surplus:
        problems.append(
            Problem(
                "duplicate_respondent",
                f"{surplus} of {len(ids)} rows repeat the respondent id of an earlier row",
                "ask the supplier which rows count; the program drops none",
                file=entry.path,
                variable=entry.respondent_id,
            )
        )
    return ids, problems


def check_weight(entry: DeliveredFile, source: SourceTable) -> list[Problem]:
    """Weights must be finite numbers, none missing or negative, and not all zero."""
    if entry.weight is None:
        return []

    def problem(kind: str, message: str, remedy: str) -> Problem:
        return Problem(kind, message, remedy, file=entry.path, variable=entry.weight or "")

    ask = "ask the supplier for corrected weights as a higher version of the file"
    if _storage(source, entry.weight) != NUMERIC:
        return [
            problem(
                "weight_not_numeric",
                "the weight is text, not a number",
                "name the right variable as `weight`, or the right `decimal`, in delivery.yml",
            )
        ]
    weights = source.frame[entry.weight]
    problems: list[Problem] = []
    rows = len(weights)
    if missing := int(weights.isna().sum()):
        problems.append(problem("missing_weight", f"{missing} of {rows} rows have no weight", ask))
    if infinite := sum(1 for weight in weights if math.isinf(weight)):
        problems.append(
            problem("weight_not_finite", f"{infinite} of {rows} rows have an infinite weight", ask)
        )
    if negative := int((weights < 0).sum()):
        problems.append(
            problem("negative_weight", f"{negative} of {rows} rows have a weight below zero", ask)
        )
    if rows and not problems and not (weights > 0).any():
        problems.append(problem("zero_weights", "every weight is zero", ask))
    return problems


def check_design(entry: DeliveredFile, source: SourceTable) -> list[Problem]:
    """Every row must have its strata and its sampling unit: a row without cannot be given a variance."""
    problems: list[Problem] = []
    for field, names in (("strata", entry.strata), ("psu", (entry.psu,) if entry.psu else ())):
        for name in names:
            if missing := int(source.frame[name].isna().sum()):
                problems.append(
                    Problem(
                        "missing_design_value",
                        f"{missing} of {len(source.frame)} rows have no value in this `{field}` variable",
                        "ask the supplier for the values, or name another variable in delivery.yml",
                        file=entry.path,
                        variable=name,
                    )
                )
    return problems


def _storage(source: SourceTable, name: str) -> str:
    return next(variable.storage_type for variable in source.variables if variable.variable_name == name)


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell)) or cell == ""
