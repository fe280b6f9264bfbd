"""How often the published intervals hold the truth: samples from finite populations that are known.

``python tests/statistics/coverage_simulation.py [SAMPLES]`` draws SAMPLES (10,000) samples per cell, estimates them with the
SQL of the warehouse, and prints the table of docs/methodology.md. Each sample is a wave, so a thousand are one
query.

A cell counts as one that the reliability rule publishes when most of its samples pass the rule (the rows of
``reliability_rules`` for persons). Coverage is over all its samples: the rule looks at the interval, so those that
pass are no random part of them, and their coverage stands in a column of its own.
"""

from __future__ import annotations

import csv
import math
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from estimator_alone import CELL_MODELS, Estimator
from scipy import stats

SHARES = (0.005, 0.05, 0.3, 0.95)
SIZES = (30, 300, 3000)
DESIGNS = ("simple", "stratified", "clustered")
#: Strata, clusters in each, members of each.
SHAPES = {"simple": (1, 300_000, 1), "stratified": (4, 75_000, 1), "clustered": (2, 7_500, 20)}
TAKEN = 5
FRACTIONS = {1: (1.0,), 2: (0.6, 0.4), 4: (0.4, 0.3, 0.2, 0.1)}
BATCH_ROWS = 1_500_000
RULES = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds" / "registry" / "reliability_rules.csv"
#: n * p * (1 - p) from which on an interval should not be wider than it has to be.
ENOUGH = 10
LEAST, MOST, WIDEST = 0.93, 0.98, 1.1


@dataclass(frozen=True)
class Population:
    """A finite population: a 0/1 answer per member, in strata of clusters of equal size."""

    answers: np.ndarray  # (strata, clusters, members)

    @property
    def share(self) -> float:
        return float(self.answers.mean())


def population(design: str, share: float, random: np.random.Generator) -> Population:
    """100 times the largest sample. Strata differ in level; members of a cluster resemble one another (rho 0.05)."""
    strata, clusters, members = SHAPES[design]
    level = np.full(strata, share)
    if design != "simple":
        odds = share / (1 - share) * np.exp(np.linspace(-0.5, 0.5, strata))
        level = odds / (1 + odds)
        level *= share / level.mean()
    if design == "clustered":
        rho = 0.05
        a, b = level * (1 / rho - 1), (1 - level) * (1 / rho - 1)
        probability = random.beta(a[:, None], b[:, None], (strata, clusters))[:, :, None]
    else:
        probability = level[:, None, None]
    return Population((random.random((strata, clusters, members)) < probability).astype(np.int8))


def samples(people: Population, n: int, count: int, first: int, random: np.random.Generator) -> pd.DataFrame:
    """``count`` samples of ``n``: clusters of five within strata, strata of unequal sampling fractions."""
    strata, clusters, members = people.answers.shape
    taken = min(members, TAKEN)
    units = np.round(np.array(FRACTIONS[strata]) * n / taken).astype(int)
    frames = []
    for stratum in range(strata):
        m = int(units[stratum])
        drawn = random.integers(0, clusters, (count, m))
        if taken < members:
            start = random.integers(0, members, (count, m))
            who = (start[:, :, None] + np.arange(taken)) % members
        else:
            who = np.zeros((count, m, 1), dtype=int)
        answers = people.answers[stratum][drawn[:, :, None], who]
        shape = (count, m, taken)
        frames.append(
            pd.DataFrame(
                {
                    "wave": np.broadcast_to(np.arange(first, first + count)[:, None, None], shape).ravel(),
                    "stratum": stratum,
                    "psu": np.broadcast_to(np.arange(m)[None, :, None], shape).ravel() + 10_000 * stratum,
                    "weight": clusters / m,
                    "value": answers.ravel().astype(float),
                }
            )
        )
    frame = pd.concat(frames, ignore_index=True)
    return frame.assign(respondent_key=np.arange(len(frame)))


def estimates(frame: pd.DataFrame, is_clustered: bool) -> pd.DataFrame:
    estimator = Estimator()
    design = frame.assign(wave_id=frame.wave.astype(str), stratum=frame.stratum.astype(str))
    if is_clustered:
        design["psu"] = design.psu.astype(str)
    else:
        design = design.drop(columns="psu")
    estimator.add_sample(design)
    estimator.add_domain("all", frame.respondent_key)
    estimator.add_indicator("share", "proportion", frame)
    return estimator.run(CELL_MODELS)


def verdicts(cells: pd.DataFrame) -> np.ndarray:
    """Whether the rule table for persons publishes each cell (a flag is published too)."""
    width = 100 * (cells.ci_high - cells.ci_low)
    measures = {
        "n_unweighted": cells.respondents_n,
        "n_effective": cells.effective_n,
        "no_standard_error": cells.standard_error.isna() * 1.0,
        "ci_width": width,
        "ci_relative_width": 100 * width / (100 * cells.estimate).where(cells.estimate > 0),
        "estimate": 100 * cells.estimate,
        "degrees_of_freedom": cells.degrees_of_freedom,
    }
    compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "=": np.equal}
    verdict = np.full(len(cells), "", dtype=object)
    with RULES.open(encoding="utf-8", newline="") as stream:
        rules = [row for row in csv.DictReader(stream) if row["applies_to"] == "person"]
    for rule in sorted(rules, key=lambda row: int(row["sort_order"])):
        if rule["verdict"] == "flag":
            continue
        value = np.asarray(measures[rule["measure"]], dtype=float).round(9)
        with np.errstate(invalid="ignore"):
            holds = compare[rule["operator"]](value, float(rule["threshold"]))
        verdict[(verdict == "") & holds] = rule["verdict"]
    return verdict != "suppress"


def exact_width(share: float, n: int) -> float:
    """Mean width of the Clopper-Pearson interval of a binomial sample."""
    k = np.arange(n + 1)
    low = np.nan_to_num(stats.beta.ppf(0.025, k, n - k + 1), nan=0.0)
    high = np.nan_to_num(stats.beta.ppf(0.975, k + 1, n - k), nan=1.0)
    return float((stats.binom.pmf(k, n, share) * (high - low)).sum())


def simulate(design: str, share: float, n: int, count: int, seed: int) -> dict[str, object]:
    """Coverage and mean width of one cell, over ``count`` samples."""
    random = np.random.default_rng(seed)
    people = population(design, share, random)
    batch = max(1, min(count, BATCH_ROWS // n))
    covered = covered_shown = shown = 0
    width = 0.0
    for first in range(0, count, batch):
        frame = samples(people, n, min(batch, count - first), first, random)
        cells = estimates(frame, design == "clustered")
        is_shown = verdicts(cells)
        holds = (cells.ci_low <= people.share + 1e-12) & (people.share - 1e-12 <= cells.ci_high)
        shown += int(is_shown.sum())
        covered += int(holds.sum())
        covered_shown += int((holds & is_shown).sum())
        width += float((cells.ci_high - cells.ci_low).sum())
    rate = covered / count
    return {
        "design": design,
        "share": share,
        "n": n,
        "shown": shown / count,
        "coverage": rate,
        "error": math.sqrt(rate * (1 - rate) / count),
        "coverage_shown": covered_shown / shown if shown else math.nan,
        "width": width / count,
        "exact_width": exact_width(people.share, n),
        "is_enough": n * share * (1 - share) >= ENOUGH,
    }


def table(count: int) -> list[dict[str, object]]:
    """Every cell, in the order of the page; each prints its row when it is done."""
    cells = [(design, share, n) for design in DESIGNS for share in SHARES for n in SIZES]
    arguments = [(*cell, count, seed) for seed, cell in enumerate(cells)]
    found = []
    with ProcessPoolExecutor() as pool:
        for cell in pool.map(simulate, *zip(*arguments, strict=True)):
            print(line(cell), flush=True)
            found.append(cell)
    return found


def misses(cells: list[dict[str, object]]) -> list[str]:
    """Published cells whose intervals are too short, too cautious or too wide."""
    found = []
    for cell in cells:
        if cell["shown"] <= 0.5:
            continue
        if cell["coverage"] < LEAST:
            found.append(f"covers too little: {line(cell)}")
        if cell["is_enough"] and cell["coverage"] > MOST:
            found.append(f"covers too much: {line(cell)}")
        if cell["design"] == "simple" and cell["width"] > WIDEST * cell["exact_width"]:
            found.append(f"too wide: {line(cell)}")
    return found


def line(cell: dict[str, object]) -> str:
    """One row of the Markdown table."""
    shown = f"{100 * cell['shown']:.1f}"
    coverage = f"{100 * cell['coverage']:.2f} ± {100 * cell['error']:.2f}"
    of_shown = f"{100 * cell['coverage_shown']:.2f}" if cell["shown"] else ""
    ratio = f"{cell['width'] / cell['exact_width']:.3f}" if cell["design"] == "simple" else ""
    return (
        f"| {cell['design']} | {100 * cell['share']:g} | {cell['n']} | {shown} | {coverage} | {of_shown} "
        f"| {100 * cell['width']:.2f} | {ratio} |"
    )


if __name__ == "__main__":
    print(
        "| design | true share, % | n | published, % | coverage, % | of the published, % | mean width, points | of exact |"
    )
    print("|---|---|---|---|---|---|---|---|")
    failed = misses(table(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
    print("\n".join(failed) or "every published cell is within its bounds")
    sys.exit(1 if failed else 0)
