"""Answers that fit the earlier wave far better once two codes change places, or the scale is turned round.

Fit is measured on the angles 2·arcsin(√share), on which sampling moves every share alike; besides sampling,
waves may differ by what the policy ``drift_wave_spread`` allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

import numpy as np

from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.drift.findings import Finding, Rules
from orchestration.registry.drift.jumps import told_shares
from orchestration.registry.drift.predecessors import Earlier
from orchestration.registry.drift.shares import Comparison

REMEDY = "compare the codes with the questionnaire and ask the contractor; a true change needs no other row"


def find_rearranged_answers(file: FileAnswers, earlier: Earlier, rules: Rules) -> Iterator[Finding]:
    """Two codes that changed places, or a scale turned round, in the answers of one concept."""
    for concept, answers in file.concepts.items():
        compared = earlier.compared(file, concept)
        if answers.numbers is not None or compared is None:
            continue
        compared = compared.among_shared_answers()
        if (
            compared is None
            or not 2 <= len(compared.codes) <= rules.policy("drift_most_codes_to_swap")
            or compared.size < rules.policy("drift_fewest_answers")
        ):
            continue
        turned = _turned(file, concept, compared, rules)
        if turned is not None:
            yield turned
        elif (swapped := _swapped(file, concept, compared, rules)) is not None:
            yield swapped


def find_shifted_columns(file: FileAnswers, earlier: Earlier, rules: Rules) -> Iterator[Finding]:
    """Neighbouring variables with the same codes whose answers fit one another's earlier answers."""
    rule = rules["columns_shifted"]
    in_order = sorted(
        (answers for answers in file.concepts.values() if answers.numbers is None),
        key=lambda answers: file.variables[answers.variable]["position"],
    )
    for one, other in pairwise(in_order):
        if one.codes != other.codes or one.variable == other.variable:
            continue
        here = [earlier.compared(file, answers.concept_id) for answers in (one, other)]
        own = [_misfit(compared, compared.now, rules) for compared in here if compared is not None]
        if sum(own) < rule.threshold:
            continue
        across = [
            earlier.compared(file, one.concept_id, other.concept_id),
            earlier.compared(file, other.concept_id, one.concept_id),
        ]
        if any(
            compared is None or compared.size < rules.policy("drift_fewest_answers")
            for compared in [*here, *across]
        ):
            continue
        moved = [_misfit(compared, compared.now, rules) for compared in across]
        is_better = all(across < here for here, across in zip(own, moved, strict=True))
        if is_better and sum(own) - sum(moved) >= rule.threshold and sum(moved) <= rule.minimum * sum(own):
            yield Finding(
                "columns_shifted",
                file,
                f"its answers fit {other.concept_id} of the earlier wave, and those of {other.variable} fit "
                f"{one.concept_id}",
                "the two columns may have changed places: ask the contractor",
                one.variable,
                before=one.concept_id,
                now=other.concept_id,
            )


def _swapped(file: FileAnswers, concept: str, compared: Comparison, rules: Rules) -> Finding | None:
    rule = rules["answers_swapped"]
    own = _misfit(compared, compared.now, rules)
    best, pair = float("inf"), (0, 0)
    for one, other in combinations(range(len(compared.codes)), 2):
        shares = compared.now.copy()
        shares[[one, other]] = shares[[other, one]]
        misfit = _misfit(compared, shares, rules)
        if misfit < best:
            best, pair = misfit, (one, other)
    if own - best < rule.threshold or best > rule.minimum * own:
        return None
    one, other = (compared.codes[place] for place in pair)
    before, now = told_shares(compared, pair[0], rules)
    told = f" ({one} went from {before} to {now})" if before else ""
    return Finding(
        "answers_swapped",
        file,
        f"{one} and {other} of {concept} look as if they had changed places since {compared.wave_id}{told}",
        REMEDY,
        file.concepts[concept].variable,
        f"{one}/{other}",
        before,
        now,
    )


def _turned(file: FileAnswers, concept: str, compared: Comparison, rules: Rules) -> Finding | None:
    rule = rules["answers_mirrored"]
    codes = file.registry.codes_of(concept)
    in_order = sorted(
        range(len(compared.codes)),
        key=lambda place: (
            codes[compared.codes[place]].sort_order if compared.codes[place] in codes else place
        ),
    )
    if len(in_order) < 3:
        return None
    shares = compared.now.copy()
    shares[in_order] = compared.now[in_order[::-1]]
    own, turned = _misfit(compared, compared.now, rules), _misfit(compared, shares, rules)
    if own - turned < rule.threshold or turned > rule.minimum * own:
        return None
    before, now = told_shares(compared, in_order[0], rules)
    first = compared.codes[in_order[0]]
    told = f" ({first} went from {before} to {now})" if before else ""
    return Finding(
        "answers_mirrored",
        file,
        f"the scale of {concept} looks as if it had been turned round since {compared.wave_id}{told}",
        "if it runs the other way, map it with the verb reverse (or turn the codes in crosswalk/xw_values.csv)",
        file.concepts[concept].variable,
        before=before,
        now=now,
    )


def _misfit(compared: Comparison, shares: np.ndarray, rules: Rules) -> float:
    """Squared distance of the shares from the earlier wave's, in units of what sampling and time allow."""
    allowed = 1 / max(compared.size, 1.0) + rules.policy("drift_wave_spread") ** 2
    return float(((_angles(shares) - _angles(compared.before)) ** 2).sum() / allowed)


def _angles(shares: np.ndarray) -> np.ndarray:
    return 2 * np.arcsin(np.sqrt(np.clip(shares, 0, 1)))
