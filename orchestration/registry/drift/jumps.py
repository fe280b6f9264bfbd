"""Shares, numbers and silence that changed more between two waves than sampling allows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.drift.findings import JUMPED, Finding, Rules
from orchestration.registry.drift.predecessors import Earlier
from orchestration.registry.drift.shares import Comparison

WHAT_TO_DO = (
    "compare question, answer list and codes with the earlier file; tell of a real break in "
    "registry/series_breaks.csv"
)


def find_jumps(file: FileAnswers, earlier: Earlier, rules: Rules) -> Iterator[Finding]:
    """Compare every concept of a file with the last earlier wave that asked it."""
    for concept, answers in file.concepts.items():
        before = earlier.asked_before(file, concept)
        if not before:
            yield from _silent_from_the_start(file, concept)
            continue
        if answers.numbers is not None and rules.looks_for("distribution_jump"):
            yield from _numbers_jumped(file, concept, before, rules)
        compared = earlier.compared(file, concept)
        if compared is not None:
            yield from _silence_jumped(file, concept, compared, rules)
            if answers.numbers is None and rules.looks_for("share_jump"):
                yield from _share_jumped(file, concept, compared, rules)


def _share_jumped(file: FileAnswers, concept: str, compared: Comparison, rules: Rules) -> Iterator[Finding]:
    rule = rules["share_jump"]
    compared = compared.among_shared_answers()
    if compared is None:
        return
    points = 100 * (compared.now - compared.before)
    strength = np.abs(compared.now - compared.before) / np.sqrt(np.maximum(compared.variance, 1e-12))
    certain = np.abs(points)[strength >= rule.threshold]
    _compared("share_jump", file, float(certain.max(initial=0.0)), rules)
    jumped = np.flatnonzero((np.abs(points) >= rule.minimum) & (strength >= rule.threshold))
    if not len(jumped):
        return
    # One answer that grows makes the others shrink: the largest jump is told.
    worst = max(jumped, key=lambda place: abs(points[place]))
    before, now = told_shares(compared, int(worst), rules)
    yield Finding(
        "share_jump",
        file,
        f"{_moved(before, now, compared.codes[worst])} since {compared.wave_id} ({concept}), "
        f"{strength[worst]:.0f} standard errors of sampling",
        WHAT_TO_DO,
        file.concepts[concept].variable,
        compared.codes[worst],
        before,
        now,
    )


def _compared(kind: str, file: FileAnswers, points: float, rules: Rules) -> None:
    """``points``: the largest move that sampling does not explain, 0 where it explains them all."""
    bound = rules[kind].minimum
    over = ", accepted" if points >= bound else ""
    told = (
        f"{points:.0f} of {bound:g} points{over}"
        if points
        else f"no move beyond sampling (bound {bound:g} points)"
    )
    rules.compared(kind, file.wave_id, points / bound if bound else points, told)


def told_shares(compared: Comparison, place: int, rules: Rules) -> tuple[str, str]:
    """Both shares of an answer as whole percentages; the words ``jumped`` where one may not be told."""
    counts = (compared.now_count, compared.before_count)
    if not all(rules.may_tell(float(count[place]), float(count.sum())) for count in counts):
        return "", JUMPED
    return f"{100 * compared.before[place]:.0f}%", f"{100 * compared.now[place]:.0f}%"


def _moved(before: str, now: str, code: str) -> str:
    return f"the share of {code} went from {before} to {now}" if before else f"the share of {code} jumped"


def _silence_jumped(file: FileAnswers, concept: str, compared: Comparison, rules: Rules) -> Iterator[Finding]:
    wave, variable = compared.wave_id, file.concepts[concept].variable
    if not file.concepts[concept].is_answered.any():
        if compared.answered_before > 0 and rules.looks_for("no_answers"):
            yield Finding(
                "no_answers",
                file,
                f"nobody answers it; {wave} has answers to {concept}",
                "ask for the answers; if it was not asked, let its row in crosswalk/xw_variables.csv say not_asked",
                variable,
                before=wave,
                now="no answers",
            )
        return
    rule = rules["no_answer_jump"]
    points = 100 * (compared.answered_now - compared.answered_before)
    strength = abs(points) / 100 / max(compared.answered_variance, 1e-12) ** 0.5
    _compared("no_answer_jump", file, abs(points) if strength >= rule.threshold else 0.0, rules)
    if rule.verdict == "ignore" or abs(points) < rule.minimum or strength < rule.threshold:
        return
    both = ((compared.answered_now, compared.rows_now), (compared.answered_before, compared.rows_before))
    before, now = "", JUMPED
    if all(rules.may_tell(share * rows, rows) for share, rows in both):
        before, now = (
            f"{100 * (1 - compared.answered_before):.0f}%",
            f"{100 * (1 - compared.answered_now):.0f}%",
        )
    told = f"went from {before} to {now}" if before else "jumped"
    yield Finding(
        "no_answer_jump",
        file,
        f"the share of rows without an answer to {concept} {told} since {wave}",
        "ask whether it was asked of the same people; tell of other routing in registry/routing.csv",
        variable,
        before=before,
        now=now,
    )


def _silent_from_the_start(file: FileAnswers, concept: str) -> Iterator[Finding]:
    """A question that no earlier wave asked, and that nobody answers: what does not exist cannot be usual."""
    answers = file.concepts[concept]
    if file.n_rows and not answers.is_answered.any():
        yield Finding(
            "no_answers",
            file,
            f"nobody answers it, and no earlier wave asked for {concept}",
            "ask for the answers; if it was not asked, let its row in crosswalk/xw_variables.csv say not_asked",
            answers.variable,
            now="no answers",
        )


def _numbers_jumped(
    file: FileAnswers, concept: str, before: list[FileAnswers], rules: Rules
) -> Iterator[Finding]:
    """Kolmogorov and Smirnov's distance between two waves' numbers, and its strength for their effective sizes.

    The strength is D·√(nm/(n+m)), whose distribution under no change does not depend on the numbers (Smirnov,
    1948, Annals of Mathematical Statistics 19:279); n and m are divided by Kish's design effect.
    """
    rule = rules["distribution_jump"]
    now, now_weights = _held(file, concept)
    parts = [_held(one, concept) for one in before if one.concepts[concept].numbers is not None]
    if not parts or not len(now):
        return
    then = np.concatenate([part[0] for part in parts])
    then_weights = np.concatenate([part[1] for part in parts])
    if not len(then):
        return
    points = np.unique(np.concatenate([now, then]))
    distance = float(
        np.max(np.abs(_cumulated(now, now_weights, points) - _cumulated(then, then_weights, points)))
    )
    # Unequal weights make answers worth less; the others of a file are as unequal as these.
    worth = [len(now) / file.design_effect, len(then) / max(one.design_effect for one in before)]
    strength = distance * (worth[0] * worth[1] / (worth[0] + worth[1])) ** 0.5
    _compared("distribution_jump", file, 100 * distance if strength >= rule.threshold else 0.0, rules)
    if 100 * distance < rule.minimum or strength < rule.threshold:
        return
    yield Finding(
        "distribution_jump",
        file,
        f"the numbers of {concept} run otherwise than in {before[0].wave_id}: at one of them the cumulated shares are "
        f"{100 * distance:.0f} points apart",
        "ask for the unit of the numbers, and whether the column is the right one",
        file.concepts[concept].variable,
        before=before[0].wave_id,
        now=f"{100 * distance:.0f} points",
    )


def _held(file: FileAnswers, concept: str) -> tuple[np.ndarray, np.ndarray]:
    numbers = file.concepts[concept].numbers
    assert numbers is not None
    held = ~np.isnan(numbers)
    return numbers[held], file.weights[held]


def _cumulated(numbers: np.ndarray, weights: np.ndarray, points: np.ndarray) -> np.ndarray:
    order = np.argsort(numbers, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(weights[order])])
    return sums[np.searchsorted(numbers[order], points, side="right")] / max(sums[-1], 1e-12)
