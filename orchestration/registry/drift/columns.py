"""Answers that do not belong in their column: outside the labelled codes, or behind a closed gate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from orchestration.deliveries.source_table import NUMERIC, in_missing_declaration
from orchestration.registry.drift.answers import UNANSWERED, FileAnswers
from orchestration.registry.drift.findings import Finding, Rules
from orchestration.registry.drift.questions import left_out


def find_answers_outside_codes(file: FileAnswers, rules: Rules) -> Iterator[Finding]:
    """Variables that were left out, whose answers are not among their labelled codes.

    Mapped variables are the crosswalk's: it names each unknown code. A variable with fewer than two labelled
    valid codes holds numbers, of which only some are labelled.
    """
    for _, _, row in left_out(file):
        name = row["source_variable"]
        column = file.columns.get(name)
        if column is None:
            continue
        labels, declared = file.landed.labels.get(name, {}), file.landed.user_missing.get(name, set())
        if sum(bool(label) for code, label in labels.items() if code not in declared) < 2:
            continue
        declaration = file.variables[name]["missing_declaration"] or ""
        is_numeric = file.variables[name]["storage_type"] == NUMERIC
        outside = sum(
            int(count)
            for code, count in zip(column.codes, column.counts, strict=True)
            if code not in labels and not in_missing_declaration(code, is_numeric, declaration)
        )
        answered = int(column.counts.sum())
        if answered and outside > rules["answers_outside_codes"].threshold * answered:
            yield Finding(
                "answers_outside_codes",
                file,
                f"{outside} of {answered} answers hold codes that its {len(labels)} labels do not name",
                "columns may have shifted: compare the file with its codebook, and ask for another file",
                name,
                before=f"{len(labels)} labels",
                now=f"{outside} answers outside",
            )


def find_broken_routing(file: FileAnswers, rules: Rules) -> Iterator[Finding]:
    """Questions answered by respondents whom the routing leads past them."""
    gates: dict[str, dict[str, set[str]]] = {}
    for row in file.registry.table("routing"):
        if (row["wave_id"], row["instrument_id"]) == file.landed.scope:
            gates.setdefault(row["concept_id"], {}).setdefault(row["gate_concept_id"], set()).add(row["code"])
    for concept, needed in gates.items():
        answers = file.concepts.get(concept)
        if answers is None:
            continue
        for gate, codes in needed.items():
            closed = _is_closed(file, gate, codes)
            if closed is None or not closed.any():
                continue
            behind = int((closed & answers.is_answered).sum())
            if behind > rules["routing_broken"].threshold * int(closed.sum()):
                who = "1 respondent answers" if behind == 1 else f"{behind} respondents answer"
                yield Finding(
                    "routing_broken",
                    file,
                    f"{who} it without {' or '.join(sorted(codes))} to {gate}, which the routing asks for",
                    "two codes of the gate may have changed places, or columns shifted; or correct "
                    "registry/routing.csv",
                    answers.variable,
                    before=gate,
                    now=str(behind),
                )


def _is_closed(file: FileAnswers, gate: str, codes: set[str]) -> np.ndarray | None:
    """Per row, whether the gate was answered in a way that leads past; ``None`` where the file cannot tell."""
    answers = file.concepts.get(gate)
    if answers is not None:
        through = [place for place, code in enumerate(answers.codes) if code in codes]
        return (answers.index != UNANSWERED) & ~np.isin(answers.index, through)
    return _derived_is_closed(file, gate, codes)


def _derived_is_closed(file: FileAnswers, gate: str, codes: set[str]) -> np.ndarray | None:
    derived = next(
        (row for row in file.registry.table("derived_concepts") if row["concept_id"] == gate), None
    )
    if derived is None or derived["verb"] != "any_of" or derived["code_when_true"] not in codes:
        return None
    closed: np.ndarray | None = None
    for row in file.registry.table("derived_inputs"):
        answers = file.concepts.get(row["input_concept_id"]) if row["concept_id"] == gate else None
        if answers is None:
            continue
        wanted = [place for place, code in enumerate(answers.codes) if code == row["code"]]
        says_no = (answers.index != UNANSWERED) & ~np.isin(answers.index, wanted)
        closed = says_no if closed is None else closed & says_no
    return closed
