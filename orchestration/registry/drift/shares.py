"""Weighted shares of the answers to a concept, by population, and what two waves may differ by chance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from orchestration.registry.drift.answers import UNANSWERED, FileAnswers

Cell = tuple[tuple[str, str], ...]
"""A population as pairs of concept and code: ``(("layer", "gemeente"), ("role", "raadslid"))``."""


@dataclass(frozen=True)
class Tally:
    """Answers to one concept, one line per cell: ``weight`` and ``count`` have a column per code.

    ``rows`` holds weight and number of all rows of each cell, answered or not; ``offered`` the answers that
    could be given.
    """

    codes: tuple[str, ...]
    cells: tuple[Cell, ...]
    weight: np.ndarray
    count: np.ndarray
    rows: np.ndarray
    design_effect: float
    offered: frozenset[str] = frozenset()

    def recoded(self, codes: tuple[str, ...]) -> Tally:
        """The same answers with other codes beside them; codes that are not among ``codes`` are dropped."""
        if codes == self.codes:
            return self
        places = [self.codes.index(code) if code in self.codes else len(self.codes) for code in codes]
        none = np.zeros((len(self.cells), 1))
        weight, count = (np.hstack([table, none])[:, places] for table in (self.weight, self.count))
        return replace(self, codes=codes, weight=weight, count=count)

    def collapsed(self, concepts: set[str]) -> Tally:
        """The same answers with cells told apart by these concepts only."""
        if concepts >= self.telling:
            return self
        keys = [tuple(pair for pair in cell if pair[0] in concepts) for cell in self.cells]
        cells = tuple(dict.fromkeys(keys))
        adding = np.zeros((len(cells), len(keys)))
        adding[[cells.index(key) for key in keys], range(len(keys))] = 1
        tables = (adding @ table for table in (self.weight, self.count, self.rows))
        weight, count, rows = tables
        return replace(self, cells=cells, weight=weight, count=count, rows=rows)

    @cached_property
    def telling(self) -> set[str]:
        """Concepts that tell its cells apart."""
        return {concept for concept, _ in self.cells[0]} if self.cells else set()


def tally(
    file: FileAnswers, concept_id: str, cells: tuple[list[Cell], np.ndarray], most_codes: float
) -> Tally | None:
    """Count the answers of a file; ``None`` for numbers that are fractions, or more than ``most_codes`` different
    ones: those have no shares."""
    answers = file.concepts[concept_id]
    names, places = cells
    if answers.numbers is not None:
        codes, index = _whole_numbers(answers.numbers, most_codes)
    else:
        codes, index = tuple(answers.codes), answers.index
    if codes is None:
        return None
    width = len(codes) + 1
    flat = places * width + np.where(index == UNANSWERED, len(codes), index)
    size = len(names) * width
    weight = np.bincount(flat, weights=file.weights, minlength=size).reshape(len(names), width)
    count = np.bincount(flat, minlength=size).reshape(len(names), width)
    present = np.flatnonzero(count.sum(axis=1))
    return Tally(
        codes,
        tuple(names[cell] for cell in present),
        weight[present, :-1],
        count[present, :-1],
        np.column_stack([weight[present].sum(axis=1), count[present].sum(axis=1)]),
        file.design_effect,
        answers.offered or frozenset(codes),
    )


def _whole_numbers(numbers: np.ndarray, most_codes: float) -> tuple[tuple[str, ...] | None, np.ndarray]:
    held = numbers[~np.isnan(numbers)]
    distinct = np.unique(held)
    if len(distinct) > most_codes or np.any(distinct != np.round(distinct)):
        return None, np.empty(0, dtype=np.int64)
    index = np.full(len(numbers), UNANSWERED)
    index[~np.isnan(numbers)] = np.searchsorted(distinct, held)
    return tuple(str(int(value)) for value in distinct), index


def together(tallies: Iterable[Tally]) -> Tally:
    """Files of one wave and instrument as one."""
    given = list(tallies)
    if len(given) == 1:
        return given[0]
    codes = tuple(dict.fromkeys(code for one in given for code in one.codes))
    shared = set.intersection(*(one.telling for one in given))
    same = [one.collapsed(shared).recoded(codes) for one in given]
    cells = tuple(dict.fromkeys(cell for one in same for cell in one.cells))
    adding = np.zeros((len(cells), sum(len(one.cells) for one in same)))
    adding[[cells.index(cell) for one in same for cell in one.cells], range(adding.shape[1])] = 1
    return Tally(
        codes,
        cells,
        adding @ np.vstack([one.weight for one in same]),
        adding @ np.vstack([one.count for one in same]),
        adding @ np.vstack([one.rows for one in same]),
        max(one.design_effect for one in given),
        frozenset().union(*(one.offered for one in given)),
    )


@dataclass(frozen=True)
class Comparison:
    """Shares (0 to 1) of two waves over the same populations, the earlier one put together as the later one.

    ``variance`` is that of the difference of each share under sampling, design effects included: the larger of
    that of the two shares as they are, and of one share that did not change.
    ``now_count``/``before_count``: answers behind each share; ``size``: how many simple random answers both waves
    are worth together; ``answered_now``/``answered_before``: shares of the rows that hold an answer; ``wave_id``: of
    the earlier wave.
    """

    wave_id: str
    codes: tuple[str, ...]
    now: np.ndarray
    before: np.ndarray
    variance: np.ndarray
    now_count: np.ndarray
    before_count: np.ndarray
    size: float
    answered_now: float
    answered_before: float
    answered_variance: float
    rows_now: int
    rows_before: int
    offered: frozenset[str]

    def among_shared_answers(self) -> Comparison | None:
        """Only the answers that both waves have, as shares of one another; ``None`` where that is fewer than two.

        An answer list that gained or lost an answer is no jump of what stayed.
        """
        kept = np.array([place for place, code in enumerate(self.codes) if code in self.offered], dtype=int)
        if (
            self.size <= 0
            or len(kept) < 2
            or not (self.now_count[kept].sum() and self.before_count[kept].sum())
        ):
            return None
        now, before = self.now[kept].sum(), self.before[kept].sum()
        return replace(
            self,
            codes=tuple(self.codes[place] for place in kept),
            now=self.now[kept] / now,
            before=self.before[kept] / before,
            variance=self.variance[kept] / min(now, before) ** 2,
            now_count=self.now_count[kept],
            before_count=self.before_count[kept],
            size=self.size * min(now, before),
        )


def compare(now: Tally, before: Tally, fewest: float, wave_id: str) -> Comparison | None:
    """Compare two waves over the populations that both have; ``None`` where they have none in common.

    A population with less than ``fewest`` answers tells nothing of shares, and is left out.
    """
    shared = now.telling & before.telling
    codes = tuple(dict.fromkeys([*now.codes, *before.codes]))
    now, before = now.collapsed(shared).recoded(codes), before.collapsed(shared).recoded(codes)
    at = {cell: place for place, cell in enumerate(before.cells)}
    pairs = [(place, at[cell]) for place, cell in enumerate(now.cells) if cell in at]
    if not pairs:
        return None
    here, there = (np.array(side) for side in zip(*pairs, strict=True))
    kept = (before.rows[there, 1] >= fewest) & (now.rows[here, 0] > 0)
    here, there = here[kept], there[kept]
    if not len(here):
        return None
    asked = _shares(
        now.weight[here].sum(axis=1, keepdims=True),
        now.rows[here],
        before.weight[there].sum(axis=1, keepdims=True),
        before.rows[there],
        (now.design_effect, before.design_effect),
    )
    counts = now.count[here].sum(axis=1), before.count[there].sum(axis=1)
    is_told = (counts[0] >= fewest) & (counts[1] >= fewest)
    here_told, there_told = here[is_told], there[is_told]
    zeros = np.zeros(len(codes))
    told = (zeros, zeros, zeros, 0.0)
    if is_told.any():
        told = _shares(
            now.weight[here_told],
            np.column_stack([now.weight[here_told].sum(axis=1), counts[0][is_told]]),
            before.weight[there_told],
            np.column_stack([before.weight[there_told].sum(axis=1), counts[1][is_told]]),
            (now.design_effect, before.design_effect),
        )
        worth = _worth(
            now.weight[here_told].sum(axis=1),
            counts[0][is_told],
            counts[1][is_told],
            (now.design_effect, before.design_effect),
        )
        told = (told[0], told[1], np.maximum(told[2], _unchanged(told[0], told[1], worth)), told[3])
    return Comparison(
        wave_id,
        codes,
        told[0],
        told[1],
        told[2],
        now.count[here_told].sum(axis=0),
        before.count[there_told].sum(axis=0),
        told[3],
        float(asked[0][0]),
        float(asked[1][0]),
        float(asked[2][0]),
        int(now.rows[here, 1].sum()),
        int(before.rows[there, 1].sum()),
        now.offered & before.offered,
    )


def _shares(
    now: np.ndarray,
    now_rows: np.ndarray,
    before: np.ndarray,
    before_rows: np.ndarray,
    design_effects: tuple[float, float],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Shares now, shares before over the populations of now, variance of each difference, and what the two
    are worth together as a number of simple random answers.

    ``now``, ``before``: weight per cell and code; the rows with them: total weight and number per cell.
    """
    size, n_now = now_rows.sum(axis=0)
    shares = now.sum(axis=0) / size
    part = (now_rows[:, 0] / size)[:, None]
    known = before / np.maximum(before_rows[:, :1], 1e-12)
    n_before = before_rows[:, 1:]
    # Half an answer more keeps a share of nought from looking certain.
    smooth = (known * n_before + 0.5) / (n_before + 1)
    variance = (part**2 * smooth * (1 - smooth) / n_before).sum(axis=0) * design_effects[1]
    pooled = (shares * n_now + 0.5) / (n_now + 1)
    variance = variance + pooled * (1 - pooled) / n_now * design_effects[0]
    spread = max(float((pooled * (1 - pooled)).sum()), 1e-9)
    return shares, (part * known).sum(axis=0), variance, spread / max(float(variance.sum()), 1e-12)


def _worth(
    weight: np.ndarray, now_n: np.ndarray, before_n: np.ndarray, design_effects: tuple[float, float]
) -> tuple[float, float]:
    """One divided by the simple random answers that each wave is worth, the earlier one put together as the later."""
    part = weight / max(float(weight.sum()), 1e-12)
    return design_effects[0] / float(now_n.sum()), design_effects[1] * float((part**2 / before_n).sum())


def _unchanged(now: np.ndarray, before: np.ndarray, worth: tuple[float, float]) -> np.ndarray:
    """Variance of the difference of each share if nothing changed: of the share that both waves have together.

    Each wave's own share is no measure of it: where nobody out of a few gives an answer, it looks certain.
    """
    both = (now * worth[1] + before * worth[0]) / sum(worth)
    return both * (1 - both) * sum(worth)
