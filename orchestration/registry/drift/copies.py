"""Files that are another delivered file: byte for byte, or by their answers under other names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.drift.findings import Finding, Rules
from orchestration.registry.drift.questions import ANSWER

REMEDY = "put the file of this wave in its place, and lock the delivery again"


def find_copies(file: FileAnswers, others: Iterable[FileAnswers], rules: Rules) -> Iterator[Finding]:
    """Compare a file with each other landed file."""
    for other in others:
        if other is file:
            continue
        if file.landed.delivery["sha256"] == other.landed.delivery["sha256"]:
            if rules.looks_for("same_file"):
                yield Finding(
                    "same_file",
                    file,
                    f"is the very file of {other.landed.shown}",
                    REMEDY,
                    before=other.landed.shown,
                    now=file.landed.shown,
                )
        elif rules.looks_for("same_answers") and file.n_rows == other.n_rows:
            yield from _same_answers(file, other, rules)


def _same_answers(file: FileAnswers, other: FileAnswers, rules: Rules) -> Iterator[Finding]:
    """Columns are known by how often each of their codes occurs: neither names, codes nor order of rows matter."""
    rule = rules["same_answers"]
    ours, theirs = _signatures(file), _signatures(other)
    size = min(ours.total(), theirs.total())
    if size < rule.minimum or file.n_rows < rules.policy("drift_fewest_rows_of_a_copy"):
        return
    shared = (ours & theirs).total()
    if shared >= rule.threshold * size:
        yield Finding(
            "same_answers",
            file,
            f"{shared} of {size} columns hold their answers exactly as often as columns of "
            f"{other.landed.shown}, which has as many rows",
            REMEDY,
            before=other.landed.shown,
            now=file.landed.shown,
        )


def _signatures(file: FileAnswers) -> Counter[tuple[int, ...]]:
    """How often each distinct code of a column occurs, for every column that tells respondents apart."""
    found: Counter[tuple[int, ...]] = Counter()
    for name, column in file.columns.items():
        counts = tuple(sorted(int(count) for count in column.counts))
        if file.variables[name]["use"] == ANSWER and 2 <= len(counts) < file.n_rows:
            found[counts] += 1
    return found
