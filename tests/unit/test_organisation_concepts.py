"""What registry/organisation_concepts.csv may say, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from mini_registry import write_registry, write_table

from orchestration.deliveries import Problem
from orchestration.registry import load_registry, validate_registry


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
    assert {problem.kind for problem in said(root, *rows)} == ({kind} if kind else set())
