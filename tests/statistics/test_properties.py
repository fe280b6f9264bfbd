"""What must hold of estimates whatever the sample: tried on random designs, seeded, so that a failure comes back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from estimator_alone import CELL_MODELS, PANEL_MODELS, Estimator

DESIGNS = range(12)


def random_sample(seed: int) -> pd.DataFrame:
    """Strata, mostly clusters, unequal weights, a share, a number and two domains that make up everyone."""
    random = np.random.default_rng(seed)
    n = int(random.integers(60, 400))
    strata = random.integers(0, random.integers(1, 6), n)
    frame = pd.DataFrame(
        {
            "respondent_key": np.arange(n),
            "weight": random.gamma(2.0, 1.0, n) + 0.05,
            "stratum": [f"s{stratum}" for stratum in strata],
            "share": (random.random(n) < random.uniform(0.02, 0.98)).astype(float),
            "amount": random.normal(random.uniform(-1e4, 1e4), random.uniform(0.1, 50), n),
            "size": random.gamma(3.0, 10.0, n) + 1,
            "domain": np.where(random.random(n) < random.uniform(0.1, 0.9), "a", "b"),
        }
    )
    if seed % 3:
        frame["psu"] = [f"{stratum}/{random.integers(0, 9)}" for stratum in strata]
    return frame


def estimate(frame: pd.DataFrame, models: tuple[str, ...] = CELL_MODELS, **policies: str) -> Estimator:
    estimator = Estimator(**policies)
    estimator.add_sample(frame)
    estimator.add_domain("everyone", frame.respondent_key)
    estimator.add_domain("everyone too", frame.respondent_key)
    for name, members in frame.groupby("domain"):
        estimator.add_domain(name, members.respondent_key)
    estimator.add_indicator("share", "proportion", frame.assign(value=frame.share))
    estimator.add_indicator("mean", "mean", frame.assign(value=frame.amount))
    estimator.add_indicator("total", "total", frame.assign(value=frame.amount))
    estimator.add_indicator("ratio", "ratio", frame.assign(value=frame.amount, denominator=frame["size"]))
    estimator.load("dim_contrast", {"contrast_id": ["ab"], "domain_id": ["a"], "other_domain_id": ["b"]})
    estimator.run(models)
    return estimator


def cells(estimator: Estimator) -> pd.DataFrame:
    return estimator.table("est_intervals").set_index(["indicator_id", "domain_id"]).sort_index()


FIGURES = ["estimate", "standard_error", "ci_low", "ci_high", "effective_n", "design_effect"]


def assert_same(one: pd.DataFrame, other: pd.DataFrame, columns: list[str] = FIGURES) -> None:
    pd.testing.assert_frame_equal(one[columns], other[columns], rtol=1e-9, atol=1e-11, check_dtype=False)


@pytest.mark.parametrize("seed", DESIGNS)
def test_the_scale_of_the_weights_moves_totals_and_nothing_else(seed: int) -> None:
    frame = random_sample(seed)
    one, other = cells(estimate(frame)), cells(estimate(frame.assign(weight=frame.weight * 1234.5)))
    rest = ["share", "mean", "ratio"]
    assert_same(one.loc[rest], other.loc[rest])
    assert_same(one.loc[["total"]] * 1, other.loc[["total"]].assign(**{
        name: other.loc[["total"], name] / 1234.5 for name in ("estimate", "standard_error", "ci_low", "ci_high")
    }), ["estimate", "standard_error", "ci_low", "ci_high"])  # fmt: skip


@pytest.mark.parametrize("seed", DESIGNS)
def test_the_order_and_the_keys_of_respondents_do_not_matter(seed: int) -> None:
    frame = random_sample(seed)
    keys = np.random.default_rng(seed + 1000).permutation(len(frame))
    shuffled = frame.assign(respondent_key=keys + 7).sort_values("respondent_key")
    assert_same(cells(estimate(frame)), cells(estimate(shuffled)))


@pytest.mark.parametrize("seed", DESIGNS)
def test_domains_add_up_to_everyone(seed: int) -> None:
    table = cells(estimate(random_sample(seed)))
    total = table.loc["total", "estimate"]
    assert total["a"] + total["b"] == pytest.approx(total["everyone"], rel=1e-9, abs=1e-6)
    assert table.loc["share", "weight_total"][["a", "b"]].sum() == pytest.approx(
        table.loc["share", "weight_total"]["everyone"]
    )


@pytest.mark.parametrize("seed", DESIGNS)
def test_errors_and_intervals_stay_where_they_belong(seed: int) -> None:
    table = cells(estimate(random_sample(seed)))
    assert (table.standard_error.dropna() >= 0).all()
    shares = table.loc["share"]
    # Wald's interval ends nowhere by itself; that of a share is bounded by other means.
    bounds = shares[
        [c for c in shares if c.endswith(("_low", "_high")) and not c.startswith(("wald", "bounded"))]
    ]
    assert ((bounds.fillna(0.5) >= 0) & (bounds.fillna(0.5) <= 1)).all(axis=None)
    known = table.dropna(subset=["ci_low"])
    assert (known.ci_low <= known.estimate).all()
    assert (known.estimate <= known.ci_high).all()


def jackknife(frame: pd.DataFrame, statistic) -> float:
    """Variance by leaving out one unit at a time (JKn): the judge knows nothing of linearisation."""
    units = frame.get("psu", frame.respondent_key)
    full, variance = statistic(frame.weight), 0.0
    for _, stratum in frame.groupby("stratum"):
        names = units[stratum.index].unique()
        for name in names:
            weight = frame.weight.copy()
            inside = frame.stratum == stratum.stratum.iloc[0]
            weight[inside] *= len(names) / (len(names) - 1)
            weight[units == name] = 0
            variance += (len(names) - 1) / len(names) * (statistic(weight) - full) ** 2
    return variance


@pytest.mark.parametrize("seed", DESIGNS)
def test_the_sql_agrees_with_a_jackknife(seed: int) -> None:
    frame = random_sample(seed)
    units = frame.get("psu", frame.respondent_key)
    alone = frame.groupby("stratum").apply(lambda part: units[part.index].nunique() < 2, include_groups=False)
    frame = frame[~frame.stratum.map(alone)].reset_index(drop=True)
    table = cells(estimate(frame))
    for domain in ("everyone", "a"):
        member = pd.Series(1.0, frame.index) if domain == "everyone" else (frame.domain == domain) * 1.0
        total = jackknife(frame, lambda w, m=member: (w * m * frame.amount).sum())
        # A total is linear: the two are the same number.
        assert table.loc["total", domain].standard_error ** 2 == pytest.approx(total, rel=1e-8)
        for indicator, y, x in (
            ("share", frame.share, 1.0),
            ("mean", frame.amount, 1.0),
            ("ratio", frame.amount, frame["size"]),
        ):
            judged = jackknife(frame, lambda w, m=member, y=y, x=x: (w * m * y).sum() / (w * m * x).sum())
            ours = table.loc[indicator, domain].standard_error ** 2
            # The jackknife of a ratio is larger by terms of the order of one over the number of units.
            assert ours == pytest.approx(judged, rel=0.35), (indicator, domain)


@pytest.mark.parametrize("seed", DESIGNS)
def test_a_contrast_agrees_with_a_jackknife(seed: int) -> None:
    frame = random_sample(seed)
    units = frame.get("psu", frame.respondent_key)
    alone = frame.groupby("stratum").apply(lambda part: units[part.index].nunique() < 2, include_groups=False)
    frame = frame[~frame.stratum.map(alone)].reset_index(drop=True)
    contrasts = (
        estimate(frame, (*CELL_MODELS, "est_contrasts")).table("est_contrasts").set_index("indicator_id")
    )
    a, b = (frame.domain == "a") * 1.0, (frame.domain == "b") * 1.0
    total = jackknife(frame, lambda w: (w * a * frame.amount).sum() - (w * b * frame.amount).sum())
    assert contrasts.standard_error["total"] ** 2 == pytest.approx(total, rel=1e-8)
    share = jackknife(
        frame,
        lambda w: (w * a * frame.share).sum() / (w * a).sum() - (w * b * frame.share).sum() / (w * b).sum(),
    )
    assert contrasts.standard_error["share"] ** 2 == pytest.approx(share, rel=0.35)


def test_a_census_has_no_error_and_says_so() -> None:
    frame = random_sample(3).drop(columns="psu", errors="ignore")
    frame["psu_population"] = frame.groupby("stratum").respondent_key.transform("size")
    table = cells(estimate(frame))
    assert (table.loc["share", "ci_method"] == "census").all()
    assert (table.loc["share", "standard_error"] == 0).all()
    assert (table.loc["share", "ci_low"] == table.loc["share", "estimate"]).all()


def test_a_finite_population_makes_the_error_smaller_by_its_root() -> None:
    frame = random_sample(3).drop(columns="psu", errors="ignore").assign(stratum="one")
    wide, half = estimate(frame), estimate(frame.assign(psu_population=2 * len(frame)))
    ratio = cells(half).standard_error / cells(wide).standard_error
    assert ratio.loc[["mean", "total", "ratio"]].tolist() == pytest.approx([0.5**0.5] * 12, rel=1e-12)


def test_a_missing_value_leaves_no_estimate_behind() -> None:
    frame = random_sample(4)
    frame.loc[5, "amount"] = np.nan
    table = cells(estimate(frame))
    assert table.loc["mean", "estimate"][["everyone", frame.domain[5]]].isna().all()
    assert table.loc["mean", "standard_error"][["everyone", frame.domain[5]]].isna().all()
    assert (table.loc["mean", "ci_method"][["everyone", frame.domain[5]]] == "none").all()
    assert table.loc["share", "estimate"].notna().all()


def test_digits_survive_a_large_offset() -> None:
    """The textbook form of the variance loses them all."""
    frame = random_sample(5)
    near, far = cells(estimate(frame)), cells(estimate(frame.assign(amount=frame.amount + 1e9)))
    assert far.loc["mean", "standard_error"].tolist() == pytest.approx(
        near.loc["mean", "standard_error"].tolist(), rel=1e-6
    )


def change(adjustment: str, df: str = "satterthwaite") -> pd.DataFrame:
    """Five indicators in two waves of a random sample each."""
    estimator = Estimator(multiple_testing=adjustment, change_df=df)
    random = np.random.default_rng(11)
    for wave in (1, 2):
        keys = np.arange(300) + 1000 * wave
        estimator.add_sample(
            pd.DataFrame({"respondent_key": keys, "wave_id": f"w{wave}", "weight": 1.0, "stratum": keys % 3})
        )
        estimator.add_domain("d", pd.Series(keys))
        for number in range(5):
            values = (random.random(300) < 0.3 + 0.02 * number * wave).astype(float)
            estimator.connection.execute("delete from dim_indicator where indicator_id = ?", [f"i{number}"])
            estimator.add_indicator(
                f"i{number}", "proportion", pd.DataFrame({"respondent_key": keys, "value": values})
            )
    estimator.load("dim_domain", {"domain_id": ["d"], "population_id": ["p"], "breakdown_id": ["total"]})
    names = [f"i{number}" for number in range(5)]
    estimator.load(
        "est_comparability",
        {"indicator_id": names, "population_id": "p", "wave_id": "w2", "comparable_wave_id": "w1"},
    )
    return (
        estimator.run((*CELL_MODELS, *PANEL_MODELS, "est_changes"))
        .sort_values("p_value")
        .reset_index(drop=True)
    )


def test_holm_and_benjamini_hochberg_are_those_of_their_papers() -> None:
    table = change("holm")
    p, m = table.p_value.to_numpy(), len(table)
    assert m == 5
    holm = np.minimum(1, np.maximum.accumulate((m - np.arange(m)) * p))
    hochberg = np.minimum(1, np.minimum.accumulate((m / np.arange(1, m + 1) * p)[::-1])[::-1])
    assert table.p_holm.tolist() == pytest.approx(holm.tolist(), rel=1e-12)
    assert table.p_benjamini_hochberg.tolist() == pytest.approx(hochberg.tolist(), rel=1e-12)
    assert table.p_adjusted.tolist() == table.p_holm.tolist()
    other = change("benjamini_hochberg")
    assert other.p_adjusted.tolist() == other.p_benjamini_hochberg.tolist()


def test_degrees_of_freedom_of_a_change_follow_the_policy() -> None:
    assert change("holm", "sum").change_df.tolist() == [594.0] * 5
    satterthwaite = change("holm").change_df
    assert ((satterthwaite > 297) & (satterthwaite <= 594)).all()


def test_a_linear_trend_is_that_of_least_squares() -> None:
    estimator = Estimator()
    estimator.load("dim_domain", {"domain_id": ["d"], "population_id": ["p"]})
    years, shares, errors = [2014, 2016, 2020, 2022], [0.2, 0.26, 0.3, 0.41], [0.01, 0.02, 0.015, 0.01]
    waves = [f"w{year}" for year in years]
    estimator.load(
        "est_comparability",
        {"indicator_id": "i", "population_id": "p", "wave_id": waves, "year": years, "segment_id": "s"},
    )
    estimator.load(
        "est_cells",
        {"indicator_id": "i", "domain_id": "d", "wave_id": waves, "estimate": shares,
         "standard_error": errors, "degrees_of_freedom": [100, 200, 300, 400], "is_census": False},
    )  # fmt: skip
    estimator.load(
        "est_panel_covariances",
        {"wave_id": ["w2016"], "earlier_wave_id": "elsewhere", "indicator_id": "i", "domain_id": "d",
         "covariance": 1.0, "shared_units_n": 1, "is_unknown": False},
    )  # fmt: skip
    [trend] = estimator.run(("est_trends",)).to_dict("records")
    assert (trend["from_year"], trend["to_year"], trend["waves_n"]) == (2014, 2022, 4)
    assert trend["slope"] == pytest.approx(np.polyfit(years, shares, 1)[0], rel=1e-9)
    c = (np.array(years) - 2018) / ((np.array(years) - 2018) ** 2).sum()
    assert trend["standard_error"] == pytest.approx(np.sqrt((c**2 * np.array(errors) ** 2).sum()), rel=1e-9)
    assert 300 < trend["degrees_of_freedom"] < 1000
    assert trend["p_value"] < 1e-6


def two_waves(first: tuple[int, int], second: tuple[int, int], **population: float) -> pd.DataFrame:
    """The change of a share between two waves of so many yes of so many."""
    estimator = Estimator()
    for wave, (yes, n) in enumerate((first, second), 1):
        keys = np.arange(n) + 1000 * wave
        frame = pd.DataFrame({"respondent_key": keys, "wave_id": f"w{wave}", "weight": 1.0})
        if f"w{wave}" in population:
            frame["psu_population"] = population[f"w{wave}"]
        estimator.add_sample(frame)
        estimator.add_domain("d", pd.Series(keys))
        estimator.connection.execute("delete from dim_indicator")
        values = pd.DataFrame({"respondent_key": keys, "value": (np.arange(n) < yes).astype(float)})
        estimator.add_indicator("i", "proportion", values)
    estimator.load("dim_domain", {"domain_id": ["d"], "population_id": ["p"], "breakdown_id": ["total"]})
    estimator.load(
        "est_comparability",
        {"indicator_id": ["i"], "population_id": "p", "wave_id": "w2", "comparable_wave_id": "w1"},
    )
    return estimator.run((*CELL_MODELS, *PANEL_MODELS, "est_changes"))


def test_nobody_in_a_small_wave_is_no_certainty_to_test_against() -> None:
    """Linearisation gives 0 of 30 an error of zero; Fisher's exact p of 0/30 against 5/60 is 0.16."""
    [change] = two_waves((0, 30), (5, 60)).to_dict("records")
    assert change["change_direction"] == "not_tested"
    assert np.isnan(change["p_value"])


def test_a_census_is_a_certainty_to_test_against() -> None:
    [change] = two_waves((0, 30), (25, 60), w1=30).to_dict("records")
    assert change["change_direction"] == "up"
    assert change["change_df"] == pytest.approx(59)


def test_a_mean_without_variation_has_no_interval() -> None:
    frame = random_sample(2).assign(amount=5.0)
    table = cells(estimate(frame))
    assert (table.loc["mean", "ci_method"] == "none").all()
    assert table.loc["mean", "ci_low"].isna().all()


def test_contrasts_count_shared_clusters_once() -> None:
    """Both domains in the same three clusters of forty: three units, one stratum."""
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"respondent_key": np.arange(400), "weight": 1.0, "psu": np.repeat(np.arange(40), 10)}
    )
    frame["value"] = (random.random(400) < 0.5).astype(float)
    estimator = Estimator()
    estimator.add_sample(frame.assign(psu=frame.psu.astype(str)))
    few = frame[frame.psu < 3]
    estimator.add_domain("a", few.respondent_key[::2])
    estimator.add_domain("b", few.respondent_key[1::2])
    estimator.add_indicator("i", "proportion", frame)
    estimator.load("dim_contrast", {"contrast_id": ["ab"], "domain_id": ["a"], "other_domain_id": ["b"]})
    [contrast] = estimator.run((*CELL_MODELS, "est_contrasts")).to_dict("records")
    assert contrast["degrees_of_freedom"] == 2


def test_a_sample_within_clusters_that_are_all_taken_is_no_census() -> None:
    random = np.random.default_rng(8)
    frame = pd.DataFrame(
        {"respondent_key": np.arange(50), "weight": 10.0, "psu": np.repeat(np.arange(10), 5)}
    )
    frame["value"] = (random.random(50) < 0.4).astype(float)
    estimator = Estimator()
    estimator.add_sample(frame.assign(psu=frame.psu.astype(str), psu_population=10.0, ssu_population=50.0))
    estimator.add_domain("all", frame.respondent_key)
    estimator.add_indicator("i", "proportion", frame)
    [cell] = estimator.run().to_dict("records")
    assert not cell["is_census"]
    assert cell["ci_low"] < cell["estimate"] < cell["ci_high"]


def test_an_interval_ends_where_the_figure_has_its_bound() -> None:
    """One organisation of four has reports: Wald goes below zero, and the others are as they were."""
    frame = pd.DataFrame({"respondent_key": np.arange(4), "weight": 1.0, "value": [8.0, 0.0, 0.0, 0.0]})
    estimator = Estimator()
    estimator.add_sample(frame)
    estimator.add_domain("all", frame.respondent_key)
    estimator.add_indicator("free", "total", frame)
    estimator.add_indicator("never_negative", "total", frame, bounds=(0.0, None))
    estimator.add_indicator("mean", "mean", frame, bounds=(0.0, 8.0))
    estimator.add_indicator("far_from_its_bounds", "mean", frame, bounds=(-90.0, 90.0))
    table = estimator.run().set_index("indicator_id")
    # t(0.975, 3) is 3.1824; the error of the total is 8, of the mean 2.
    assert table.loc["free", ["ci_method", "ci_low", "ci_high"]].tolist() == [
        "wald", pytest.approx(8 - 25.4596, abs=1e-4), pytest.approx(8 + 25.4596, abs=1e-4),
    ]  # fmt: skip
    assert table.loc["never_negative", ["ci_method", "ci_low", "ci_high"]].tolist() == [
        "wald_bounded", 0.0, table.loc["free", "ci_high"],
    ]  # fmt: skip
    assert table.loc["mean", ["ci_method", "ci_low", "ci_high"]].tolist() == ["wald_bounded", 0.0, 8.0]
    assert table.loc["far_from_its_bounds", "ci_method"] == "wald"
    assert table.standard_error.tolist() == [
        pytest.approx({"free": 8.0, "never_negative": 8.0}.get(name, 2.0)) for name in table.index
    ]
    assert (
        table.loc["never_negative", ["wald_low", "wald_high"]].tolist()
        == table.loc["free", ["ci_low", "ci_high"]].tolist()
    )
