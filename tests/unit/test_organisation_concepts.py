"""What registry/organisation_concepts.csv may say, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from mini_registry import write_registry, write_table

from orchestration.deliveries import Problem
from orchestration.registry import load_registry, validate_registry
from orchestration.registry.study_rules import STUDY_RULES
from orchestration.settings import load_settings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_registry(tmp_path)
    return tmp_path


def said(root: Path, *rows: tuple[str, str, str]) -> list[Problem]:
    """What validation says of these parts, concepts and codes."""
    names = ("part", "concept_id", "code")
    write_table(
        root,
        "organisation_concepts",
        [{**dict(zip(names, row, strict=True)), "reason": "r"} for row in sorted(rows)],
    )
    return validate_registry(load_registry(root))


def test_an_answer_makes_an_organisation_a_municipality(root: Path):
    assert said(root, ("municipality", "role", "raadslid")) == []
    (problem,) = said(root, ("municipality", "role", "raadslit"))
    assert (problem.kind, problem.file) == (
        "organisation_code_unknown",
        "registry/organisation_concepts.csv:2",
    )
    assert "did you mean 'raadslid'" in problem.message
    assert problem.remedy == "give one of raadslid, wethouder"


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([("total", "incident_count", "")], ""),
        ([("total", "role", "")], "organisation_total"),
        ([("type", "gender", ""), ("type", "role", "")], "organisation_part_twice"),
        # The side that answers is one of those that the type of an organisation can be.
        ([("answered_by", "victim_verbal", "raadslid"), ("type", "role", "")], ""),
        ([("answered_by", "victim_verbal", "raadslid"), ("type", "gender", "")], "organisation_code_unknown"),
        ([("answered_by", "victim_verbal", "raadslid")], "organisation_code_unknown"),
    ],
)
def test_numbers_add_up_sides_exist_and_each_other_part_is_told_once(
    root: Path, rows: list[tuple[str, str, str]], kind: str
):
    kinds = {problem.kind for problem in said(root, *rows)} - {"organisation_side_undecided"}
    assert kinds == ({kind} if kind else set())


TYPE = ("type", "role", "")


def sides(root: Path, *rows: tuple[str, str, str]) -> list[Problem]:
    return [problem for problem in said(root, *rows) if problem.kind.startswith("organisation_side")]


def test_whose_answer_counts_is_declared_of_all_that_the_sides_are_asked(root: Path):
    undecided = {problem.message.split()[0]: problem for problem in sides(root, TYPE)}
    assert {"victim_verbal", "victim_threat"} < undecided.keys()
    assert undecided.keys() & {"role", "gender"} == set(), "neither the type itself nor a breakdown"
    problem = undecided["victim_verbal"]
    assert "add answered_by,victim_verbal,<type>,<reason>" in problem.remedy
    assert problem.file.startswith("crosswalk/xw_variables.csv:")
    one = ("answered_by", "victim_verbal", "raadslid")
    each = [("answered_by_each", name, "") for name in undecided if name != "victim_verbal"]
    assert sides(root, TYPE, one, *each) == []
    assert sides(root) == [], "without a type there are no sides"


def test_whose_answer_counts_is_declared_once(root: Path):
    one, each = ("answered_by", "victim_verbal", "raadslid"), ("answered_by_each", "victim_verbal", "")
    twice = [problem for problem in sides(root, TYPE, one, each) if problem.kind == "organisation_side_twice"]
    assert [problem.file for problem in twice] == ["registry/organisation_concepts.csv:3"]
    assert (
        "registry/organisation_concepts.csv:2 says whose answer to victim_verbal counts, too"
        in twice[0].message
    )


def test_each_side_is_no_side_of_its_own(root: Path):
    [problem] = [
        one
        for one in said(root, TYPE, ("answered_by_each", "victim_verbal", "raadslid"))
        if "names one" in one.message
    ]
    assert problem.kind == "organisation_code_unknown"


@pytest.mark.parametrize(
    ("files", "is_asked_of_every_side"),
    [(("griffiers",), False), (("griffiers", "secretarissen"), True), (("",), True)],
)
def test_what_only_the_file_of_one_side_asks_needs_no_decision(
    files: tuple[str, ...], is_asked_of_every_side: bool
):
    registry = load_registry(load_settings({}).registry)
    rows = [dict(row) for row in registry.table("xw_variables")]
    like = next(
        row for row in rows if row["wave_id"] == "vi_2018" and row["concept_id"] == "aggression_protocol"
    )
    rows = [row for row in rows if row["concept_id"] != "aggression_protocol"]
    rows += [{**like, "file_id": file} for file in files]
    decided = [
        row for row in registry.table("organisation_concepts") if row["concept_id"] != "aggression_protocol"
    ]
    tables = {**registry.tables, "xw_variables": rows, "organisation_concepts": decided}
    told = [
        one
        for rule in STUDY_RULES
        for one in rule(replace(registry, tables=tables))
        if one.kind == "organisation_side_undecided"
    ]
    assert bool(told) is is_asked_of_every_side
