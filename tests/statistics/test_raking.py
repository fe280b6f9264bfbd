"""Raking with bounds: against R's ``survey``, by its properties, and with margins as the registry gives them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from orchestration.statistics.raking import UnmetMargins, rake
from orchestration.statistics.recalibration import RESULT, recalibrate

LOWER, UPPER = 0.85, 1.25
TOTALS = {"E": 4394.0, "H": 900.0, "M": 900.0, "No": 1194.0, "Yes": 5000.0}

#: First weight of each kind of school in apistrat, R 4.2.2 with survey 4.1-1:
#:   des <- svydesign(id = ~1, weights = ~pw, data = read.csv("apistrat.csv"))
#:   calibrate(des, ~stype + sch.wide, c(`(Intercept)` = 6194, stypeH = 900, stypeM = 900, sch.wideYes = 5000),
#:             calfun = "raking", bounds = c(0.85, 1.25), epsilon = 1e-13, maxit = 500)
CALIBRATED_BY_R = {
    ("E", "No"): 49.634445190429943,
    ("E", "Yes"): 43.376813113034402,
    ("H", "No"): 18.875000476837126,
    ("H", "Yes"): 17.192307252150346,
    ("M", "No"): 19.619332122802660,
    ("M", "Yes"): 17.306000518798861,
}
#:   rake(des, list(~stype, ~sch.wide), list(data.frame(stype = c("E", "H", "M"), Freq = c(4394, 900, 900)),
#:        data.frame(sch.wide = c("No", "Yes"), Freq = c(1194, 5000))), control = list(epsilon = 1e-12, maxit = 1000))
RAKED_BY_R = {
    ("E", "No"): 49.032906542275782,
    ("E", "Yes"): 43.436305946359894,
    ("H", "No"): 19.135757682096958,
    ("H", "Yes"): 16.951608293469750,
    ("M", "No"): 19.563043783279404,
    ("M", "Yes"): 17.330124092886738,
}


def dummies(*columns: pd.Series) -> np.ndarray:
    return np.column_stack([(column == code) for column in columns for code in sorted(column.unique())]) * 1.0


@pytest.fixture(scope="module")
def schools(reference_folder: Callable) -> pd.DataFrame:
    return pd.read_csv(reference_folder("r_survey") / "apistrat.csv")


@pytest.mark.conformance
@pytest.mark.parametrize(
    ("bounds", "of_r", "tolerance"),
    [((LOWER, UPPER), CALIBRATED_BY_R, 1e-11), ((0.0, np.inf), RAKED_BY_R, 1e-10)],
)
def test_the_weights_are_those_of_r(schools: pd.DataFrame, bounds: tuple, of_r: dict, tolerance: float):
    indicators = dummies(schools.stype, schools["sch.wide"])
    raked = rake(schools.pw.to_numpy(), indicators, np.array(list(TOTALS.values())), *bounds)
    ours = schools.assign(raked=raked).groupby(["stype", "sch.wide"]).raked.first().to_dict()
    assert ours == pytest.approx(of_r, rel=tolerance)
    factors = raked / schools.pw
    if bounds == (LOWER, UPPER):
        assert (factors.min(), factors.max()) == pytest.approx((LOWER, UPPER), rel=1e-14)


# Properties


def samples(number: int):
    """Samples with three margins, some answers missing, and totals that weights within the bounds do meet."""
    for seed in range(number):
        random = np.random.default_rng(seed)
        n = int(random.integers(20, 800))
        weights = random.lognormal(0, 0.8, n)
        codes = [
            np.where(random.random(n) < 0.05, -1, random.integers(0, k, n)) for k in random.integers(2, 7, 3)
        ]
        columns = [np.ones(n)] + [(code == value) * 1.0 for code in codes for value in range(code.max() + 1)]
        indicators = np.column_stack([column for column in columns if column.any()])
        lower, upper = float(random.choice([0.3, 0.6, 0.9])), float(random.choice([1.2, 2, 3]))
        factors = np.clip(np.exp(indicators @ random.normal(0, 0.4, indicators.shape[1])), lower, upper)
        yield weights, indicators, (weights * factors) @ indicators, lower, upper, weights * factors


def test_margins_are_met_within_the_bounds_by_the_one_solution():
    cut = 0
    for weights, indicators, totals, lower, upper, solution in samples(150):
        raked = rake(weights, indicators, totals, lower, upper)
        assert np.abs(raked @ indicators / totals - 1).max() < 1e-10
        assert (raked / weights).min() >= lower * (1 - 1e-15)
        assert (raked / weights).max() <= upper * (1 + 1e-15)
        # The distance is strictly convex, so a weight of the right form that meets the totals is the only one.
        assert raked == pytest.approx(solution, rel=1e-8)
        cut += bool(((solution / weights == lower) | (solution / weights == upper)).any())
    assert cut > 100


def test_neither_the_scale_of_the_weights_nor_the_order_of_rows_matters():
    for number, (weights, indicators, totals, lower, upper, _) in enumerate(samples(25)):
        raked = rake(weights, indicators, totals, lower, upper)
        assert rake(weights * 1e4, indicators, totals * 1e4, lower, upper) / 1e4 == pytest.approx(
            raked, rel=1e-8
        )
        order = np.random.default_rng(number).permutation(len(weights))
        assert rake(weights[order], indicators[order], totals, lower, upper) == pytest.approx(
            raked[order], rel=1e-8
        )


def test_weights_that_meet_their_margins_stay_as_they_are():
    for weights, indicators, _, lower, upper, _ in samples(25):
        assert rake(weights, indicators, weights @ indicators, lower, upper) == pytest.approx(
            weights, rel=1e-13
        )


def test_without_bounds_it_is_iterative_proportional_fitting():
    for weights, indicators, totals, *_ in samples(8):
        fitted = weights.copy()
        for _ in range(2000):
            for column, total in zip(indicators.T, totals, strict=True):
                fitted[column > 0] *= total / (fitted @ column)
        assert rake(weights, indicators, totals) == pytest.approx(fitted, rel=1e-7)


def test_margins_that_say_the_same_thing_twice_change_nothing():
    weights, indicators, totals, lower, upper, _ = next(samples(1))
    twice = rake(
        weights, np.hstack([indicators, indicators[:, :3]]), np.append(totals, totals[:3]), lower, upper
    )
    assert twice == pytest.approx(rake(weights, indicators, totals, lower, upper), rel=1e-9)


def test_a_weight_of_zero_stays_zero():
    raked = rake(
        np.array([0.0, 1, 1, 2]), np.array([[1, 0], [1, 0], [0, 1], [0, 1]]), np.array([2.0, 2.0]), 0.5, 3
    )
    assert raked == pytest.approx([0, 2, 2 / 3, 4 / 3], rel=1e-12)


def test_what_no_weights_can_meet_is_refused_and_nothing_else_is():
    """Whether weights within the bounds exist at all is a linear programme, which HiGHS answers."""
    refused, met = 0, 0
    for seed, (weights, indicators, _, lower, upper, solution) in enumerate(samples(60)):
        # Beyond the bounds for some: the totals of another truth, one after which the sums still agree.
        random = np.random.default_rng(seed)
        stretched = (solution * np.exp(indicators @ random.normal(0, 0.1, indicators.shape[1]))) @ indicators
        possible = optimize.linprog(
            np.zeros(len(weights)),
            A_eq=(weights[:, None] * indicators).T,
            b_eq=stretched,
            bounds=(lower, upper),
        )
        if possible.status == 0:
            rake(weights, indicators, stretched, lower, upper)
            met += 1
            continue
        assert possible.status == 2
        with pytest.raises(UnmetMargins) as unmet:
            rake(weights, indicators, stretched, lower, upper)
        assert 0 <= unmet.value.column < len(stretched)
        refused += 1
    assert min(refused, met) > 10


@pytest.mark.parametrize(("lower", "upper"), [(1.0, 2.0), (0.5, 1.0), (-0.1, 2.0), (2.0, 0.5)])
def test_bounds_lie_about_one(lower: float, upper: float):
    with pytest.raises(ValueError, match="below one"):
        rake(np.ones(2), np.eye(2), np.ones(2), lower, upper)


# Margins of the registry

ROLES = {"raadslid": "80", "wethouder": "20"}


def margin(counts: dict[str, str], concept: str = "role") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "wave_id": "w_1",
            "instrument_id": "persons",
            "concept_id": concept,
            "code": list(counts),
            "population_n": list(counts.values()),
            "source": "register",
        }
    )


def answers(codes: list[str | None], weights: list[float], concept: str = "role") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "wave_id": "w_1",
            "instrument_id": "persons",
            "respondent_key": range(1, len(codes) + 1),
            "weight": weights,
            "concept_id": concept,
            "code": codes,
        }
    )


def test_whoever_gave_no_answer_keeps_the_share_of_the_weight():
    found = recalibrate(
        answers(["raadslid", "wethouder", "wethouder", None], [2, 1, 1, 6]), margin(ROLES), 0.3, 3
    ).to_pandas()
    # Of the four that answered four fifths are to be councillors; the sum of ten stays.
    assert found.recalibrated_weight.tolist() == pytest.approx([3.2, 0.4, 0.4, 6], rel=1e-12)
    assert found.weight.tolist() == [2, 1, 1, 6]
    assert found.fault.isna().all()


def test_two_margins_of_which_each_has_its_own_missing_answers():
    roles = answers(["raadslid", "wethouder", "raadslid", None], [1, 1, 1, 1])
    genders = answers(["man", "man", "vrouw", "vrouw"], [1, 1, 1, 1], "gender")
    both = pd.concat(
        [margin({"raadslid": "1", "wethouder": "1"}), margin({"man": "60", "vrouw": "40"}, "gender")]
    )
    found = recalibrate(pd.concat([roles, genders]), both, 0.1, 10).to_pandas().recalibrated_weight.to_numpy()
    # Councillors 1.5 of three, aldermen 1.5, no role 1; men 2.4 of four.
    assert found.tolist() == pytest.approx([0.9, 1.5, 0.6, 1], rel=1e-10)


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        (
            ["raadslid", "wethouder", "wethouder", "wethouder"],
            "role = wethouder is wanted at 0.2667 times its delivered weight, and 0.5 times is as near as bounds of 0.5 and 2 allow",
        ),
        (["wethouder"] * 4, "role = raadslid: nobody of positive weight gave this answer; leave its row out"),
        ([None] * 4, "role = raadslid: nobody of positive weight gave this answer; leave its row out"),
        (
            ["raadslid", "dijkgraaf", "wethouder", "burgemeester"],
            "role has answers that its margin lacks: burgemeester, dijkgraaf",
        ),
    ],
)
def test_what_cannot_be_met_is_named_and_gives_nobody_a_weight(codes: list, told: str):
    found = recalibrate(answers(codes, [1, 1, 1, 1]), margin(ROLES), 0.5, 2).to_pandas()
    assert set(found.fault) == {told}
    assert found.recalibrated_weight.isna().all()
    assert len(found) == 4


def test_margins_that_fit_one_by_one_and_not_together_are_named():
    roles = answers(["raadslid"] * 5 + ["wethouder"] * 5, [1] * 10)
    genders = answers(["man"] * 5 + ["vrouw"] * 5, [1] * 10, "gender")
    both = pd.concat(
        [margin({"raadslid": "60", "wethouder": "40"}), margin({"man": "40", "vrouw": "60"}, "gender")]
    )
    (told,) = set(recalibrate(pd.concat([roles, genders]), both, 0.5, 2).to_pandas().fault)
    assert " is wanted at 1.2 times its delivered weight" in told or "is wanted at 0.8 times" in told
    assert told.startswith(("role = ", "gender = "))


def test_without_margins_there_are_no_weights():
    assert recalibrate(answers([], []), margin({}), 0.3, 3).equals(RESULT.empty_table())
