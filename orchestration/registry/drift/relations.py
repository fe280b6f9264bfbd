"""Whether what stands in one row still belongs to one respondent: weights, answers, and respondents told twice.

Rows that were sorted in one column and not in the other keep every total and every share. What they lose is the
relation with the populations, which the earlier wave shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.drift.findings import Finding, Rules
from orchestration.registry.drift.predecessors import Earlier
from orchestration.registry.drift.questions import ANSWER
from orchestration.registry.drift.shares import Tally

ASK = "columns may have been sorted apart from one another: ask the contractor for the file anew"


def find_loose_weights(
    files: list[FileAnswers], before: list[FileAnswers], rules: Rules
) -> Iterator[Finding]:
    """Weights that no longer depend on the population, as those of the earlier wave did (adjusted R²)."""
    rule = rules["weights_unrelated"]
    known = [told for told in map(explained_weights, before) if told is not None]
    if not known or min(known) < rule.minimum:
        return
    for file in files:
        now = explained_weights(file)
        if now is not None and now < rule.threshold * min(known):
            yield Finding(
                "weights_unrelated",
                file,
                f"the populations explain {100 * max(now, 0):.0f}% of the spread of the weights, and "
                f"{100 * min(known):.0f}% in {before[0].wave_id}",
                ASK,
                file.weight_variable,
                before=f"{100 * min(known):.0f}%",
                now=f"{100 * max(now, 0):.0f}%",
            )


def explained_weights(file: FileAnswers) -> float | None:
    """Adjusted R² of the weights on the populations; ``None`` where either does not vary."""
    weights, (_, cells) = file.weights, file.cells
    sizes = np.bincount(cells)
    used = int((sizes > 0).sum())
    spread = float(((weights - weights.mean()) ** 2).sum()) if len(weights) else 0.0
    if used < 2 or len(weights) <= used or spread <= 1e-9 * float((weights**2).sum()):
        return None
    means = np.bincount(cells, weights) / np.maximum(sizes, 1)
    left = float(((weights - means[cells]) ** 2).sum())
    return 1 - (left / (len(weights) - used)) / (spread / (len(weights) - 1))


def find_doubled_respondents(file: FileAnswers, rules: Rules) -> Iterator[Finding]:
    """Rows with the same answers in every column under other ids, of those who answered enough to tell."""
    rule = rules["respondents_twice"]
    names = [name for name in file.columns if file.variables[name]["use"] == ANSWER]
    if not names or not file.n_rows:
        return
    places = np.column_stack([file.columns[name].index for name in names]).astype(np.int32)
    places = places[(places >= 0).sum(axis=1) >= rule.minimum]
    again = len(places) - len(set(map(bytes, places)))
    if again > rule.threshold * file.n_rows:
        total = f"{again} rows repeat" if rules.may_tell(again, file.n_rows) else "some rows repeat"
        yield Finding(
            "respondents_twice",
            file,
            f"{total} every answer of another row under another id",
            "respondents may have been put in twice under new numbers: ask the contractor",
            now="rows that repeat another",
        )


@dataclass(frozen=True)
class _Relation:
    """``strength``: standard deviations by which chi-square is above what chance gives; ``size``: Cramér's V²
    without its bias (Bergsma, 2013, J. Korean Stat. Soc. 42:323, before its correction of the table's size)."""

    strength: float
    size: float


def find_loose_answers(file: FileAnswers, earlier: Earlier, rules: Rules) -> Iterator[Finding]:
    """Answers that went with the populations in the earlier wave, and do no longer: of several questions at once."""
    rule = rules["answers_unrelated"]
    lost: list[tuple[str, str]] = []
    for concept, answers in file.concepts.items():
        if concept in file.structure or answers.numbers is not None:
            continue
        files = earlier.asked_before(file, concept)
        now, before = earlier.tally(file, concept), earlier.together(files, concept)
        if now is None or before is None:
            continue
        pair = _relations(now, before)
        if pair is None or pair[1].strength < rule.threshold or pair[1].size <= 0:
            continue
        if pair[0].strength < rule.threshold / 4 and pair[0].size < pair[1].size / 4:
            lost.append((answers.variable, files[0].wave_id))
    # A rule without a minimum would find nothing to name where nothing is lost.
    if lost and len(lost) >= rule.minimum:
        names = ", ".join(variable for variable, _ in lost)
        yield Finding(
            "answers_unrelated",
            file,
            f"the answers to {names} no longer differ between the populations as in {lost[0][1]}",
            f"a block of {ASK}",
            lost[0][0],
            before=lost[0][1],
            now=names,
        )


def _relations(now: Tally, before: Tally) -> tuple[_Relation, _Relation] | None:
    shared = now.telling & before.telling
    codes = tuple(dict.fromkeys([*now.codes, *before.codes]))
    both = [one.collapsed(shared).recoded(codes) for one in (now, before)]
    cells = [cell for cell in both[0].cells if cell in both[1].cells]
    found = [_relation(one.count[[one.cells.index(cell) for cell in cells]]) for one in both]
    return None if found[0] is None or found[1] is None else (found[0], found[1])


def _relation(table: np.ndarray) -> _Relation | None:
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if min(table.shape) < 2:
        return None
    total = table.sum()
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / total
    chi_square = float(((table - expected) ** 2 / expected).sum())
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    return _Relation(
        (chi_square - freedom) / (2 * freedom) ** 0.5,
        (chi_square - freedom) / float(total) / (min(table.shape) - 1),
    )
