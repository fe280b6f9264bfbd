"""The comparability matrix against what is known of the monitors: who was asked what, and where series break.

What is known stands in the registry, as ``series_facts``; ``monitor_facts.csv`` says where it stands on the page of facts
beside the checkout, by line and a word of it.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest

from orchestration.cli import main
from orchestration.publication.comparability_matrix import (
    ASKED_STATES,
    BROKEN,
    COMPARABLE,
    FIRST,
    WARNED,
    MatrixCell,
    MatrixRow,
    read_matrices,
)
from orchestration.registry import load_registry
from orchestration.settings import load_settings

HERE = Path(__file__).resolve()
PAGE = HERE.parents[3] / "shared" / "facts" / "monitors.md"

FACTS = load_registry(load_settings({}).registry).table("series_facts")
with (HERE.parent / "monitor_facts.csv").open(encoding="utf-8", newline="") as stream:
    LINES = list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def matrices(sample_run) -> dict[str, tuple[dict[str, int], tuple[MatrixRow, ...], frozenset[str]]]:
    """Places of the waves, rows and assumed waves of each population."""
    with duckdb.connect(str(sample_run.current / "marts.duckdb"), read_only=True) as connection:
        found = read_matrices(connection)
    return {
        population: (
            {wave.wave_id: place for place, wave in enumerate(matrix.waves)},
            matrix.rows,
            matrix.assumed,
        )
        for matrix in found
        for population, _ in matrix.populations
    }


def judged(expected: str, cells: list[tuple[MatrixCell, bool]], with_wave: str, break_id: str = "") -> bool:
    """Whether cells are as a fact has it; the truth beside each says whether an earlier wave asked it too."""
    asked = [(cell, has_earlier) for cell, has_earlier in cells if cell.state in ASKED_STATES]
    if expected == "not_asked":
        return not asked
    if not asked:
        return False
    if expected in ("asked", "assumed"):
        return True
    if expected == "also_broken":
        # A break that another outranks stands behind it.
        return all(cell.note is not None and f"{break_id} (" in cell.note.others for cell, _ in asked)
    if expected == "no_earlier_wave":
        return all(cell.state in (FIRST, BROKEN) for cell, _ in asked)
    again = [cell for cell, has_earlier in asked if has_earlier]
    if expected == "broken":
        return bool(again) and all(cell.state == BROKEN for cell in again)
    if expected == "marked":
        return bool(again) and all(cell.state in (BROKEN, WARNED) for cell in again)
    states = {"comparable": (COMPARABLE,), "warned": (WARNED,)}[expected]
    return all(cell.state in states and cell.comparable_wave_id == with_wave for cell, _ in asked)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact["fact_id"])
def test_the_matrix_says_what_is_known(matrices, fact: dict[str, str]):
    places, rows, assumed = matrices[fact["population_id"]]
    place = places[fact["wave_id"]]
    chosen = [
        row
        for row in rows
        if fact["theme_id"] in ("", row.theme)
        and fact["block_id"] in ("", row.block)
        and fact["indicator_id"] in ("", row.indicator_id)
    ]
    cells = [
        (row.cells[place], any(cell.state in ASKED_STATES for cell in row.cells[:place])) for row in chosen
    ]
    assert judged(fact["expected"], cells, fact["with_wave_id"], fact["break_id"]), [
        (row.indicator_id, row.cells[place].state, row.cells[place].comparable_wave_id) for row in chosen
    ]
    assert fact["wave_id"] in assumed or fact["expected"] != "assumed"


@pytest.mark.parametrize(
    ("expected", "state", "has_earlier", "holds"),
    [
        ("asked", "not_asked", False, False),
        ("not_asked", FIRST, False, False),
        ("broken", COMPARABLE, True, False),
        ("broken", FIRST, False, False),
        ("broken", BROKEN, True, True),
        ("marked", COMPARABLE, True, False),
        ("marked", WARNED, True, True),
        ("comparable", WARNED, True, False),
        ("warned", COMPARABLE, True, False),
        ("no_earlier_wave", COMPARABLE, True, False),
    ],
)
def test_a_fact_that_is_not_so_is_noticed(expected: str, state: str, has_earlier: bool, holds: bool):
    cell = MatrixCell(state, comparable_wave_id="w1")
    assert judged(expected, [(cell, has_earlier)], "w1") is holds


def test_nine_forms_are_asked_from_2022(matrices):
    places, rows, _ = matrices["politieke_ambtsdragers"]
    observed = [
        row
        for row in rows
        if row.block == "violations"
        and row.cells[places["vi_2022"]].state in ASKED_STATES
        and row.indicator_id != "observed_rule_breaking"
    ]
    assert len([row for row in observed if row.indicator_id.startswith("observed_")]) == 9
    assert all(row.cells[places["vi_2020"]].state not in ASKED_STATES for row in observed)


def test_every_break_of_the_page_is_in_the_register(project_root: Path):
    with (project_root / "dbt_project/seeds/registry/series_breaks.csv").open(encoding="utf-8") as register:
        numbers = {row["break_id"][1:3] for row in csv.DictReader(register)}
    assert numbers >= {f"{number:02d}" for number in range(1, 11)}


def test_facts_stand_where_they_say():
    if not PAGE.is_file():
        pytest.skip("../shared/facts/monitors.md is absent")
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert [one for one in LINES if one["word"] not in lines[int(one["line"]) - 1]] == []
    by_name = {fact["fact_id"]: fact for fact in FACTS}
    waves = {line.split("|")[1].strip() for line in lines[22:31]}
    told = {by_name[one["fact_id"]]["wave_id"] for one in LINES if 23 <= int(one["line"]) <= 31}
    assert told == waves
    breaks = {int(one["line"]) for one in LINES if int(one["line"]) >= 60}
    assert breaks == {60, 61, 62, 63, 64, 65, 66, 68, 69, 70}


def test_the_command_prints_one_population_or_says_which_there_are(sample_run, monkeypatch, capsys):
    monkeypatch.setenv("PEILSTOK_HOME", str(sample_run.settings.home))
    assert main(["comparability", "--population", "raadsleden", "--theme", "safety"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("raadsleden (raadsleden)\n")
    line = next(
        line for line in printed.splitlines() if line.startswith("Slachtoffer van agressie of geweld")
    )
    assert line.split(maxsplit=5)[-1] == "○───────●       ·      ┃◆³──────◐⁴──────●───────●───────●───────●"
    assert "uitvoerder: ander onderzoeksbureau" in printed
    assert main(["comparability", "--population", "raadsleden", "--json"]) == 0
    [matrix] = json.loads(capsys.readouterr().out)
    cells = {row["indicator_id"]: row["cells"] for row in matrix["rows"]}
    assert cells["victim_any_12m"]["ag_2014"]["break"]["kind"] == "contractor"
    assert cells["victim_any_12m"]["vi_2024"]["comparable_wave_id"] == "vi_2022"
    assert main(["comparability", "--population", "raadslid"]) == 2
    assert "there is no population 'raadslid' (did you mean 'raadsleden'?)" in capsys.readouterr().err
    assert main(["comparability", "--theme", "safty"]) == 2
    assert "(did you mean 'safety'?)" in capsys.readouterr().err


def test_the_release_holds_the_matrix_as_a_page(sample_run):
    manifest = json.loads((sample_run.current / "MANIFEST.json").read_text(encoding="utf-8"))
    assert "quality/comparability.html" in {file["path"] for file in manifest["files"]}
    text = (sample_run.current / "quality" / "comparability.html").read_text(encoding="utf-8")
    assert "SYNTHETISCH" in text
    assert manifest["release_id"] in text
    assert text.count("<section ") > 15
