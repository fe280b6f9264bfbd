"""Waves of one panel: the covariance of their estimates, against R's ``survey`` and against known populations.

The schools of ``apistrat`` and ``apiclus1`` have a score for 1999 and one for 2000, so that each is a panel of
two waves. Expected values are those of R 4.2, survey 4.1, for the difference itself:

    d <- update(design, change = api00 - api99, over = 100 * ((api00 > 700) - (api99 > 700)))
    svymean(~change, d); svymean(~over, d); svymean(~over, subset(d, awards == "Yes"))
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from estimator_alone import CELL_MODELS, PANEL_MODELS, Estimator

SCORES = {"w1": "api99", "w3": "api00"}
#: Sample, with population sizes or not -> difference and standard error of score, share, and share with an award.
DIFFERENCES = {
    ("apistrat", True): [
        (32.8925183753596, 2.0511124077106),
        (9.86890531629092, 2.37114117045206),
        (14.6827471694247, 3.5897485210485),
    ],
    ("apistrat", False): [
        (32.8925183753596, 2.07820712254422),
        (9.86890531629092, 2.40110645644073),
        (14.6827471694247, 3.6337554503635),
    ],
    ("apiclus1", True): [
        (37.1912568306011, 3.08519696689945),
        (12.568306010929, 3.50692914267391),
        (16.9230769230769, 3.90561322587064),
    ],
    ("apiclus1", False): [
        (37.1912568306011, 3.11622554140861),
        (12.568306010929, 3.54219918000678),
        (16.9230769230769, 3.94489292576762),
    ],
}
CELLS = [("score", "all"), ("over", "all"), ("over", "award")]
COMPARABILITY = {"population_id": "p", "segment_id": "s"}


def panel(
    folder: Path, sample: str, has_sizes: bool, waves: dict[str, str] = SCORES, **policies: str
) -> Estimator:
    """An estimator with each wave's sample of the same schools."""
    schools = pd.read_csv(folder / f"{sample}.csv")
    estimator = Estimator(**policies)
    for number, (wave, score) in enumerate(waves.items()):
        frame = pd.DataFrame({"respondent_key": np.arange(len(schools)) + 1000 * number, "wave_id": wave})
        frame["weight"] = schools.pw
        frame["panel_key"] = schools.cds.astype(str)
        frame["stratum"] = schools.stype if sample == "apistrat" else "all"
        if sample == "apiclus1":
            frame["psu"] = schools.dnum.astype(str)
        if has_sizes:
            frame["psu_population"] = schools.fpc.astype(float)
        estimator.add_sample(frame)
        estimator.add_domain("all", frame.respondent_key)
        estimator.add_domain("award", frame.respondent_key[schools.awards == "Yes"])
        estimator.connection.execute("delete from dim_indicator")
        key = frame[["respondent_key"]]
        estimator.add_indicator("score", "mean", key.assign(value=schools[score]))
        estimator.add_indicator("over", "proportion", key.assign(value=(schools[score] > 700).astype(float)))
    estimator.load(
        "dim_domain", {"domain_id": ["all", "award"], "population_id": "p", "breakdown_id": "total"}
    )
    return estimator


def changes(estimator: Estimator, to: str = "w3", since: str = "w1") -> pd.DataFrame:
    """The changes between two waves, by indicator and domain."""
    names = ["score", "over"]
    estimator.load(
        "est_comparability",
        {"indicator_id": names, **COMPARABILITY, "wave_id": to, "comparable_wave_id": since},
    )
    table = estimator.run((*CELL_MODELS, *PANEL_MODELS, "est_changes"))
    return table.set_index(["indicator_id", "domain_id"])


@pytest.mark.parametrize(("sample", "has_sizes"), DIFFERENCES)
def test_the_change_of_a_whole_panel_is_that_of_r(
    sample: str, has_sizes: bool, reference_folder: Callable
) -> None:
    table = changes(panel(reference_folder("r_survey"), sample, has_sizes))
    for cell, (change, error) in zip(CELLS, DIFFERENCES[sample, has_sizes], strict=True):
        factor = 100 if cell[0] == "over" else 1
        assert table.loc[cell, "change"] * factor == pytest.approx(change, rel=1e-10)
        assert table.loc[cell, "change_standard_error"] * factor == pytest.approx(error, rel=1e-10)
    # Each unit counts once: 200 schools less three strata; fifteen districts less one.
    assert table.loc[("score", "all"), "change_df"] <= {"apistrat": 197, "apiclus1": 14}[sample]
    summed = changes(panel(reference_folder("r_survey"), sample, has_sizes, change_df="sum"))
    assert summed.loc[("score", "all"), "change_df"] == {"apistrat": 197, "apiclus1": 14}[sample]


def test_a_trend_over_a_panel_takes_its_covariances(reference_folder: Callable) -> None:
    """In evenly spaced waves the slope is half the change from the first to the third."""
    waves = {"w1": "api99", "w2": "target", "w3": "api00"}
    estimator = panel(reference_folder("r_survey"), "apistrat", True, {**waves, "w2": "api99"})
    estimator.load(
        "est_comparability",
        {"indicator_id": "score", **COMPARABILITY, "wave_id": list(waves), "year": [2010, 2011, 2012]},
    )
    trends = estimator.run((*CELL_MODELS, *PANEL_MODELS, "est_trends")).set_index("domain_id")
    change, error = DIFFERENCES["apistrat", True][0]
    assert trends.loc["all", "slope"] == pytest.approx(change / 2, rel=1e-10)
    assert trends.loc["all", "standard_error"] == pytest.approx(error / 2, rel=1e-10)
    assert trends.loc["all", "degrees_of_freedom"] == 197


def test_without_a_panel_the_waves_are_independent(reference_folder: Callable) -> None:
    estimator = panel(reference_folder("r_survey"), "apistrat", True)
    estimator.connection.execute("update sample set panel_key = null")
    table = changes(estimator)
    assert estimator.table("est_panel_covariances").empty
    assert table.loc[("score", "all"), "shared_units_n"] == 0
    errors = (
        estimator.table("est_cells").query("indicator_id == 'score' and domain_id == 'all'").standard_error
    )
    assert table.loc[("score", "all"), "change_standard_error"] == pytest.approx(
        np.sqrt((errors**2).sum()), rel=1e-12
    )


def test_members_are_recognised_by_stratum_and_key_and_nobody_else_is_shared(
    reference_folder: Callable,
) -> None:
    estimator = panel(reference_folder("r_survey"), "apistrat", False)
    # Of 200 schools one left the panel, one has no key, and one moved to a stratum of its own.
    for key, change in ((1000, "panel_key = 'new'"), (1001, "panel_key = null"), (1002, "stratum = 'X'")):
        estimator.connection.execute(f"update sample set {change} where respondent_key = {key}")
    table = changes(estimator)
    assert table.loc[("score", "all"), "shared_units_n"] == 197


def test_a_lone_unit_of_a_panel_follows_its_policy(reference_folder: Callable) -> None:
    folder = reference_folder("r_survey")

    def errors(policy: str) -> pd.Series:
        estimator = panel(folder, "apistrat", False, lonely_psu=policy)
        # The first school is a stratum by itself, in both waves.
        estimator.connection.execute("update sample set stratum = 'lone' where respondent_key in (0, 1000)")
        return changes(estimator).change_standard_error

    adjust, certainty = errors("adjust"), errors("certainty")
    assert adjust[("score", "all")] > certainty[("score", "all")]
    assert errors("fail")[:, "all"].isna().all()
    assert errors("average")[:, "all"].isna().all(), (
        "what a lone unit shares is not known from the other strata"
    )
    # R: options(survey.lonely.psu = "adjust" | "certainty"), the same difference.
    assert adjust[("score", "all")] == pytest.approx(LONE["adjust"], rel=1e-10)
    assert certainty[("score", "all")] == pytest.approx(LONE["certainty"], rel=1e-10)


LONE = {"adjust": 2.07661995966446, "certainty": 2.07564975668884}


@pytest.mark.parametrize("overlap", [0, 100, 200])
def test_the_error_of_a_rotating_panel_is_that_of_repeated_samples(overlap: int) -> None:
    """400 pairs of samples of 200 from a population of 1,000 whose values in the two waves correlate 0.8."""
    random = np.random.default_rng(31)
    size, n, pairs = 1000, 200, 400
    first = random.normal(50, 10, size)
    second = 52 + 0.8 * (first - 50) + random.normal(0, 6, size)
    samples = []
    for pair in range(pairs):
        drawn = random.permutation(size)
        for wave, units in (("w1", drawn[:n]), ("w2", drawn[n - overlap : 2 * n - overlap])):
            values = (first if wave == "w1" else second)[units]
            key = units.astype(str)
            samples.append(
                pd.DataFrame(
                    {
                        "wave_id": f"{wave}/{pair:03d}",
                        "instrument_id": str(pair),
                        "panel_key": key,
                        "value": values,
                    }
                )
            )
    frame = pd.concat(samples, ignore_index=True).assign(weight=size / n, psu_population=float(size))
    frame["respondent_key"] = np.arange(len(frame))
    estimator = Estimator()
    estimator.add_sample(frame)
    estimator.add_domain("d", frame.respondent_key)
    estimator.add_indicator("i", "mean", frame[["respondent_key", "value"]])
    estimator.load("dim_domain", {"domain_id": ["d"], "population_id": ["p"], "breakdown_id": ["total"]})
    names = [f"{pair:03d}" for pair in range(pairs)]
    estimator.load(
        "est_comparability",
        {"indicator_id": "i", "population_id": "p", "wave_id": [f"w2/{name}" for name in names],
         "comparable_wave_id": [f"w1/{name}" for name in names]},
    )  # fmt: skip
    table = estimator.run((*CELL_MODELS, *PANEL_MODELS, "est_changes"))
    assert len(table) == pairs
    found, estimated = table.change.std(), np.sqrt((table.change_standard_error**2).mean())
    # The standard deviation of 400 draws is known to about 3.5 %.
    assert estimated == pytest.approx(found, rel=0.12)
    independent = np.sqrt((first.var() + second.var()) * (1 - n / size) / n)
    if overlap:
        assert estimated < 0.9 * independent
    else:
        assert estimated == pytest.approx(independent, rel=0.02)
