"""Who is in the base of a figure and who is not, and why: together the sample, in every cell."""

from __future__ import annotations

import copy
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from mini_study import MiniStudy, answers, build_mini_study

from orchestration.deliveries import land_all, write_register
from orchestration.quality.dbt_results import dbt_checks
from orchestration.registry import load_registry
from orchestration.warehouse.build import build

pytestmark = pytest.mark.slow

WAVE = "mini_2020"
CHECK = "assert_base_and_excluded_are_the_sample"
WHOLE_CHECK = "assert_a_population_is_asked_whole_or_not_at_all"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> MiniStudy:
    """One respondent of weight zero, the first."""
    made = build_mini_study(tmp_path_factory.mktemp("base"))
    weights = answers()["WEEG"].tolist()
    made.write_answers(WAVE, WEEG=[0.0, *weights[1:]])
    made.lock(WAVE)
    land_all(made.settings)
    write_register(made.settings)
    rounding = load_registry(project_root / "dbt_project" / "seeds").table("rounding_rules")
    made.edit_registry("rounding_rules", lambda rows: rounding)
    result = build(made.settings)
    assert [check.observed for check in dbt_checks(result) if not check.passed] == []
    assert CHECK in {check.check for check in dbt_checks(result)}
    return made


def account(study: MiniStudy, indicator: str, population: str = "politieke_ambtsdragers") -> dict[str, int]:
    with duckdb.connect(str(study.settings.warehouse), read_only=True) as connection:
        return dict(
            connection.execute(
                """
                select reason, respondents_n from estimates.est_base_account
                inner join core.dim_domain using (domain_id)
                where wave_id = ? and indicator_id = ? and population_id = ? and breakdown_id = 'total'
                """,
                [WAVE, indicator, population],
            ).fetchall()
        )


def test_the_account_says_who_is_left_out_and_why(study: MiniStudy):
    frame = answers().iloc[1:]
    threat = frame["V2"].map({1.0: "in_base", 2.0: "in_base", 9.0: "dont_know"}).fillna("system")
    assert account(study, "victim_threat_12m") == {**Counter(threat), "weight_zero": 1}
    is_victim = (frame["V1"] == 1) | (frame["V2"] == 1)
    discussed = frame["V3"].map({1.0: "in_base", 2.0: "in_base", 9.0: "dont_know"}).fillna("system")
    assert account(study, "incident_discussed_share") == {
        **Counter(discussed[is_victim]),
        "outside_base": int((~is_victim).sum()),
        "weight_zero": 1,
    }


def test_parts_have_accounts_of_their_own(study: MiniStudy):
    frame = answers().iloc[1:]
    for population, role in (("raadsleden", 1.0), ("wethouders", 2.0)):
        found = account(study, "victim_any_12m", population)
        found.pop("weight_zero", None)
        assert sum(found.values()) == int((frame["FUNCTIE"] == role).sum())


def test_a_file_that_asks_less_is_accounted_for_and_stops_the_build(tmp_path: Path):
    """The second file asks neither form of aggression, so nothing tells who of it is in the base of victims."""
    made = build_mini_study(tmp_path)
    files = made.manifests[WAVE]["files"]
    files.append({**copy.deepcopy(files[0]), "file_id": "nieuw", "path": "nieuw.sav", "response": []})
    made.write_manifest(WAVE)
    made.write_answers(WAVE, "nieuw.sav", V2=2.0, RESPNR=[float(5000 + row) for row in range(120)])
    made.lock(WAVE)

    def of_one_file(row: dict[str, str]) -> list[dict[str, str]]:
        if row["wave_id"] != WAVE or row["source_variable"] not in ("V1", "V2"):
            return [row]
        left_out = {**row, "file_id": "nieuw", "source_variable": "", "source_label": "", "verb": "not_asked"}
        return [{**row, "file_id": "ambtsdragers"}, left_out]

    made.edit_registry("xw_variables", lambda rows: [new for row in rows for new in of_one_file(row)])
    made.take_rounding_rules()
    land_all(made.settings)
    write_register(made.settings)
    result = build(made.settings)
    found = [check for check in dbt_checks(result) if not check.passed and check.observed != "skipped"]
    assert len(found) == 1, found
    (failed,) = found
    assert (failed.check, failed.severity) == (WHOLE_CHECK, "error")
    # Three indicators, of the whole and of both of its parts.
    assert failed.observed.startswith("9 rows: wave_id=mini_2020, ")
    one_file = answers()
    discussed = one_file["V3"].map({1.0: "in_base", 2.0: "in_base", 9.0: "dont_know"})
    is_victim = (one_file["V1"] == 1) | (one_file["V2"] == 1)
    assert account(made, "incident_discussed_share") == {
        **Counter(discussed[is_victim]),
        "outside_base": int((~is_victim).sum()),
        "not_asked": 120,
    }


def test_a_cell_that_lost_a_respondent_fails_the_build_and_is_named(study: MiniStudy):
    """Last, because it spoils the warehouse."""
    with duckdb.connect(str(study.settings.warehouse)) as connection:
        connection.execute(
            """
            update estimates.est_cells set respondents_n = respondents_n - 1
            where wave_id = 'mini_2022' and indicator_id = 'victim_any_12m' and domain_id in (
                select domain_id from core.dim_domain where population_id = 'wethouders' and breakdown_id = 'total'
            )
            """
        )
    result = build(study.settings, select=["est_base_account", CHECK])
    (failed,) = [check for check in dbt_checks(result) if not check.passed]
    assert failed.check == CHECK
    assert failed.severity == "error"
    assert failed.observed.startswith(
        "1 rows: sample_n=60, accounted_n=59, wave_id=mini_2022, indicator_id=victim_any_12m"
    )
