"""Drawing one answer for everybody such that weighted conditions hold.

First the odds are shifted until the *expected* answers meet every condition (iterative fitting on the log-
odds), then answers are drawn, then single persons are moved from one answer to another until the *drawn*
answers meet them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_HARD_PRECISION = 0.04
_SOFT_PRECISION = 0.8
_HARD_TOLERANCE = 0.08
_MOST_PAIRED_MOVES = 900


@dataclass(frozen=True)
class Condition:
    """``mask``: who is in the domain. ``score``: per state, what a person of that state adds to the
    deviation.

    The deviation is ``factor * sum(weight * score[state])`` over the mask, minus ``offset``: points for a
    share, percent of the mean for a mean, units for a number. ``is_hard`` conditions are met closely, others
    roughly.
    """

    mask: np.ndarray
    score: np.ndarray
    factor: float
    offset: float
    is_hard: bool
    name: str

    def deviation(self, states: np.ndarray, weight: np.ndarray) -> float:
        """Signed distance from the target."""
        return self.factor * float(np.sum(weight[self.mask] * self.score[states[self.mask]])) - self.offset


def fit_log_odds(
    theta: np.ndarray,
    allowed: np.ndarray,
    free: np.ndarray,
    states: np.ndarray,
    weight: np.ndarray,
    conditions: list[Condition],
    sweeps: int = 12,
) -> np.ndarray:
    """Shift log-odds ``theta`` (n, codes) of the free persons until the expected answers meet the conditions.

    Persons who are not free stand fast in ``states``. Returns probabilities (n, codes); rows that are not
    free are 0.
    """
    codes = theta.shape[1]
    theta = np.where(allowed, theta, -np.inf)
    usable = [c for c in conditions if np.any(c.mask & free)]
    ordered = sorted(usable, key=lambda c: (c.is_hard, int(c.mask.sum()) * -1))
    for _ in range(sweeps if len(ordered) > 1 else 1):
        largest = 0.0
        for condition in ordered:
            rows = condition.mask & free
            fixed = condition.mask & ~free
            base = (
                condition.factor * float(np.sum(weight[fixed] * condition.score[states[fixed]]))
                - condition.offset
            )
            shift = _shift(theta[rows], weight[rows], condition.score[:codes], condition.factor, base)
            theta[rows] += shift * _direction(condition.score[:codes])
            largest = max(largest, abs(shift))
        if largest < 1e-3:
            break
    probabilities = np.zeros_like(theta)
    probabilities[free] = _softmax(theta[free])
    return probabilities


def draw(probabilities: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One state per row by inverse transform."""
    edges = np.cumsum(probabilities, axis=1)
    edges[:, -1] = 1.0
    return (rng.random(len(edges))[:, None] > edges).sum(axis=1).clip(max=probabilities.shape[1] - 1)


def settle(
    states: np.ndarray,
    theta: np.ndarray,
    allowed: np.ndarray,
    free: np.ndarray,
    weight: np.ndarray,
    conditions: list[Condition],
    rng: np.random.Generator,
    limit: int = 600,
) -> np.ndarray:
    """Move single persons between states, the best move first, until no move brings the conditions nearer."""
    states = states.copy()
    conditions = [c for c in conditions if np.any(c.mask & free)]
    if not conditions or not free.any():
        return states
    codes = allowed.shape[1]
    people = np.flatnonzero(free)
    signature = _signatures(people, allowed, weight, conditions)
    groups, first, member = np.unique(signature, return_index=True, return_inverse=True)
    example = people[first]
    group_weight = np.round(np.bincount(member, weights=weight[people]) / np.bincount(member), 8)
    counts = np.zeros((len(groups), codes), dtype=int)
    np.add.at(counts, (member, states[people]), 1)
    steps = np.zeros((len(groups), codes, codes, len(conditions)))
    for k, condition in enumerate(conditions):
        gain = condition.factor * (condition.score[None, :codes] - condition.score[:codes, None])
        steps[:, :, :, k] = (condition.mask[example] * group_weight)[:, None, None] * gain[None]
    penalty = np.array([1 / (_HARD_PRECISION if c.is_hard else _SOFT_PRECISION) ** 2 for c in conditions])
    curvature = np.einsum("gabk,k->gab", steps**2, penalty)
    possible = np.repeat(allowed[example][:, None, :], codes, axis=1)
    possible[:, np.arange(codes), np.arange(codes)] = False
    noise = rng.gumbel(size=theta.shape)

    def move(group: int, origin: int, goal: int, number: int) -> None:
        candidates = people[(member == group) & (states[people] == origin)]
        appeal = theta[candidates, goal] - theta[candidates, origin] + noise[candidates, goal]
        chosen = candidates[np.argsort(-appeal, kind="stable")[:number]]
        states[chosen] = goal
        counts[group, origin] -= len(chosen)
        counts[group, goal] += len(chosen)

    for _ in range(limit):
        deviation = np.array([c.deviation(states, weight) for c in conditions])
        change = 2 * np.einsum("gabk,k->gab", steps, penalty * deviation) + curvature
        # Rounded, so that ties are ties on every processor and the first of them is taken.
        change = np.where(possible & (counts > 0)[:, :, None], np.round(change, 7), np.inf)
        best = np.unravel_index(np.argmin(change), change.shape)
        if change[best] >= -1e-6:
            pair = _best_pair(change, steps, counts, penalty, deviation, conditions)
            if pair is None:
                break
            for group, origin, goal in pair:
                move(group, origin, goal, 1)
            continue
        group, origin, goal = (int(x) for x in best)
        slope = -2 * float(np.dot(steps[group, origin, goal], penalty * deviation))
        wanted = slope / (2 * curvature[best]) if curvature[best] > 0 else 1.0
        number = int(np.clip(round(wanted / 4, 6), 1, max(1, counts[group, origin] // 3)))
        move(group, origin, goal, number)
    return states


def _best_pair(
    change: np.ndarray,
    steps: np.ndarray,
    counts: np.ndarray,
    penalty: np.ndarray,
    deviation: np.ndarray,
    conditions: list[Condition],
) -> list[tuple[int, int, int]] | None:
    """Two moves that help together where no single one does; only while a hard condition is off."""
    is_off = [c.is_hard and abs(d) > _HARD_TOLERANCE for c, d in zip(conditions, deviation, strict=True)]
    moves = np.argwhere(np.isfinite(change))
    if not any(is_off) or len(moves) > _MOST_PAIRED_MOVES:
        return None
    single = change[tuple(moves.T)]
    step = steps[tuple(moves.T)]
    both = single[:, None] + single[None, :] + 2 * (step * penalty) @ step.T
    # Two moves out of one cell need two people in it.
    lonely = counts[moves[:, 0], moves[:, 1]] < 2
    same = (moves[:, None, :2] == moves[None, :, :2]).all(axis=2)
    both[same & lonely[:, None]] = np.inf
    both = np.round(both, 7)
    first, second = np.unravel_index(np.argmin(both), both.shape)
    if both[first, second] >= -1e-6:
        return None
    return [tuple(int(x) for x in moves[k]) for k in (first, second)]


def _signatures(
    people: np.ndarray, allowed: np.ndarray, weight: np.ndarray, conditions: list[Condition]
) -> np.ndarray:
    """People with the same domains, the same choices and about the same weight share a number."""
    levels = np.unique(weight[people])
    if len(levels) > 60:
        levels = np.quantile(weight[people], np.linspace(0, 1, 25)[1:-1])
    number = np.searchsorted(levels, weight[people]).astype(np.int64)
    columns = [c.mask for c in conditions] + [allowed[:, k] for k in range(allowed.shape[1])]
    for column in columns:
        number = number * 2 + column[people]
        # Renumbered each time, so that the number of columns does not matter.
        number = np.unique(number, return_inverse=True)[1].astype(np.int64)
    return number


def _direction(score: np.ndarray) -> np.ndarray:
    spread = score.max() - score.min()
    return (score - score.min()) / spread if spread > 0 else np.zeros_like(score)


def _softmax(theta: np.ndarray) -> np.ndarray:
    shifted = np.exp(theta - theta.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def _shift(theta: np.ndarray, weight: np.ndarray, score: np.ndarray, factor: float, base: float) -> float:
    """The shift along the scores that brings the expected deviation to zero, by bisection."""
    direction = _direction(score)
    if not direction.any():
        return 0.0
    low, high = -12.0, 12.0
    for _ in range(40):
        middle = (low + high) / 2
        expected = (
            factor * float(np.sum(weight[:, None] * _softmax(theta + middle * direction) * score)) + base
        )
        if expected > 0:
            high = middle
        else:
            low = middle
    return (low + high) / 2
