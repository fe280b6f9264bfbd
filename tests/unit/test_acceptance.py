"""Proposed rows count nowhere: not in the registry that checks go by, its hash, or the SQL of the models."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mini_study import MiniStudy, build_mini_study

from orchestration.registry import TABLES
from orchestration.registry.acceptance import open_proposals
from orchestration.registry.places import place
from orchestration.settings import PROJECT_ROOT

WAVE = "mini_2022"


@pytest.fixture
def study(tmp_path: Path) -> MiniStudy:
    return build_mini_study(tmp_path)


def propose(study: MiniStudy, table: str, **which: str) -> None:
    column = TABLES[table].status_column

    def change(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in rows:
            if all(row[name] == value for name, value in which.items()):
                row[column] = "proposed"
        return rows

    study.edit_registry(table, change)


def test_without_proposals_it_is_the_registry_itself(study: MiniStudy):
    registry = study.registry()
    assert registry.accepted() is registry


def test_a_proposed_mapping_takes_its_codes_along_and_keeps_lines_and_hash(study: MiniStudy):
    before = study.registry()
    propose(study, "xw_variables", wave_id=WAVE, source_variable="V1")
    with_proposal = study.registry()
    counting = with_proposal.accepted()
    for table in ("xw_variables", "xw_values"):
        assert not [r for r in counting.table(table) if (r["wave_id"], r["source_variable"]) == (WAVE, "V1")]
    rows = counting.table("xw_values")
    last = len(rows) - 1
    assert place(counting, "xw_values", last) == place(
        before, "xw_values", before.table("xw_values").index(rows[last])
    )
    assert with_proposal.hash != before.hash
    study.edit_registry("xw_variables", lambda rows: [r for r in rows if r["status"] == "accepted"])
    study.edit_registry(
        "xw_values", lambda rows: [r for r in rows if (r["wave_id"], r["source_variable"]) != (WAVE, "V1")]
    )
    assert counting.hash == study.registry().hash, "a proposal changes nothing that is published"


def test_rows_about_a_proposed_wave_wait_with_it(study: MiniStudy):
    propose(study, "waves", wave_id=WAVE)
    counting = study.registry().accepted()
    assert counting.waiting == {WAVE}
    assert not any(row.get("wave_id") == WAVE for rows in counting.tables.values() for row in rows)


def test_the_least_sure_is_named_by_its_variable_and_line(study: MiniStudy):
    unsure = {"status": "proposed", "score": "0.6"}

    def propose(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [
            row | unsure if (row["wave_id"], row["source_variable"]) == (WAVE, "V1") else row for row in rows
        ]

    study.edit_registry("xw_variables", propose)
    study.edit_registry("xw_values", propose)
    registry = study.registry()
    said = {problem.file.split(":")[0]: problem for problem in open_proposals(registry, [WAVE])}
    line = said["crosswalk/xw_variables.csv"].file.split(":")[1]
    assert (
        f"the least sure: office_holders/V1 on line {line} (0.6)"
        in said["crosswalk/xw_variables.csv"].message
    )
    assert "office_holders/V1 code 1 on line" in said["crosswalk/xw_values.csv"].message


def test_models_read_these_tables_without_their_proposed_rows():
    tables = {name: table.status_column for name, table in TABLES.items() if table.status_column}
    project = PROJECT_ROOT / "dbt_project"
    files = [path for part in ("models", "macros", "tests") for path in (project / part).rglob("*.sql")]
    read = 0
    for path in files:
        text = path.read_text(encoding="utf-8")
        for found in re.finditer(r"(accepted\()?ref\('(\w+)'\)(, '(\w+)')?", text):
            if found.group(2) in tables:
                read += 1
                assert found.group(1), f"{path.name} reads proposed rows of {found.group(2)}"
                assert (found.group(4) or "status") == tables[found.group(2)], path.name
    assert read >= 12
