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
    waves = {"w1": "api99", "w2": "api99", "w3": "api00"}
    estimator = panel(reference_folder("r_survey"), "apistrat", True, waves)
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


def test_a_lone_unit_of_known_population_shares_what_was_not_sure_to_be_drawn() -> None:
    """R: the differences of 31 schools, strata of 1 of 2 and 30 of 300, options(survey.lonely.psu = "adjust")."""
    random = np.random.default_rng(5)
    frames = []
    for wave in ("w1", "w2"):
        frame = pd.DataFrame({"wave_id": wave, "panel_key": [str(key) for key in range(31)]})
        frame["stratum"] = ["lone", *["rest"] * 30]
        frame["psu_population"] = [2.0, *[300.0] * 30]
        frame["weight"] = [2.0, *[10.0] * 30]
        frame["value"] = random.normal(5, 1, 31)
        frames.append(frame)
    table = two_waves(frames)
    weight, population = frames[0].weight, np.array([2.0, 300.0])
    z = weight * (
        (frames[1].value - np.average(frames[1].value, weights=weight))
        - (frames[0].value - np.average(frames[0].value, weights=weight))
    )
    z = z / weight.sum()
    rest = z[1:]
    variance = (1 - 1 / population[0]) * z[0] ** 2
    variance += (1 - 30 / population[1]) * 30 / 29 * ((rest - rest.mean()) ** 2).sum()
    assert table.loc["all", "change_standard_error"] == pytest.approx(np.sqrt(variance), rel=1e-10)


def two_waves(frames: list[pd.DataFrame], statistic: str = "mean", **policies: str) -> pd.DataFrame:
    """The change between two waves, by domain: everybody, and those ``in_domain`` where a frame says so."""
    estimator = Estimator(**policies)
    for place, frame in enumerate(frames):
        frame = frame.assign(respondent_key=np.arange(len(frame)) + 10_000 * place)
        estimator.add_sample(frame)
        estimator.add_domain("all", frame.respondent_key)
        if "in_domain" in frame:
            estimator.add_domain("some", frame.respondent_key[frame.in_domain])
        estimator.connection.execute("delete from dim_indicator")
        columns = [name for name in ("respondent_key", "value", "denominator") if name in frame]
        estimator.add_indicator("i", statistic, frame[columns])
    estimator.load(
        "dim_domain", {"domain_id": ["all", "some"], "population_id": "p", "breakdown_id": "total"}
    )
    estimator.load(
        "est_comparability",
        {"indicator_id": ["i"], **COMPARABILITY, "wave_id": "w2", "comparable_wave_id": "w1"},
    )
    return estimator.run((*CELL_MODELS, *PANEL_MODELS, "est_changes")).set_index("domain_id")


def rotating(statistic: str) -> list[pd.DataFrame]:
    """Two waves of 200 with 80 in common, two strata of known size, a domain that people enter and leave, some
    without a panel key and some without weight."""
    frames = []
    for wave, keys in (("w1", np.arange(200)), ("w2", np.arange(120, 330))):
        random = np.random.default_rng(keys[0])
        stratum = np.array(["a", "b"])[keys % 2]
        n = len(keys)
        frame = pd.DataFrame({"wave_id": wave, "weight": random.gamma(2, 1, n), "stratum": stratum})
        frame["value"] = np.random.default_rng(0).normal(5, 1, 1000)[keys] + random.normal(0, 0.3, n)
        frame["denominator"] = random.gamma(4, 1, n) if statistic == "ratio" else 1.0
        frame["in_domain"] = random.random(n) < 0.4
        frame["psu_population"] = np.where(stratum == "a", 700.0, 900.0)
        frame["panel_key"] = keys.astype(str)
        frame.loc[random.choice(n, 10, False), "panel_key"] = None
        frame.loc[random.choice(n, 10, False), "weight"] = 0.0
        frames.append(frame)
    return frames


def by_hand(frames: list[pd.DataFrame], statistic: str, domain: str) -> float:
    """The standard error of the change, term by term from the methodology page."""
    linearised = []
    for frame in frames:
        frame = frame[frame.weight > 0].copy()
        member = frame.in_domain.astype(float) if domain == "some" else 1.0
        if statistic == "total":
            frame["z"] = frame.weight * frame.value * member
        else:
            scale = (frame.weight * frame.denominator * member).sum()
            ratio = (frame.weight * frame.value * member).sum() / scale
            frame["z"] = frame.weight * member * (frame.value - ratio * frame.denominator) / scale
        linearised.append(frame)
    variance = 0.0
    for frame in linearised:
        for _, units in frame.groupby("stratum"):
            n, size = len(units), units.psu_population.iloc[0]
            variance += (1 - n / size) * n / (n - 1) * ((units.z - units.z.mean()) ** 2).sum()
    earlier, later = (frame.dropna(subset="panel_key") for frame in linearised)
    for stratum, shared in later.merge(earlier, on=["stratum", "panel_key"]).groupby("stratum"):
        n = [(frame.stratum == stratum).sum() for frame in linearised]
        common, size = len(shared), shared.psu_population_x.iloc[0]
        product = ((shared.z_x - shared.z_x.mean()) * (shared.z_y - shared.z_y.mean())).sum()
        variance -= 2 * (1 - n[0] * n[1] / (common * size)) * common / (common - 1) * product
    return np.sqrt(variance)


@pytest.mark.parametrize("statistic", ["mean", "total", "ratio"])
def test_a_rotating_panel_is_that_of_the_formula(statistic: str) -> None:
    frames = rotating(statistic)
    table = two_waves(frames, statistic)
    for domain in ("all", "some"):
        expected = by_hand(frames, statistic, domain)
        assert table.loc[domain, "change_standard_error"] == pytest.approx(expected, rel=1e-10)


def test_members_of_another_instrument_are_other_people() -> None:
    frames = rotating("mean")
    frames[1]["instrument_id"] = "elsewhere"
    assert two_waves(frames).loc["all", "shared_units_n"] == 0


def test_a_census_shares_no_error() -> None:
    frames = [frame.assign(psu_population=float((frame.weight > 0).sum())) for frame in rotating("mean")]
    for frame in frames:
        frame["stratum"] = "all"
    assert two_waves(frames).loc["all", "change_standard_error"] == 0
    sample = rotating("mean")[1].assign(stratum="all", psu_population=1000.0)
    table = two_waves([frames[0], sample])
    alone = two_waves([frames[0], sample.assign(panel_key=None)])
    assert table.loc["all", "change_standard_error"] == pytest.approx(
        alone.loc["all", "change_standard_error"], rel=1e-12
    )


def test_a_size_that_is_known_in_one_wave_only_leaves_an_error() -> None:
    frames = [frame.assign(stratum="all", psu_population=700.0) for frame in rotating("mean")]
    known = two_waves(frames).loc["all", "change_standard_error"]
    half = two_waves([frames[0], frames[1].drop(columns="psu_population")]).loc[
        "all", "change_standard_error"
    ]
    assert 0 < known < half


def test_clusters_with_one_label_and_nobody_in_common_are_not_shared() -> None:
    frames = []
    for wave in ("w1", "w2"):
        random = np.random.default_rng(len(frames))
        frame = pd.DataFrame({"wave_id": wave, "weight": 1.0, "psu": [str(key % 10) for key in range(60)]})
        frame["value"] = random.normal(5, 1, 60) + np.arange(60) % 10
        frame["panel_key"] = [f"{wave}/{key}" for key in range(60)]
        frames.append(frame)
    apart = two_waves(frames)
    assert apart.loc["all", "shared_units_n"] == 0
    # One member in common in three of the clusters: those three are the same clusters.
    frames[1].loc[[0, 1, 2], "panel_key"] = ["w1/0", "w1/1", "w1/12"]
    assert two_waves(frames).loc["all", "shared_units_n"] == 3


def test_what_is_not_known_of_one_wave_is_not_known_of_the_change() -> None:
    """One unit has no spread: no standard error, and never one of zero."""
    frames = rotating("mean")
    frames[1] = frames[1].head(1).assign(weight=1.0, psu_population=None, stratum="all", panel_key="x")
    table = two_waves(frames, lonely_psu="fail")
    assert np.isnan(table.loc["all", "change_standard_error"])
    assert table.loc["all", "change_direction"] == "not_tested"


def test_a_stratum_of_clusters_and_of_respondents_counts_both() -> None:
    """Six clusters of ten in one file, forty respondents in another, one stratum: 46 units."""
    random = np.random.default_rng(8)
    frame = pd.DataFrame({"respondent_key": np.arange(100), "wave_id": "w1", "weight": 1.0})
    frame["psu"] = [str(key // 10) if key < 60 else None for key in range(100)]
    values = random.normal(0, 1, 100) + np.where(np.arange(100) < 60, np.arange(100) // 10, 0)
    estimator = Estimator()
    estimator.add_sample(frame)
    estimator.add_domain("all", frame.respondent_key)
    estimator.add_indicator("i", "mean", frame[["respondent_key"]].assign(value=values))
    [cell] = estimator.run(CELL_MODELS).to_dict("records")
    z = pd.Series((values - values.mean()) / 100).groupby(
        frame.psu.fillna(frame.respondent_key.astype(str) + "r")
    )
    totals = z.sum()
    assert len(totals) == 46
    assert cell["degrees_of_freedom"] == 45
    assert cell["standard_error"] == pytest.approx(np.sqrt(46 / 45 * (totals**2).sum()), rel=1e-10)


@pytest.mark.parametrize("overlap", [100, 200])
def test_the_error_of_a_panel_is_that_of_repeated_samples(overlap: int) -> None:
    """2,000 pairs of samples of 200 from a population of 1,000 whose values in the two waves correlate 0.8."""
    random = np.random.default_rng(31)
    size, n, pairs = 1000, 200, 2000
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
                        "wave_id": f"{wave}/{pair:04d}",
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
    names = [f"{pair:04d}" for pair in range(pairs)]
    estimator.load(
        "est_comparability",
        {"indicator_id": "i", "population_id": "p", "wave_id": [f"w2/{name}" for name in names],
         "comparable_wave_id": [f"w1/{name}" for name in names]},
    )  # fmt: skip
    table = estimator.run((*CELL_MODELS, *PANEL_MODELS, "est_changes"))
    assert len(table) == pairs
    found, estimated = table.change.std(), np.sqrt((table.change_standard_error**2).mean())
    # The standard deviation of 2,000 draws is known to 1.6 %.
    assert estimated == pytest.approx(found, rel=0.05)
    independent = np.sqrt((first.var() + second.var()) * (1 - n / size) / n)
    assert estimated < 0.9 * independent
