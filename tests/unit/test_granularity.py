"""Which answers an indicator uses where a list changed: the label of the committed registry, with faults and look-alikes."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.registry import load_registry
from orchestration.registry.granularity_rules import granularities
from orchestration.registry.load import Registry, Row
from orchestration.registry.schema import TABLES

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
NINE_FORMS = "b05_nine_forms_2022__violations"


@pytest.fixture
def tables() -> dict[str, list[Row]]:
    registry = load_registry(SEEDS)
    return {name: [dict(row) for row in registry.table(name)] for name in TABLES}


def found(tables: dict[str, list[Row]]) -> dict[str, tuple[str, str]]:
    """Message and remedy by indicator."""
    problems = granularities(Registry(Path("."), tables, {}, ""))
    return {problem.message.split(" ", 1)[0]: (problem.message, problem.remedy) for problem in problems}


def indicator_of(tables: dict[str, list[Row]], name: str) -> Row:
    return next(row for row in tables["indicators"] if row["indicator_id"] == name)


def without(tables: dict[str, list[Row]], table: str, **cells: str) -> None:
    kept = [row for row in tables[table] if any(row[name] != text for name, text in cells.items())]
    assert len(kept) < len(tables[table])
    tables[table] = kept


def test_the_committed_labels_are_what_the_registry_makes_of_them(tables) -> None:
    assert found(tables) == {}


@pytest.mark.parametrize(
    ("indicator", "label", "why"),
    [
        # Its list ends, and the code that runs through goes on.
        ("victim_sexual_intimidation_12m", "fine", "b03_three_forms__victim_sexual_intimidation_12m"),
        # Its base is made of answers of some waves.
        ("verbal_online_share", "fine", "its base verbal_aggression is made of answers of some waves only"),
        ("police_report_share_verbal", "fine", "b03_three_forms__police_report_share_verbal"),
        ("process_permits", "fine", "b05_nine_forms_2022__processes"),
        # It joins them.
        ("victim_any_12m", "general", "it uses victim_any"),
        ("victim_verbal_general_12m", "general", "it uses victim_verbal_general"),
        # Its base joins them, whichever answers of it let somebody in.
        ("police_report_share", "general", "its base victims uses victim_any"),
        ("victim_serious_12m", "general", "its base all_office_holders uses victim_any"),
        # Threats and blows were forms of their own in every wave.
        ("victim_threat_12m", "", "changed its answer list"),
        ("police_report_share_physical", "", "changed its answer list"),
        # Joins what one list was used for throughout.
        ("policy_elements_none", "", "changed its answer list"),
    ],
)
def test_a_label_that_is_not_true_is_refused_with_the_row_that_is(tables, indicator, label, why) -> None:
    row = indicator_of(tables, indicator)
    assert row["granularity"] == label
    for wrong in {"fine", "general", ""} - {label}:
        row["granularity"] = wrong
        told = found(tables)
        assert list(told) == [indicator]
        message, remedy = told[indicator]
        assert message.startswith(f"{indicator} has granularity '{wrong}', and ")
        assert why in message
        assert remedy.startswith(f"make it {indicator},")
        assert f",{label}; or correct" in remedy


def test_an_answer_that_only_some_waves_had_is_fine_without_a_break_that_says_so(tables) -> None:
    name = "victim_discrimination_12m"
    without(tables, "series_breaks", break_id=f"b03_three_forms__{name}")
    assert found(tables) == {}
    indicator_of(tables, name)["granularity"] = ""
    assert found(tables)[name][0] == (
        f"{name} has granularity '', and vi_2016, vi_2022, vi_2024 did not ask victim_discrimination, "
        "and victim_any goes on there"
    )


def test_what_loses_its_break_is_asked_to_lose_its_label(tables) -> None:
    without(tables, "series_breaks", break_id=NINE_FORMS)
    told = found(tables)
    # Violations keep the break of 2016; of what begins in 2022 nothing says that a list changed.
    assert {"observed_fraud", "observed_rule_breaking", "suspected_violation_colleagues"} <= told.keys()
    assert "violation_gifts" not in told


def test_a_list_that_changed_and_may_be_compared_ends_nothing(tables) -> None:
    row = next(row for row in tables["series_breaks"] if row["break_id"] == NINE_FORMS)
    row["effect"] = "warn"
    assert "observed_fraud" in found(tables)


def test_a_break_of_another_kind_says_nothing_of_a_list(tables) -> None:
    row = next(row for row in tables["series_breaks"] if row["break_id"] == NINE_FORMS)
    row["kind"] = "wording"
    assert "observed_fraud" in found(tables)


def test_a_break_that_waits_for_a_person_counts_for_nothing(tables) -> None:
    row = next(row for row in tables["series_breaks"] if row["break_id"] == NINE_FORMS)
    row["status"] = "proposed"
    assert "observed_fraud" in found(tables)


def test_all_and_how_many_join_nothing(tables) -> None:
    row = next(row for row in tables["derived_concepts"] if row["concept_id"] == "victim_verbal_general")
    row["verb"] = "all_of"
    assert found(tables)["victim_verbal_general_12m"][0].endswith("changed its answer list")


def test_what_ends_itself_runs_through_nothing(tables) -> None:
    row = next(
        row
        for row in tables["series_breaks"]
        if row["break_id"] == "b03_three_forms__victim_verbal_general_12m"
    )
    row["effect"] = "block"
    assert found(tables)["victim_verbal_general_12m"][1].startswith("make it victim_verbal_general_12m,")
    assert ",fine; or correct" in found(tables)["victim_verbal_general_12m"][1]


def test_a_list_that_changed_before_a_question_was_there_is_not_its_list(tables) -> None:
    """Of violations nine forms are asked since 2022; one that is new in 2024 has one list."""
    like = indicator_of(tables, "observed_fraud")
    new = {**like, "indicator_id": "observed_new", "concept_id": "observed_new"}
    tables["indicators"].append({**new, "granularity": "", "base_id": "all_answered"})
    row = next(
        row
        for row in tables["xw_variables"]
        if row["concept_id"] == like["concept_id"] and row["wave_id"] == "vi_2024"
    )
    tables["xw_variables"].append({**row, "concept_id": "observed_new"})
    assert "observed_new" not in found(tables)
    tables["xw_variables"].append({**row, "concept_id": "observed_new", "wave_id": "vi_2022"})
    assert ",fine; or correct" in found(tables)["observed_new"][1]
