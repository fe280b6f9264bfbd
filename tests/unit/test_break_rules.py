"""Breaks, what goes on over them, and who is counted: each rule of the committed registry with a fault and a look-alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.registry import load_registry, validate_registry
from orchestration.registry.break_rules import BREAK_RULES
from orchestration.registry.load import Registry, Row
from orchestration.registry.schema import TABLES
from orchestration.registry.study_rules import STUDY_RULES

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
SCOPE = "b04_civil_servants_scope_2014"
OUT_OF_PANEL = "b04_civil_servants_scope_2024"


@pytest.fixture
def tables() -> dict[str, list[Row]]:
    registry = load_registry(SEEDS)
    return {name: [dict(row) for row in registry.table(name)] for name in TABLES}


def found(tables: dict[str, list[Row]]) -> list[tuple[str, str]]:
    registry = Registry(Path("."), tables, {}, "")
    return [
        (problem.kind, problem.message) for rule in (*STUDY_RULES, *BREAK_RULES) for problem in rule(registry)
    ]


def check(tables: dict[str, list[Row]], root: Path) -> list[str]:
    """What `peilstok check` says, form and references included."""
    return [problem.kind for problem in validate_registry(Registry(root, tables, {}, ""))]


def break_of(tables: dict[str, list[Row]], break_id: str) -> Row:
    return next(row for row in tables["series_breaks"] if row["break_id"] == break_id)


@pytest.mark.parametrize(
    ("break_id", "change", "kind"),
    [
        (SCOPE, {"constant_scope_population_id": "ambtenaren"}, "constant_scope_broken"),
        (SCOPE, {"whole_only": ""}, "constant_scope_broken"),
        (SCOPE, {"constant_scope_population_id": "raadsleden"}, "constant_scope_elsewhere"),
        (
            "b09_central_government__all_2022",
            {"constant_scope_population_id": "bestuurlijke_organisaties"},
            "constant_scope_elsewhere",
        ),
        # It touches every population, so none avoids it.
        (
            "b06_channel_base_2014",
            {"constant_scope_population_id": "ambtenaren_decentraal"},
            "constant_scope_broken",
        ),
        # Another break stops it at the same step.
        (OUT_OF_PANEL, {"constant_scope_population_id": "ambtenaren_decentraal"}, "constant_scope_broken"),
        # So does one of the same indicator: no change of a sum is computed.
        (
            "b09_central_government__all_2016_reports_aggression_total",
            {"constant_scope_population_id": "organisaties_decentraal"},
            "constant_scope_broken",
        ),
    ],
)
def test_what_is_to_be_followed_instead_is_a_part_that_goes_on(
    tables, break_id: str, change: Row, kind: str
) -> None:
    break_of(tables, break_id).update(change)
    [(told, message)] = found(tables)
    assert told == kind
    assert break_id in message


def test_what_is_to_be_followed_instead_exists(tables, tmp_path: Path) -> None:
    assert check(tables, tmp_path) == []
    break_of(tables, SCOPE)["constant_scope_population_id"] = "ambtenaren_decentral"
    assert check(tables, tmp_path) == ["unknown_reference"]


@pytest.mark.parametrize("other", ["", "ambtenaren_gemeente"])
def test_a_break_may_name_another_part_or_none(tables, other: str) -> None:
    break_of(tables, SCOPE)["constant_scope_population_id"] = other
    assert found(tables) == []


@pytest.mark.parametrize("indicator", ["police_report_share", "incident_reported_share", "repeat_victim_12m"])
def test_a_break_of_an_answer_reaches_what_has_its_givers_as_base(tables, indicator: str) -> None:
    tables["series_breaks"].remove(break_of(tables, f"b03_three_forms__{indicator}"))
    [(kind, message)] = found(tables)
    assert kind == "break_of_base"
    assert f"b03_three_forms__victim_any_12m breaks victim_any_12m, and the base of {indicator}" in message


def test_a_population_goes_on_where_another_break_only_warns_or_stops_another_block(tables) -> None:
    """Who joined in 2014 leaves the parts as they were, though the contractor stops their series on safety."""
    break_of(tables, OUT_OF_PANEL)["constant_scope_population_id"] = "ambtenaren_decentraal"
    break_of(tables, "b04_civil_servants_frame_2024")["effect"] = "warn"
    assert found(tables) == []
    assert break_of(tables, SCOPE)["constant_scope_population_id"] == "ambtenaren_decentraal"
    assert break_of(tables, "b02_contractor_2014__victimisation")["effect"] == "block"


def test_a_base_that_was_not_asked_before_the_break_needs_none(tables) -> None:
    """Of verbal aggression it was asked from 2022 on whether it was online: no step crosses 2014 to 2016."""
    broken = break_of(tables, "b03_three_forms__police_report_share_verbal")
    tables["series_breaks"].append(
        {**broken, "break_id": "b03_online", "indicator_id": "verbal_online_share"}
    )
    [(kind, message)] = found(tables)
    assert kind == "break_before_series"
    assert message.startswith(
        "b03_online lies before 2022, the year from which verbal_online_share was asked"
    )


@pytest.mark.parametrize(
    ("cells", "is_told"),
    [
        # Officials were first asked in 2022 how they were approached over the year, office holders in 2014.
        ({"indicator_id": "victim_via_phone_12m", "population_id": "ambtenaren"}, True),
        ({"indicator_id": "victim_via_phone_12m", "population_id": "politieke_ambtsdragers"}, False),
        ({"indicator_id": "victim_via_phone_12m"}, False),
        # Of a block it is known of all that a wave asked.
        ({"block_id": "processes"}, False),
        # What ended may be asked again.
        ({"indicator_id": "victim_discrimination_12m"}, False),
        (
            {"indicator_id": "victim_discrimination_12m", "from_wave_id": "vi_2016", "to_wave_id": "vi_2018"},
            False,
        ),
        ({"indicator_id": "victim_any_12m"}, False),
    ],
)
def test_a_break_of_an_indicator_lies_in_its_series_or_behind(tables, cells: Row, is_told: bool) -> None:
    plain = {**break_of(tables, "b06_channel_base_2014"), "break_id": "b99", "indicator_id": "", **cells}
    tables["series_breaks"].append(plain)
    assert [kind for kind, _ in found(tables)] == ["break_before_series"] * is_told


def test_a_break_that_blocks_an_answer_is_no_mere_warning_for_its_base(tables) -> None:
    break_of(tables, "b03_three_forms__victim_any_12m")["effect"] = "block"
    kinds = {kind for kind, _ in found(tables)}
    assert kinds == {"break_of_base"}


def test_a_value_that_was_restated_changes_no_base(tables) -> None:
    for name in [row["break_id"] for row in tables["series_breaks"] if row["kind"] == "answer_list"]:
        if name.startswith("b03_three_forms__"):
            tables["series_breaks"].remove(break_of(tables, name))
    assert break_of(tables, "b07_restated_2014_onwards")["indicator_id"] == "victim_any_12m"
    assert found(tables) == []


def test_every_population_says_who_is_counted_in_its_own_words(tables, tmp_path: Path) -> None:
    by_id = {row["population_id"]: row for row in tables["populations"]}
    by_id["wethouders"]["description"] = by_id["raadsleden"]["description"].upper()
    assert found(tables) == [("population_described_twice", "wethouders has the description of raadsleden")]
    by_id["wethouders"]["description"] = ""
    assert check(tables, tmp_path) == ["registry_value"]
