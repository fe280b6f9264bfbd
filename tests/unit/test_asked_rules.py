"""A question is put to every file that holds members of a population, or to none of them."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from mini_study import MiniStudy, build_mini_study

from orchestration.deliveries import Problem, land_all
from orchestration.registry import compare_landing, validate_registry
from orchestration.registry.load import Row

WAVE = "mini_2020"


@pytest.fixture
def study(tmp_path: Path) -> MiniStudy:
    return build_mini_study(tmp_path)


def told(study: MiniStudy, variable: str, *invited: str) -> list[Problem]:
    """What is said when the wave came in two files, and the second, of these populations, lacks a variable."""
    response = [{"population": name, "invited": 120} for name in invited]
    files = study.manifests[WAVE]["files"]
    files.append({**copy.deepcopy(files[0]), "file_id": "nieuw", "path": "nieuw.sav", "response": response})
    study.write_manifest(WAVE)
    study.write_answers(WAVE, "nieuw.sav", drop=(variable,), RESPNR=[float(5000 + row) for row in range(120)])
    study.lock(WAVE)

    def of_first_file(row: Row) -> list[Row]:
        if (row["wave_id"], row["source_variable"]) != (WAVE, variable):
            return [row]
        left_out = {**row, "file_id": "nieuw", "source_variable": "", "source_label": "", "verb": "not_asked"}
        return [{**row, "file_id": "ambtsdragers"}, left_out]

    study.edit_registry("xw_variables", lambda rows: [new for row in rows for new in of_first_file(row)])
    land_all(study.settings)
    registry = study.registry()
    assert validate_registry(registry) == []
    return compare_landing(registry, study.settings.landing)


def councillors_only(study: MiniStudy) -> None:
    rule = {"base_id": "victims", "concept_id": "role", "code": "raadslid"}
    study.edit_registry("base_rules", lambda rows: [rule, *rows])


def test_a_question_of_one_of_two_files_is_told_once(study: MiniStudy):
    (problem,) = told(study, "V2", "wethouders")
    assert (problem.kind, problem.exit_code, problem.wave_id) == ("question_of_some_files", 1, WAVE)
    assert problem.message == (
        "victim_threat is asked in ambtsdragers and not in nieuw, and both hold members of politieke_ambtsdragers, "
        "wethouders: victim_threat_12m would be of a part of them"
    )
    assert problem.file.startswith("crosswalk/xw_variables.csv:")
    assert "map the variable that asks it in nieuw" in problem.remedy


@pytest.mark.parametrize("variable", ["V1", "V3"])
def test_what_goes_into_an_indicator_and_its_base_counts_too(study: MiniStudy, variable: str):
    """V1 is one of two forms of aggression, which have no indicator of their own but are in the base of victims."""
    assert [problem.kind for problem in told(study, variable, "raadsleden")] == ["question_of_some_files"]


def test_a_file_of_which_everybody_is_outside_the_base_is_not_missed(study: MiniStudy):
    councillors_only(study)
    assert told(study, "V3", "wethouders") == []


def test_a_file_with_some_members_of_the_base_is_missed(study: MiniStudy):
    councillors_only(study)
    assert [problem.kind for problem in told(study, "V3", "raadsleden", "wethouders")] == [
        "question_of_some_files"
    ]


def test_a_whole_beside_its_part_says_nothing_of_its_own(study: MiniStudy):
    councillors_only(study)
    assert told(study, "V3", "politieke_ambtsdragers", "wethouders") == []


@pytest.mark.parametrize(
    ("variable", "invited"),
    [
        ("SEXE", ["raadsleden"]),  # a breakdown: who has no answer is in none of its cells
        ("V2", []),  # the manifest does not say whom the file holds; the build will
    ],
)
def test_what_no_figure_misses(study: MiniStudy, variable: str, invited: list[str]):
    assert told(study, variable, *invited) == []
