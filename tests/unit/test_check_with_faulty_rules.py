"""`peilstok check` where the tables that steer it are themselves at fault: it says so, and does not stumble."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from mini_registry import write_table
from mini_study import MiniStudy, build_mini_study
from rich.console import Console

from orchestration.commands.check import check
from orchestration.registry import load_registry
from orchestration.registry.load import Row

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"


@pytest.fixture
def study(tmp_path: Path) -> MiniStudy:
    return build_mini_study(tmp_path)


def checked(study: MiniStudy, table: str, change: Callable[[dict[str, Row]], object]) -> tuple[int, str]:
    """Exit code and output of `check` when a table of the project, changed, stands in the miniature registry."""
    rows = [dict(row) for row in load_registry(SEEDS).table(table)]
    change({row[next(iter(row))]: row for row in rows})
    write_table(study.settings.registry, table, rows)
    text = io.StringIO()
    code = check(study.settings, Console(file=text, width=200))
    return code, text.getvalue()


def test_rules_on_personal_data_that_are_not_whole_stop_the_reading(study: MiniStudy) -> None:
    code, text = checked(study, "privacy_rules", lambda rows: rows["bsn_named_values"].update(place="number"))
    assert code == 1
    assert "error[unknown_privacy_rule] registry/privacy_rules.csv:12" in text
    assert "120 rows" not in text


def test_another_fault_of_the_registry_does_not_stop_it(study: MiniStudy) -> None:
    code, text = checked(study, "rounding_rules", lambda rows: rows["estimate"].update(round_to="7"))
    assert code == 1
    assert "error[rounding_differs] registry/rounding_rules.csv" in text
    assert text.count("120 rows") == 2


def test_whole_rules_on_personal_data_let_the_study_pass(study: MiniStudy) -> None:
    code, text = checked(study, "privacy_rules", lambda rows: rows["bsn_named_values"].update(threshold="2"))
    assert (code, text.count("120 rows")) == (0, 2)


def test_a_rule_without_minimum_finds_nothing_where_nothing_is_lost(study: MiniStudy) -> None:
    def bare(rows: dict[str, Row]) -> None:
        for kind in ("same_answers", "same_file"):  # both waves of the miniature hold the same answers
            rows[kind]["verdict"] = "ignore"
        rows["answers_unrelated"].update(threshold="0.01", minimum="")

    assert checked(study, "drift_rules", bare)[0] == 0


def test_a_limit_that_is_no_number_is_told_and_the_own_one_holds(study: MiniStudy) -> None:
    code, text = checked(study, "reading_limits", lambda rows: rows["memory_most"].update(value="0,5"))
    assert code == 1
    assert "error[registry_value] registry/reading_limits.csv:" in text
    assert text.count("120 rows") == 2
