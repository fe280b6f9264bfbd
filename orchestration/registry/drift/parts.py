"""One stretch of a file against the rest of it: files are put together from parts, and a part can be wrong."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from orchestration.registry.drift.answers import UNANSWERED, ConceptAnswers, FileAnswers
from orchestration.registry.drift.findings import JUMPED, Finding, Rules
from orchestration.registry.drift.predecessors import Earlier
from orchestration.registry.drift.shares import Comparison

PARTS = (2, 3, 4)
"""Into how many stretches of like length the rows of a population are cut, one after the other."""


def find_odd_parts(file: FileAnswers, earlier: Earlier, rules: Rules) -> Iterator[Finding]:
    """Concepts of which one stretch of the rows, in the same populations, differs from the others beyond chance.

    A file that is sorted by an answer has such stretches too; of those none is like the earlier wave. All but the
    faulty stretch of a file are.
    """
    rule = rules["part_jump"]
    rank, sizes = _ranks(file)
    part_of = {parts: rank * parts // np.maximum(sizes, 1) for parts in PARTS}
    for concept, answers in file.concepts.items():
        if answers.numbers is not None or concept in file.structure or len(answers.codes) < 2:
            continue
        for parts, part in part_of.items():
            counts = _counts(answers, part, parts)
            if counts.sum(axis=1).min() < rule.threshold:
                break
            odd = odd_part(counts, answers.codes, earlier.compared(file, concept), rule.minimum)
            if odd is not None:
                yield _finding(file, answers, counts, odd, rules)
                break


def _ranks(file: FileAnswers) -> tuple[np.ndarray, np.ndarray]:
    """Per row its place among the rows of its population, and how many those are."""
    _, cells = file.cells
    order = np.argsort(cells, kind="stable")
    sizes = np.bincount(cells)
    starts = np.cumsum(sizes) - sizes
    rank = np.empty(file.n_rows, dtype=np.int64)
    rank[order] = np.arange(file.n_rows) - np.repeat(starts, sizes)
    return rank, sizes[cells]


def _counts(answers: ConceptAnswers, part: np.ndarray, parts: int) -> np.ndarray:
    """Answers by part and code."""
    told = answers.index != UNANSWERED
    width = len(answers.codes)
    flat = part[told] * width + answers.index[told]
    return np.bincount(flat, minlength=parts * width).reshape(parts, width)


def odd_part(
    counts: np.ndarray, codes: list[str], compared: Comparison | None, minimum: float
) -> tuple[int, int] | None:
    """Place of the part and of the code in which it differs most; ``None`` where the parts are alike, or where more
    than one of them is unlike the earlier wave."""
    if compared is None:
        return None
    shares = 100 * counts / counts.sum(axis=1, keepdims=True)
    worst = int(np.argmax(np.ptp(shares, axis=0)))
    if np.ptp(shares[:, worst]) < minimum or codes[worst] not in compared.codes:
        return None
    away = np.abs(shares[:, worst] - 100 * compared.before[compared.codes.index(codes[worst])])
    odd = int(np.argmax(away))
    others = np.delete(away, odd)
    return (odd, worst) if away[odd] >= minimum and others.max() <= minimum / 3 else None


def _finding(
    file: FileAnswers, answers: ConceptAnswers, counts: np.ndarray, odd: tuple[int, int], rules: Rules
) -> Finding:
    part, worst = odd
    rest = np.delete(counts, part, axis=0).sum(axis=0)
    sides = (rest, counts[part])
    may_tell = all(rules.may_tell(float(side[worst]), float(side.sum())) for side in sides)
    percent = [f"{100 * side[worst] / side.sum():.0f}%" for side in sides] if may_tell else ["", JUMPED]
    between = f" ({percent[1]} and {percent[0]} {answers.codes[worst]})" if may_tell else ""
    return Finding(
        "part_jump",
        file,
        f"part {part + 1} of {len(counts)} of the rows answers {answers.concept_id} otherwise than the rest, in the "
        f"same populations{between}",
        "one part of the file may have other codes or shifted columns: ask the contractor",
        answers.variable,
        answers.codes[worst],
        *percent,
    )
