"""What the crosswalk says of a series that changed has a word in the register of breaks: the committed registry, spoilt."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.registry import load_registry, validate_registry
from orchestration.registry.load import Registry, Row
from orchestration.registry.series_rules import SERIES_RULES, other_inputs_without_break
from orchestration.settings import load_settings

REGISTRY = load_registry(load_settings({}).registry)
Rows = Callable[[list[Row]], list[Row]]


def spoilt(**changes: Rows) -> Registry:
    tables = {name: [dict(row) for row in rows] for name, rows in REGISTRY.tables.items()}
    return replace(
        REGISTRY, tables={**tables, **{name: work(tables[name]) for name, work in changes.items()}}
    )


def with_break(indicator: str, **cells: str) -> Rows:
    row = {
        **dict.fromkeys(REGISTRY.tables["series_breaks"][0], ""),
        **{
            "break_id": "b_new",
            "from_wave_id": "vi_2016",
            "to_wave_id": "vi_2020",
            "indicator_id": indicator,
        },
        **{"kind": "answer_list", "effect": "block", "reason": "x", "source": "x", "status": "accepted"},
    }
    return lambda rows: [*rows, row | cells]


def test_a_limited_question_needs_a_break_of_each_indicator_that_it_makes(tmp_path: Path):
    seeds = tmp_path / "seeds"
    shutil.copytree(REGISTRY.root, seeds)
    path = seeds / "registry" / "series_breaks.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("b01_last_incident__repeat_victim_12m,")]
    path.write_text("".join(kept), encoding="utf-8", newline="\n")
    problems = [(one.kind, one.file, one.message) for one in validate_registry(load_registry(seeds))]
    assert [kind for kind, *_ in problems] == ["limited_without_break"] * 2
    assert problems[0][1].startswith("crosswalk/xw_variables.csv:")
    assert "no break between ag_2010 and ag_2012 hits repeat_victim_12m" in problems[0][2]


def screening_not_asked(effect: str = "", indicators: tuple[str, ...] = (), **cells: str) -> Registry:
    """The screening of policy is not asked in vi_2020, by any file; breaks of ``effect`` for these indicators."""

    def unmapped(rows: list[Row]) -> list[Row]:
        gone = ("vi_2020", "element_screening")
        silent = {"verb": "not_asked", "source_variable": "", "file_id": ""}
        return [row | silent if (row["wave_id"], row["concept_id"]) == gone else row for row in rows]

    def broken(rows: list[Row]) -> list[Row]:
        for step in (("vi_2016", "vi_2020"), ("vi_2020", "vi_2022")):
            for name in indicators:
                ends = {"from_wave_id": step[0], "to_wave_id": step[1], "break_id": f"b_{step[1]}_{name}"}
                rows = with_break(name, effect=effect, **ends, **cells)(rows)
        return rows

    return spoilt(xw_variables=unmapped, series_breaks=broken)


def other_inputs(registry: Registry) -> list[str]:
    return [one.message for one in other_inputs_without_break(registry)]


COUNTED = (
    "policy_elements_all",
    "policy_elements_mean",
    *(name for name, row in REGISTRY.indicators.items() if row.denominator_concept_id == "policy_elements_n"),
)


def test_a_count_of_fewer_things_needs_a_break_that_blocks():
    messages = other_inputs(screening_not_asked())
    counted = [message for message in messages if message.startswith("policy_elements_n ")]
    assert len(counted) == 2 * len(COUNTED)
    assert (
        "policy_elements_n loses element_screening in vi_2020, and no break since vi_2016 blocks policy_elements_mean, "
        "which is made of it"
    ) in counted
    assert any("gains element_screening in vi_2022" in message for message in counted)
    assert not any(
        message.startswith("policy_elements_n ")
        for message in other_inputs(screening_not_asked("block", COUNTED))
    )


def test_a_break_that_warns_is_not_enough_for_a_count():
    warned = other_inputs(screening_not_asked("warn", COUNTED))
    assert sum(message.startswith("policy_elements_n ") for message in warned) == 2 * len(COUNTED)


@pytest.mark.parametrize(
    ("cells", "is_enough"),
    [
        ({}, True),
        ({"population_id": "organisaties_gemeente"}, False),
        ({"population_id": "ambtenaren"}, False),
        ({"status": "proposed"}, False),
    ],
)
def test_a_break_has_to_hit_everyone_who_is_asked(cells: dict[str, str], is_enough: bool):
    messages = other_inputs(screening_not_asked("block", COUNTED, **cells))
    assert any(message.startswith("policy_elements_n ") for message in messages) != is_enough


def test_questions_that_never_changed_ask_for_nothing():
    assert [one for rule in SERIES_RULES for one in rule(REGISTRY)] == []
