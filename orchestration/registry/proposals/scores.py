"""How well each new variable fits each variable of an earlier wave: text, answers, name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from orchestration.registry.load import Registry
from orchestration.registry.proposals.evidence import Earlier, Variable
from orchestration.registry.proposals.rules import Rules
from orchestration.registry.proposals.texts import Likeness, plain

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Scores:
    """One row per new variable, one column per earlier one; every cell from 0 to 1. ``is_here``: whether an earlier
    variable is of the same instrument."""

    total: np.ndarray
    text: np.ndarray
    answers: np.ndarray
    same_name: np.ndarray
    is_here: np.ndarray


class Scorer:
    """Scores variables against the evidence; the texts of all new files are learnt from together."""

    def __init__(
        self, registry: Registry, rules: Rules, evidence: Sequence[Earlier], variables: Sequence[Variable]
    ) -> None:
        self.rules, self.evidence = rules, evidence
        self.likeness = Likeness(
            text
            for variable in [*(item.variable for item in evidence), *variables]
            for text in (
                variable.question.stem,
                variable.question.item,
                variable.question.whole,
                *(plain(answer.label) for answer in variable.answers),
            )
        )
        self.codelists = [_codelist(registry, item) for item in evidence]
        self.known = known_answers(registry, evidence)
        self._lists = [
            (frozenset(plain(answer.label) for answer in item.variable.valid_answers), codelist)
            for item, codelist in zip(evidence, self.codelists, strict=True)
        ]
        self._told: dict[tuple[Variable, ...], Scores] = {}
        self._pairs: dict[tuple[frozenset[str], frozenset[str]], float] = {}

    def against(self, variables: Sequence[Variable], instrument_id: str) -> Scores:
        """Scores of the variables of one file, if it is of this instrument."""
        import numpy as np

        key = tuple(variables)
        if key not in self._told:
            self._told[key] = self._anywhere(variables)
        base = self._told[key]
        is_here = np.array([item.instrument_id == instrument_id for item in self.evidence], dtype=bool)
        factor = np.where(is_here, 1.0, self.rules.other_instrument_factor)
        # Rounded, so that of equal fits the nearest wave is taken and not the one with the luckier last digit.
        return replace(base, total=(base.total * factor[None, :]).round(9), is_here=is_here)

    def _anywhere(self, variables: Sequence[Variable]) -> Scores:
        """Scores as if every earlier variable were of the same instrument."""
        import numpy as np

        rules = self.rules
        text, has_text = self._texts(variables)
        answers, has_answers = self._answers(variables)
        weight = rules.label_weight + rules.codes_weight
        told = np.where(
            has_answers, (rules.label_weight * text + rules.codes_weight * answers) / weight, text
        )
        total = np.where(has_text, told, rules.unlabelled_factor * answers)
        names = [_name(variable.name) for variable in variables]
        earlier_names = np.array([_name(item.variable.name) for item in self.evidence], dtype=object)
        same_name = np.array([[name == other for other in earlier_names] for name in names], dtype=bool)
        counts = same_name & (~has_text | (text >= rules.name_counts_from))
        total = np.where(counts, total + (1 - total) * rules.name_lift, total)
        return Scores(total, text, answers, same_name, np.ones(len(self.evidence), dtype=bool))

    def _texts(self, variables: Sequence[Variable]) -> tuple[np.ndarray, np.ndarray]:
        import numpy as np

        ours = [variable.question for variable in variables]
        theirs = [item.variable.question for item in self.evidence]
        items = self.likeness.between([q.item for q in ours], [q.item for q in theirs])
        stems = self.likeness.between([q.stem for q in ours], [q.stem for q in theirs])
        wholes = self.likeness.between([q.whole for q in ours], [q.whole for q in theirs])
        in_block = np.array([bool(q.stem) for q in ours])[:, None]
        was_in_block = np.array([bool(q.stem) for q in theirs])[None, :]
        share = self.rules.stem_weight
        both = in_block & was_in_block
        one = in_block ^ was_in_block
        text = np.where(both, share * stems + (1 - share) * items, items)
        # A block may have lost its heading, or a single question gained one: half of its weight is in doubt.
        text = np.where(one, np.maximum(wholes, (1 - share / 2) * items), text)
        has_text = np.array([bool(q.item) for q in ours])[:, None] & np.array([bool(q.item) for q in theirs])
        return text, has_text

    def _answers(self, variables: Sequence[Variable]) -> tuple[np.ndarray, np.ndarray]:
        import numpy as np

        # Few code lists are shared by many variables: each pair of them is compared once.
        ours = [frozenset(plain(answer.label) for answer in v.valid_answers) for v in variables]
        mine, row_of = _distinct(ours)
        other, column_of = _distinct(self._lists)
        table = np.array([[self._fit(one, *two) for two in other] for one in mine])
        result = table[np.ix_(row_of, column_of)]
        is_told = np.array([bool(item.concepts or item.variable.answers) for item in self.evidence])
        return result, np.broadcast_to(is_told[None, :], result.shape)

    def _fit(self, mine: frozenset[str], other: frozenset[str], codelist: str) -> float:
        """How well an answer list fits another, or what earlier waves had for the same code list."""
        key = (mine, other)
        if key not in self._pairs:
            self._pairs[key] = self._overlap(mine, other)
        known = self.known.get(codelist)
        if not known or not mine:
            return self._pairs[key]
        return max(self._pairs[key], self.rules.known_codes_factor * len(mine & known) / len(mine))

    def _overlap(self, mine: frozenset[str], other: frozenset[str]) -> float:
        """Dice's coefficient; an answer counts as shared as far as its closest counterpart is like it."""
        if not mine and not other:
            return 1.0
        if not mine or not other:
            return 0.0
        table = self.likeness.between(sorted(mine), sorted(other))
        table = table * (table >= self.rules.similar_label)
        return float((table.max(axis=1).sum() + table.max(axis=0).sum()) / (len(mine) + len(other)))


def known_answers(registry: Registry, evidence: Sequence[Earlier]) -> dict[str, set[str]]:
    """Plain texts of answers that earlier waves had for each code list, with its own labels."""
    known = {
        name: {plain(code.label_nl) for code in codes.values()} for name, codes in registry.codelists.items()
    }
    for item in evidence:
        codelist = _codelist(registry, item)
        if codelist:
            known.setdefault(codelist, set()).update(plain(a.label) for a in item.variable.valid_answers)
    return known


def _codelist(registry: Registry, item: Earlier) -> str:
    lists = [registry.concepts[row["concept_id"]].codelist_id for row in item.concepts]
    return next((name for name in lists if name), "")


def _distinct(items: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """Each item once, and the place in that list of every item given."""
    place = {item: index for index, item in enumerate(dict.fromkeys(items))}
    return list(place), [place[item] for item in items]


def _name(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
