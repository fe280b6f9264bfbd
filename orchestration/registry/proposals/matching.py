"""Which new variable is which question: one question per variable, the best fit of all together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.registry.proposals.answer_lists import Lists
from orchestration.registry.proposals.evidence import LIST_ROLES, Earlier, Variable
from orchestration.registry.proposals.rules import Rules
from orchestration.registry.proposals.scores import Scores

if TYPE_CHECKING:
    import numpy as np

Target = tuple[str, ...]
CONCEPT, ROLE, LEFT_OUT = "concept", "role", "left_out"
SAME = 0.995
"""Likeness from which two texts are the same but for the form in which they are written."""


@dataclass(frozen=True)
class Match:
    """A new variable and the earlier one that it is taken for; ``earlier`` is None where nothing fits.

    ``score`` is lowered where another question, or another variable, fits about as well: ``rival`` names it.
    ``best`` is how well it fits the closest question, also when that is too little. ``near`` is the closest one
    that feeds a concept, and ``near_score`` how well it fits. ``lists``: the answers beside those of the wave that
    the new one is like, where both are known.
    """

    variable: Variable
    earlier: Earlier | None
    score: float
    text: float = 0.0
    answers: float = 0.0
    same_name: bool = False
    rival: str = ""
    best: float = 0.0
    near: Earlier | None = None
    near_score: float = 0.0
    lists: Lists | None = None

    @property
    def is_same_question(self) -> bool:
        """Whether text and answers are those of the earlier variable, but for the form in which they are written."""
        return self.earlier is not None and self.text >= SAME and self.answers >= SAME


def match(
    variables: Sequence[Variable], evidence: Sequence[Earlier], scores: Scores, rules: Rules, like: str
) -> list[Match]:
    """One match per variable, in their order.

    The total of the scores is as high as it can be with each question taken once (the assignment problem), so
    that a variable does not take a question that another one fits better. Before the total comes that the same
    question stays the same concept: a total may be higher when the old question goes to one that was left out
    somewhere, and a new question gets its concept. A pair whose score after doubt is below the lowest is no
    pair, and the others are then matched without it.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    if not variables or not evidence:
        return [Match(variable, None, 0.0) for variable in variables]
    targets = _targets(evidence)
    names = sorted(set(targets))
    place = {name: column for column, name in enumerate(names)}
    column_of = np.array([place[target] for target in targets])
    # Of equals the wave that the new one is like goes first, then the latest.
    order = sorted(range(len(evidence)), key=lambda i: (evidence[i].wave_id == like, _year(evidence[i])))
    table = np.zeros((len(variables), len(names)))
    source = np.zeros((len(variables), len(names)), dtype=int)
    for index in order:
        column, fits = column_of[index], scores.total[:, index]
        better = fits >= table[:, column]
        table[better, column] = fits[better]
        source[better, column] = index
    kept = _kept(evidence, scores, column_of, table.shape, like)
    outcome = [name if name[0] != LEFT_OUT else (LEFT_OUT,) for name in names]
    usable = np.where(table >= rules.lowest_score, table, 0.0)
    while True:
        rows, columns = linear_sum_assignment(
            usable + (len(variables) + 1) * (kept & (usable > 0)), maximize=True
        )
        taken = {row: column for row, column in zip(rows, columns, strict=True) if usable[row, column] > 0}
        owners = {column: row for row, column in taken.items()}
        doubted = {row: _doubted(table, row, taken[row], taken, owners, outcome, rules) for row in taken}
        low = [
            row
            for row, (score, _) in doubted.items()
            if score < rules.lowest_score and names[taken[row]][0] == CONCEPT
        ]
        if not low:
            break
        for row in low:
            usable[row, taken[row]] = 0.0
    is_concept = np.array([name[0] == CONCEPT for name in names])
    found = []
    for row, variable in enumerate(variables):
        best = float(table[row].max())
        fits = np.where(is_concept, table[row], 0.0)
        near_score = float(fits.max())
        near = evidence[source[row, int(fits.argmax())]] if near_score > 0 else None
        column = taken.get(row)
        if column is None:
            nearest = _nearest(evidence, source, table, row)
            found.append(
                Match(variable, None, 0.0, rival=nearest, best=best, near=near, near_score=near_score)
            )
            continue
        index = source[row, column]
        score, rival = doubted[row]
        found.append(
            Match(
                variable,
                evidence[index],
                score,
                float(scores.text[row, index]),
                float(scores.answers[row, index]),
                bool(scores.same_name[row, index]),
                _rival_name(rival, variables, evidence, source, row),
                best,
                near,
                near_score,
            )
        )
    return found


def _kept(
    evidence: Sequence[Earlier], scores: Scores, column_of: np.ndarray, shape: tuple[int, int], like: str
) -> np.ndarray:
    """Which pairs go before all others: text and answers of a question that the last wave of this instrument which
    asked it made into the concept. Where that wave left it out, none does."""
    import numpy as np

    same = (scores.text >= SAME) & (scores.answers >= SAME) & scores.is_here[None, :]
    kept = np.zeros(shape, dtype=bool)
    for row in range(shape[0]):
        known = np.flatnonzero(same[row])
        if not len(known):
            continue
        last = max((evidence[i].wave_id == like, _year(evidence[i])) for i in known)
        for index in known:
            item = evidence[index]
            if item.concepts and (item.wave_id == like, _year(item)) == last:
                kept[row, column_of[index]] = True
    return kept


def _targets(evidence: Sequence[Earlier]) -> list[Target]:
    """What each earlier variable stands for. Concepts that one variable fed together are one target."""
    group: dict[str, str] = {}

    def root(concept: str) -> str:
        while group.setdefault(concept, concept) != concept:
            concept = group[concept]
        return concept

    for item in evidence:
        concepts = sorted(row["concept_id"] for row in item.concepts)
        for concept in concepts[1:]:
            group[root(concept)] = root(concepts[0])
    found: list[Target] = []
    for item in evidence:
        question = item.variable.question
        if item.concepts:
            found.append((CONCEPT, root(item.concepts[0]["concept_id"])))
        elif item.roles:
            # Several variables can be free text, or make up the strata; only one is the weight.
            several = item.variable.name if item.roles[0] in LIST_ROLES else ""
            found.append((ROLE, item.roles[0], several))
        else:
            found.append((LEFT_OUT, question.stem, question.item or item.variable.name))
    return found


def _doubted(
    table: np.ndarray,
    row: int,
    column: int,
    taken: dict[int, int],
    owners: dict[int, int],
    outcome: Sequence[Target],
    rules: Rules,
) -> tuple[float, tuple[str, int] | None]:
    """The score after doubt, and the rival that gives rise to it: ``("column", i)`` or ``("row", i)``."""
    score = float(table[row, column])
    rivals: list[tuple[float, tuple[str, int]]] = []
    for other in range(table.shape[1]):
        if outcome[other] == outcome[column]:
            continue
        owner = owners.get(other)
        # A question that another variable fits at least as well is no alternative for this one.
        if owner is None or table[owner, other] < table[row, other]:
            rivals.append((float(table[row, other]), ("column", other)))
    for other in range(table.shape[0]):
        if other == row:
            continue
        own = table[other, taken[other]] if other in taken else 0.0
        if own < table[other, column]:
            rivals.append((float(table[other, column]), ("row", other)))
    if not rivals:
        return score, None
    nearest, rival = max(rivals)
    shortfall = rules.ambiguity_margin - (score - nearest)
    if shortfall <= 0:
        return score, None
    return max(score - shortfall, 0.0), rival


def _rival_name(
    rival: tuple[str, int] | None,
    variables: Sequence[Variable],
    evidence: Sequence[Earlier],
    source: np.ndarray,
    row: int,
) -> str:
    if rival is None:
        return ""
    kind, index = rival
    return variables[index].name if kind == "row" else meaning(evidence[source[row, index]])


def _nearest(evidence: Sequence[Earlier], source: np.ndarray, table: np.ndarray, row: int) -> str:
    column = int(table[row].argmax())
    return meaning(evidence[source[row, column]]) if table[row, column] > 0 else ""


def meaning(item: Earlier) -> str:
    """What an earlier variable was taken for, in a word."""
    if item.concepts:
        return ", ".join(row["concept_id"] for row in item.concepts)
    return ", ".join(item.roles) if item.roles else f"{item.shown}, left out"


def _year(item: Earlier) -> str:
    return item.wave_id.rsplit("_", 1)[-1]
