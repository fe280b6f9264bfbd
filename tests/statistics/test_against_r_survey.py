"""The estimator against R's ``survey`` package, on R's own examples: every row of its answers, or why not.

The data are R's (apistrat, apisrs, apiclus1, apiclus2) and a year of NHANES; the answers were made with R 4.2.2,
survey 4.1-1, and lie in ../shared.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from estimator_alone import CELL_MODELS, Estimator
from scipy import stats

pytestmark = pytest.mark.conformance

RELATIVE, OF_SCALE = 1e-8, 1e-10

#: Design of R -> file, and the columns that are weight, stratum, units and population sizes.
DESIGNS = {
    "dsrs": ("apisrs", {"weight": "pw", "psu_population": "fpc"}),
    "dstrat": ("apistrat", {"weight": "pw", "stratum": "stype", "psu_population": "fpc"}),
    "dstrat_nofpc": ("apistrat", {"weight": "pw", "stratum": "stype"}),
    "dclus1": ("apiclus1", {"weight": "pw", "psu": "dnum", "psu_population": "fpc"}),
    "dclus1_nofpc": ("apiclus1", {"weight": "pw", "psu": "dnum"}),
    "dclus2": (
        "apiclus2",
        {"weight": "pw", "psu": "dnum", "psu_population": "fpc1", "ssu": "snum", "ssu_population": "fpc2"},
    ),
    "dclus2_wr": ("apiclus2", {"weight": "pw", "psu": "dnum"}),
}
NHANES = {"weight": "WTMEC2YR", "stratum": "SDMVSTRA", "psu": "SDMVPSU"}
LONE = "nhanes minus SDMVSTRA75/PSU2"

#: Rows of R that nothing here answers, each kind with its reason.
OUT_OF_SCOPE = {
    "likelihood": "an interval by the likelihood ratio is not among the methods",
    "asin": "an interval on the arcsine scale is not among the methods",
    "deff=TRUE": "R's deff is relative to sampling without replacement and depends on the scale of the weights",
    "svychisq": "a test of independence by Rao and Scott is not among the tests",
}


@dataclass(frozen=True)
class Answer:
    """One row of R's answers."""

    design: str
    stat: str
    domain: str
    name: str
    method: str
    estimate: float
    se: float
    ci_lo: float
    ci_hi: float
    df: float

    @property
    def reason(self) -> str:
        """Why the row is out of scope; empty when it is not."""
        return next((why for word, why in OUT_OF_SCOPE.items() if word in f"{self.stat} {self.method}"), "")


def number(text: str) -> float:
    return math.nan if text == "NA" else float(text)


def answers_of(folder: Path) -> list[Answer]:
    with (folder / "expected_r_survey.csv").open(encoding="utf-8", newline="") as stream:
        return [
            Answer(
                row["design"],
                row["stat"],
                row["domain"],
                row["name"],
                row["method"],
                *(number(row[name]) for name in ("estimate", "se", "ci_lo", "ci_hi", "df")),
            )
            for row in csv.DictReader(stream)
        ]


def keyed(frame: pd.DataFrame, design: dict[str, str]) -> pd.DataFrame:
    return frame.assign(
        respondent_key=range(len(frame)), **{name: frame[column] for name, column in design.items()}
    )


def with_everyone(frame: pd.DataFrame, **policies: str) -> Estimator:
    estimator = Estimator(**policies)
    estimator.add_sample(frame)
    estimator.add_domain("all", frame.respondent_key)
    estimator.load(
        "dim_contrast", {"contrast_id": ["ttest"], "domain_id": ["Yes"], "other_domain_id": ["No"]}
    )
    return estimator


def schools(folder: Path, design: str) -> Estimator:
    """One of R's designs on the schools of California, with its statistics as indicators."""
    file, columns = DESIGNS[design]
    frame = keyed(pd.read_csv(folder / f"{file}.csv"), columns)
    estimator = with_everyone(frame)
    for column in ("stype", "comp.imp"):
        for value, members in frame.groupby(column):
            estimator.add_domain(value, members.respondent_key)
    values = frame.assign(value=frame.api00)
    estimator.add_indicator("api00", "mean", values)
    estimator.add_indicator("gain", "mean", frame.assign(value=frame.api00 - frame.api99))
    # R was told to leave schools of unknown size out of the total, and was not told so for the ratio.
    estimator.add_indicator("enroll", "total", frame.assign(value=frame.enroll).dropna(subset="enroll"))
    estimator.add_indicator(
        "api.stu/enroll", "ratio", frame.assign(value=frame["api.stu"], denominator=frame.enroll)
    )
    estimator.add_indicator("sch.wide", "proportion", frame.assign(value=(frame["sch.wide"] == "Yes") * 1.0))
    for kind in "EHM":
        estimator.add_indicator(f"stype{kind}", "proportion", frame.assign(value=(frame.stype == kind) * 1.0))
    estimator.run((*CELL_MODELS, "est_contrasts"))
    return estimator


def cholesterol(folder: Path, drop_a_unit: bool = False, **policies: str) -> Estimator:
    """NHANES with its strata and clusters; without one unit of stratum 75 the other stands alone."""
    frame = pd.read_csv(folder / "nhanes.csv")
    if drop_a_unit:
        frame = frame[~((frame.SDMVSTRA == 75) & (frame.SDMVPSU == 2))].reset_index(drop=True)
    frame = keyed(frame, NHANES)
    estimator = with_everyone(frame, **policies)
    for (race, age), members in frame.groupby(["race", "agecat"]):
        estimator.add_domain(f"race={race},agecat={age}", members.respondent_key)
    known = frame.assign(value=frame.HI_CHOL).dropna(subset="value")
    estimator.add_indicator("HI_CHOL", "proportion", known)
    estimator.run(CELL_MODELS)
    return estimator


def cell_of(answer: Answer, tables: dict[str, dict]) -> dict:
    """Our figures for a row of R."""
    cells = tables["est_intervals"]
    if answer.design.startswith("nhanes"):
        return cells["HI_CHOL", answer.domain if answer.domain.startswith("race") else "all"]
    if answer.stat.startswith("svyby"):
        return cells["sch.wide", answer.domain.removeprefix("stype=")]
    if answer.stat.startswith("svyciprop"):
        return cells["sch.wide", "all"]
    if "difference" in answer.stat:
        return cells["gain", "all"]
    return cells[answer.name, "all"]


def interval_of(answer: Answer, cell: dict) -> tuple[float, float]:
    """Our interval by the method of the row, with R's degrees of freedom where those are of the full design."""
    method = "korn_graubard" if "beta" in answer.stat or answer.method == "beta" else ""
    method = method or ("logit" if answer.method in ("logit", "xlogit") or "logit" in answer.stat else "wald")
    if method != "wald" or answer.df == cell["degrees_of_freedom"]:
        return cell[f"{method}_low"], cell[f"{method}_high"]
    t = stats.norm.ppf(0.975) if math.isnan(answer.df) else stats.t.ppf(0.975, answer.df)
    return cell["estimate"] - t * cell["standard_error"], cell["estimate"] + t * cell["standard_error"]


def korn_graubard(cell: dict, rows: int) -> tuple[float, float]:
    """The interval with the rows of the whole design for n, as R counts them, those without an answer too."""
    p, df = cell["estimate"], cell["degrees_of_freedom"]
    n = (
        p
        * (1 - p)
        / cell["standard_error"] ** 2
        * (stats.t.ppf(0.975, rows - 1) / stats.t.ppf(0.975, df)) ** 2
    )
    return stats.beta.ppf(0.025, n * p, n * (1 - p) + 1), stats.beta.ppf(0.975, n * p + 1, n * (1 - p))


def differs(ours: float, theirs: float, scale: float) -> bool:
    if math.isnan(theirs):
        return ours is not None and not math.isnan(ours)
    return ours is None or abs(ours - theirs) > max(RELATIVE * abs(theirs), OF_SCALE * scale)


def tables_of(estimator: Estimator) -> dict[str, dict]:
    tables = {}
    for name in ("est_intervals", "est_contrasts"):
        if estimator.connection.execute(
            "select 1 from duckdb_tables() where table_name = ?", [name]
        ).fetchone():
            key = "contrast_id" if name == "est_contrasts" else "domain_id"
            rows = estimator.table(name).to_dict("records")
            tables[name] = {(row["indicator_id"], row[key]): row for row in rows}
    return tables


@pytest.fixture(scope="module")
def reference(reference_folder: Callable) -> Path:
    return reference_folder("r_survey")


def faults(answers: list[Answer], tables: dict[str, dict]) -> list[str]:
    found = []
    for answer in answers:
        place = f"{answer.design} {answer.stat} {answer.domain} {answer.name} {answer.method}"
        if answer.stat.startswith("svyttest"):
            contrast = tables["est_contrasts"]["api00", "ttest"]
            difference = number(answer.method.rsplit("diff=", 1)[1])
            pairs = {
                "t": (contrast["difference"] / contrast["standard_error"], answer.estimate),
                "diff": (contrast["difference"], difference),
            }
            # R prints twelve digits of the difference, and its interval is on the degrees of freedom less one.
            t = stats.t.ppf(0.975, answer.df)
            pairs["ci_lo"] = (contrast["difference"] - t * contrast["standard_error"], answer.ci_lo)
            pairs["ci_hi"] = (contrast["difference"] + t * contrast["standard_error"], answer.ci_hi)
            scale = abs(difference)
        else:
            cell = cell_of(answer, tables)
            low, high = interval_of(answer, cell)
            pairs = {
                "estimate": (cell["estimate"], answer.estimate),
                "se": (cell["standard_error"], answer.se),
            }
            if not math.isnan(answer.ci_lo) or math.isnan(answer.estimate):
                pairs |= {"ci_lo": (low, answer.ci_lo), "ci_hi": (high, answer.ci_hi)}
            scale = 1.0 if math.isnan(answer.estimate) else max(abs(answer.estimate), 1e-3)
        found += [
            f"{place}: {name} is {ours}, R has {theirs}"
            for name, (ours, theirs) in pairs.items()
            if differs(ours, theirs, scale)
        ]
    return found


@pytest.mark.parametrize("design", DESIGNS)
def test_the_schools_of_california(design: str, reference: Path) -> None:
    answers = [answer for answer in answers_of(reference) if answer.design == design and not answer.reason]
    assert len(answers) == 16
    assert faults(answers, tables_of(schools(reference, design))) == []


def test_nhanes(reference: Path) -> None:
    answers = [answer for answer in answers_of(reference) if answer.design == "nhanes"]
    assert len(answers) == 19
    tables = tables_of(cholesterol(reference))
    cell = tables["est_intervals"]["HI_CHOL", "all"]
    ours = cell["korn_graubard_low"], cell["korn_graubard_high"]
    # R counts persons whose cholesterol was not measured in the n of this interval, which here is of the base.
    assert korn_graubard(cell, int(cell["respondents_n"])) == pytest.approx(ours, rel=1e-12)
    rows = sum(1 for _ in (reference / "nhanes.csv").open(encoding="utf-8")) - 1
    assert rows > cell["respondents_n"]
    cell["korn_graubard_low"], cell["korn_graubard_high"] = korn_graubard(cell, rows)
    assert faults(answers, tables) == []


@pytest.mark.parametrize("policy", ["certainty", "adjust", "average"])
def test_a_stratum_with_one_unit_follows_its_policy(policy: str, reference: Path) -> None:
    # R has "remove" and "certainty" as two names for no contribution.
    names = {policy, "remove"} if policy == "certainty" else {policy}
    answers = [answer for answer in answers_of(reference) if answer.design == LONE and answer.domain in names]
    assert len(answers) == len(names)
    assert faults(answers, tables_of(cholesterol(reference, drop_a_unit=True, lonely_psu=policy))) == []


def test_a_stratum_with_one_unit_has_no_error_under_the_policy_fail(reference: Path) -> None:
    cells = tables_of(cholesterol(reference, drop_a_unit=True, lonely_psu="fail"))["est_intervals"]
    assert math.isnan(cells["HI_CHOL", "all"]["standard_error"])
    assert cells["HI_CHOL", "all"]["ci_method"] == "none"
    assert cells["HI_CHOL", "all"]["lone_strata_n"] == 1


def test_every_row_is_compared_or_out_of_scope_for_a_reason(reference: Path) -> None:
    answers = answers_of(reference)
    assert len(answers) == 163
    assert {answer.design for answer in answers} == {*DESIGNS, "nhanes", LONE}
    left_out = [answer for answer in answers if answer.reason]
    # Two intervals, a design effect and a test of independence for each of seven designs.
    assert len(left_out) == 4 * len(DESIGNS)
