"""One stretch of a file against the rest of it: files are put together from parts, and a part can be wrong."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from orchestration.registry.drift.answers import UNANSWERED, FileAnswers
from orchestration.registry.drift.findings import Finding, Rules
from orchestration.registry.drift.predecessors import Earlier
from orchestration.registry.drift.shares import Comparison

PARTS = 2


def find_odd_parts(file: FileAnswers, earlier: Earlier, rules: Rules) -> Iterator[Finding]:
    """Concepts of which the first and second half of the rows of the same populations differ beyond chance.

    A file that is sorted by an answer has such halves too; of those neither is like the earlier wave. One half
    of a file with a faulty part is.
    """
    rule = rules["part_jump"]
    _, cells = file.cells
    # Within each population rows are halved by their place in the file.
    order = np.argsort(cells, kind="stable")
    sizes = np.bincount(cells)
    starts = np.cumsum(sizes) - sizes
    rank = np.empty(file.n_rows, dtype=np.int64)
    rank[order] = np.arange(file.n_rows) - np.repeat(starts, sizes)
    half = rank * PARTS // np.maximum(sizes[cells], 1)
    populations = {row["concept_id"] for row in file.registry.table("population_rules")}
    for concept, answers in file.concepts.items():
        if answers.numbers is not None or concept in populations or len(answers.codes) < 2:
            continue
        told = answers.index != UNANSWERED
        counts = [
            np.bincount(answers.index[told & (half == part)], minlength=len(answers.codes))
            for part in range(PARTS)
        ]
        if min(count.sum() for count in counts) < rule.threshold:
            continue
        shares = [count / count.sum() for count in counts]
        worst = int(np.argmax(np.abs(shares[0] - shares[1])))
        if 100 * abs(shares[0][worst] - shares[1][worst]) < rule.minimum:
            continue
        if not _one_half_fits(
            shares, worst, answers.codes[worst], earlier.compared(file, concept), rule.minimum
        ):
            continue
        may_tell = all(rules.may_tell(float(count[worst]), float(count.sum())) for count in counts)
        percent = [f"{100 * share[worst]:.0f}%" for share in shares] if may_tell else ["", "jumped"]
        between = f" ({percent[0]} and {percent[1]})" if may_tell else ""
        yield Finding(
            "part_jump",
            file,
            f"the first and the second half of the rows answer {concept} otherwise, in the same populations{between}",
            "one part of the file may have other codes or shifted columns: ask the contractor",
            answers.variable,
            answers.codes[worst],
            percent[0],
            percent[1],
        )


def _one_half_fits(
    shares: list[np.ndarray], place: int, code: str, compared: Comparison | None, minimum: float
) -> bool:
    if compared is None or code not in compared.codes:
        return False
    before = compared.before[compared.codes.index(code)]
    near, far = sorted(100 * abs(share[place] - before) for share in shares)
    return near <= minimum / 3 and far >= minimum
