"""Recalibrated weights and the weighting report of a study in miniature, from margins to the command that prints them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from mini_study import MiniStudy, build_mini_study

from orchestration.cli import main
from orchestration.deliveries import land_all, write_register
from orchestration.quality.dbt_results import dbt_checks
from orchestration.quality.flags import apply_flags, blocking_failures
from orchestration.registry import load_registry, validate_registry
from orchestration.registry.load import Row
from orchestration.warehouse.audit import weights_spread_within_bound
from orchestration.warehouse.build import BuildResult, build

pytestmark = pytest.mark.slow


def margins(wave: str, concept: str, **counts: str) -> list[Row]:
    return [
        {
            "wave_id": wave,
            "instrument_id": "office_holders",
            "concept_id": concept,
            "code": code,
            "population_n": number,
            "source": "register",
        }
        for code, number in counts.items()
    ]


#: 60 councillors of weight 0.5 and 60 aldermen of 1.5 in each wave; one respondent of 2020, a councillor, has no age.
MARGINS = [
    *margins("mini_2020", "age_class", tot_45="50", vanaf_45="50"),
    *margins("mini_2020", "gender", man="55", vrouw="45"),
    *margins("mini_2022", "role", raadslid="400", wethouder="600"),
]


@dataclass(frozen=True)
class Built:
    """The study with its warehouse."""

    study: MiniStudy
    result: BuildResult

    def rows(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.study.settings.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Built:
    study = build_mini_study(tmp_path_factory.mktemp("weighting"))
    study.edit_registry("weighting_margins", lambda rows: [*rows, *MARGINS])
    rounding = load_registry(project_root / "dbt_project" / "seeds").table("rounding_rules")
    study.edit_registry("rounding_rules", lambda rows: rounding)
    assert validate_registry(study.registry()) == []
    land_all(study.settings)
    write_register(study.settings)
    result = build(study.settings)
    assert [check.observed for check in dbt_checks(result) if not check.passed] == []
    return Built(study, result)


def test_a_margin_of_one_concept_is_arithmetic(built: Built):
    """Of a sum of 120 councillors have 30 and are to have 48."""
    rows = built.rows(
        """
        select weight, recalibrated_weight, count(*) from estimates.est_recalibrated_weights
        where wave_id = 'mini_2022' and fault is null group by all order by 1
        """
    )
    assert [row[2] for row in rows] == [60, 60]
    assert [row[1] for row in rows] == pytest.approx([0.8, 1.2], rel=1e-10)


def test_the_report_says_how_weights_spread_before_and_after(built: Built):
    rows = built.rows(
        """
        select respondents_n, weight_sum, weight_min, weight_max, weight_mean, weight_cv, largest_over_median,
            kish_design_effect, effective_n, heaviest_hundredth_share, factor_min, factor_max, at_bound_n
        from estimates.est_weighting where wave_id = 'mini_2022' order by weight_kind
        """
    )
    # Two of 120 are the heaviest hundredth. cv is the half of the difference over the mean.
    assert rows[0][:10] == pytest.approx((120, 120, 0.5, 1.5, 1, 0.5, 1.5, 1.25, 96, 3 / 120), rel=1e-10)
    assert rows[0][10:] == (None, None, None)
    recalibrated = (120, 120, 0.8, 1.2, 1, 0.2, 1.2, 1.04, 120 / 1.04, 2.4 / 120, 0.8, 1.6, 0)
    assert rows[1] == pytest.approx(recalibrated, rel=1e-10)


def test_two_margins_are_met_and_who_gave_no_answer_keeps_the_weight(built: Built):
    rows = built.rows(
        """
        select concept_id || '=' || code, population_share, recalibrated_share, unanswered_n, unanswered_share,
            unanswered_recalibrated_share
        from estimates.est_weighting_margins where wave_id = 'mini_2020' order by 1
        """
    )
    assert [row[0] for row in rows] == [
        "age_class=tot_45",
        "age_class=vanaf_45",
        "gender=man",
        "gender=vrouw",
    ]
    assert [row[2] for row in rows] == pytest.approx([0.5, 0.5, 0.55, 0.45], rel=1e-10)
    assert [row[1] for row in rows] == [0.5, 0.5, 0.55, 0.45]
    assert [row[3] for row in rows] == [1, 1, 0, 0]
    for row in rows:
        assert row[5] == pytest.approx(row[4], rel=1e-10)
        assert row[4] == pytest.approx(0.5 / 120 if row[3] else 0)


def test_shares_before_are_those_of_the_sample(built: Built):
    rows = built.rows(
        """
        select population_n, respondents_n, unweighted_share, delivered_share, recalibrated_share
        from estimates.est_weighting_margins where wave_id = 'mini_2022' order by code
        """
    )
    assert rows[0] == pytest.approx((400, 60, 0.5, 0.25, 0.4), rel=1e-10)
    assert rows[1] == pytest.approx((600, 60, 0.5, 0.75, 0.6), rel=1e-10)


def test_the_effect_on_a_headline_is_the_difference_of_two_estimates(built: Built):
    """Victims are the rows 0, 3, 4, 6, 8 and 9 of each twelve; row 11 of all did not answer one of the questions."""
    rows = built.rows(
        """
        select population_id, delivered_estimate, recalibrated_estimate, difference, effects.delivered_estimate = cells.estimate
        from estimates.est_weighting_effects as effects
        inner join core.dim_domain as domains using (population_id)
        inner join estimates.est_cells as cells using (wave_id, indicator_id, domain_id)
        where wave_id = 'mini_2022' and domains.breakdown_id = 'total'
        """
    )
    estimates = {row[0]: row[1:] for row in rows}
    # Councillors (odd rows): 2 of 6 are victims, and row 11 stays out of 60; aldermen (even rows): 4 of 6.
    assert estimates["raadsleden"] == pytest.approx((20 / 59, 20 / 59, 0, True), abs=1e-10)
    assert estimates["wethouders"] == pytest.approx((40 / 60, 40 / 60, 0, True), abs=1e-10)
    before = (20 * 0.5 + 40 * 1.5) / (59 * 0.5 + 60 * 1.5)
    after = (20 * 0.8 + 40 * 1.2) / (59 * 0.8 + 60 * 1.2)
    assert estimates["politieke_ambtsdragers"] == pytest.approx(
        (before, after, after - before, True), rel=1e-10
    )


def test_estimates_are_made_with_the_delivered_weight(built: Built):
    """The recalibrated weight stands beside it: the marts know nothing of it."""
    rows = built.rows(
        """
        select distinct estimate from marts.mart_trend where indicator_id = 'victim_any_12m' and breakdown_id = 'total'
            and population_id = 'politieke_ambtsdragers'
        """
    )
    assert rows == [(pytest.approx(100 * (20 * 0.5 + 40 * 1.5) / (59 * 0.5 + 60 * 1.5), rel=1e-10),)]


def test_the_command_prints_the_report(built: Built, monkeypatch, capsys):
    monkeypatch.setenv("PEILSTOK_HOME", str(built.study.settings.home))
    assert main(["weights", "--wave", "mini_2022"]) == 0
    told = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    delivered = "mini_2022 office_holders delivered 120 120 0.500 1.500 0.500 1.50 1.250 96 2.5 %"
    recalibrated = (
        "mini_2022 office_holders recalibrated 120 120 0.800 1.200 0.200 1.20 1.040 115 2.0 % 0.800-1.600 0"
    )
    assert told[1:3] == [delivered, recalibrated]
    assert "Raadslid 60 40.00 50.00 25.00 40.00" in told
    moved = next(line for line in told if line.startswith("mini_2022 victim_any_12m politieke_ambtsdragers"))
    assert moved.split()[3:6] == ["58.6", "53.7", "-4.89"]
    assert main(["weights", "--wave", "mini_2018"]) == 2
    assert "wave 'mini_2018' is not in the warehouse; there: mini_2020, mini_2022" in capsys.readouterr().err


def test_the_report_needs_a_warehouse(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PEILSTOK_HOME", str(tmp_path / "home"))
    assert main(["weights"]) == 2
    assert capsys.readouterr().err.endswith("warehouse.duckdb yet; run `peilstok refresh`\n")


def test_weights_that_spread_beyond_the_bound_are_flagged_with_the_number(built: Built):
    def judged(bound: str):
        with duckdb.connect() as connection:
            connection.execute(f"attach '{built.study.settings.warehouse}' as built (read_only)")
            connection.execute("create schema estimates; create schema registry")
            connection.execute("create view estimates.est_weighting as from built.estimates.est_weighting")
            connection.execute(
                "create table registry.estimation_policies as select 'weight_spread_flag' as policy_id, ? as value",
                [bound],
            )
            return weights_spread_within_bound(connection)

    calm = judged("1.25000001")
    assert (calm.passed, calm.observed) == (True, "at most 1.25 in 2 samples")
    raised = judged("1.2")
    assert (raised.passed, raised.observed) == (
        False, "mini_2020/office_holders: 1.25; mini_2022/office_holders: 1.25",
    )  # fmt: skip
    # The registry decides: with an owner and a date it is a flag, without it blocks.
    row = {
        "check_id": raised.check,
        "severity": "flag",
        "owner": "o",
        "expires_on": "2999-12-31",
        "reason": "r",
    }
    (flagged,) = apply_flags([raised], [row])
    assert (flagged.severity, blocking_failures([flagged])) == ("flag", [])
    assert blocking_failures([raised]) == [raised]


def test_margins_that_cannot_be_met_fail_the_build_and_are_named(built: Built):
    """Last, because it builds the tables of the report anew: with an upper bound of 1.5 councillors cannot come to 48."""
    built.study.edit_registry(
        "estimation_policies",
        lambda rows: [
            {**row, "value": "1.5"} if row["policy_id"] == "recalibration_upper" else row for row in rows
        ],
    )
    result = build(
        built.study.settings,
        select=["estimation_policies", "est_recalibrated_weights+1", "assert_margins_are_met"],
    )
    failed = [check for check in dbt_checks(result) if not check.passed]
    assert [check.check for check in failed] == ["assert_margins_are_met"]
    assert failed[0].severity == "error"
    assert failed[0].observed == (
        "1 rows: wave_id=mini_2022, instrument_id=office_holders, fault=role = raadslid is wanted at 1.6 times "
        "its delivered weight, and 1.5 times is as near as bounds of 0.3 and 1.5 allow"
    )
    [(without,)] = built.rows(
        "select count(*) from estimates.est_recalibrated_weights where recalibrated_weight is null"
    )
    assert without == 120
