"""Variables of a delivery against the registry: what they ask, and whether each is accounted for."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.registry.csv_text import csv_line
from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.drift.findings import Finding
from orchestration.registry.drift.texts import plain, same_text
from orchestration.registry.load import Row
from orchestration.registry.places import place

ANSWER = "answer"
REASON = "<reason>"


def find_changed_questions(file: FileAnswers) -> Iterator[Finding]:
    """Variables whose question text differs from the registry's in more than case, blanks or its last sign."""
    told: set[str] = set()
    for table, index, row in [*_mapped(file), *left_out(file)]:
        name = row["source_variable"]
        variable = file.variables.get(name)
        if variable is None or name in told:
            continue
        delivered = (variable["variable_label"] or "").strip()
        if same_text(delivered, row["source_label"]):
            continue
        told.add(name)
        where = place(file.registry, table, index)
        yield Finding(
            "question_changed",
            file,
            f"the delivery asks {_quoted(delivered)}, {where} says {_quoted(row['source_label'])}",
            f"if both ask the same, change source_label there to {_quoted(delivered)}; if not, it is another "
            "question: map it anew, or tell of the change in registry/series_breaks.csv",
            name,
            before=row["source_label"],
            now=delivered,
        )


def find_unaccounted_variables(file: FileAnswers) -> Iterator[Finding]:
    """Delivered variables that neither feed a concept nor were left out, and left-out ones that are not there."""
    known = {row["source_variable"]: row for _, _, row in [*_mapped(file), *left_out(file)]}
    vanished = {
        plain(row["source_label"]): row
        for name, row in known.items()
        if name not in file.variables and row["source_label"]
    }
    renamed: set[str] = set()
    for name, variable in file.variables.items():
        if name in known or variable["use"] != ANSWER:
            continue
        label = (variable["variable_label"] or "").strip()
        was = vanished.get(plain(label))
        if was is not None:
            renamed.add(was["source_variable"])
            yield Finding(
                "variable_renamed",
                file,
                f"asks {_quoted(label)}, which is variable {was['source_variable']} by the registry",
                f"change source_variable from {was['source_variable']} to {name} in the crosswalk",
                name,
                before=was["source_variable"],
                now=name,
            )
            continue
        line = csv_line([file.wave_id, file.instrument_id, file.file_id, name, label, "accepted", REASON])
        yield Finding(
            "undeclared_variable",
            file,
            f"is neither mapped nor left out ({_quoted(label)})",
            f"map it in crosswalk/xw_variables.csv, or add {line} to crosswalk/xw_left_out.csv",
            name,
            now=label,
        )
    for table, index, row in [*_mapped(file), *left_out(file)]:
        name = row["source_variable"]
        is_own_row = table == "xw_left_out" and name not in renamed
        if name not in file.variables and is_own_row:
            yield Finding(
                "vanished_variable",
                file,
                f"{place(file.registry, table, index)} leaves it out, and the file has no such variable",
                "remove the row, correct its source_variable, or name in file_id the file that has it",
                name,
                before=row["source_label"],
            )


def left_out(file: FileAnswers) -> list[tuple[str, int, Row]]:
    """Accepted rows of ``xw_left_out`` about a file."""
    return [("xw_left_out", index, row) for index, row in file.left_out]


def _mapped(file: FileAnswers) -> list[tuple[str, int, Row]]:
    return [("xw_variables", index, row) for index, row in file.mapped]


def _quoted(text: str) -> str:
    return f"'{text}'" if text else "nothing"
