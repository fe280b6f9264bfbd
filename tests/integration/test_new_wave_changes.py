"""A wave with a reworded question, an answer more and a new item in a grid: what is proposed, shown and taken."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyreadstat
import pytest

from orchestration.cli import main
from orchestration.commands import new_wave, new_wave_report
from orchestration.registry import load_registry
from orchestration.registry.load import Row
from orchestration.registry.proposals.evidence import Earlier, Variable
from orchestration.registry.proposals.matching import Match, match
from orchestration.registry.proposals.proposal import NewWave
from orchestration.registry.proposals.rules import rules_of
from orchestration.registry.proposals.scores import Scorer
from orchestration.settings import PROJECT_ROOT, Settings

NEW, LIKE = "vi_2026", "vi_2024"
BLOCK = "Meegemaakt in de afgelopen 12 maanden"
REWORDED = "Doorwerking van agressie | in het afgelopen jaar serieus nagedacht over neerleggen van de functie"


def changed_file(folder: Path) -> Path:
    """The office holders of 2024, with S21_3 reworded, an answer before those of S14, and an item more in S9."""
    source = PROJECT_ROOT / "raw" / "vi" / LIKE / "IIO_24071_PA.zsav"
    answers, meta = pyreadstat.read_sav(source, user_missing=True)
    texts, labels = dict(meta.column_names_to_labels), dict(meta.variable_value_labels)
    missing = {name: [one["lo"] for one in ranges] for name, ranges in meta.missing_ranges.items()}
    texts["S21_3"] = REWORDED
    answers["S14"] = np.where(answers["S14"].isin([1, 2, 3]), answers["S14"] + 1, answers["S14"])
    labels["S14"] = {1.0: "Niet ernstig", 2.0: "Minder ernstig", 3.0: "Ernstig", 4.0: "Zeer ernstig"} | {
        code: label for code, label in labels["S14"].items() if code < 0
    }
    answers.insert(list(answers).index("S9_3") + 1, "S9_4", 0.0)
    texts["S9_4"], labels["S9_4"] = f"{BLOCK} | doxing: persoonlijke gegevens online gezet", labels["S9_3"]
    missing["S9_4"] = missing["S9_3"]
    path = folder / "ambtsdragers.sav"
    pyreadstat.write_sav(
        answers,
        path,
        column_labels=[texts[name] for name in answers],
        variable_value_labels=labels,
        missing_ranges=missing,
        variable_format=meta.original_variable_types,
    )
    return path


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    root = tmp_path_factory.mktemp("changes")
    shutil.copytree(PROJECT_ROOT / "dbt_project" / "seeds", root / "registry")
    shutil.copytree(PROJECT_ROOT / "raw", root / "raw")
    made = Settings(raw=root / "raw", registry=root / "registry", home=root / "home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("raw", "registry", "home"):
            patch.setenv(f"PEILSTOK_{name.upper()}", str(getattr(made, name)))
        yield made


@pytest.fixture(scope="module")
def overview(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the command prints; the tests below go on from what it wrote, in their order."""
    path = changed_file(tmp_path_factory.mktemp("in"))
    with pytest.MonkeyPatch.context() as patch:
        told: list[str] = []
        patch.setattr(
            "orchestration.commands.new_wave_report._line", lambda _, text, *style: told.append(text)
        )
        assert main(["new-wave", NEW, str(path), "--instrument", f"{path.name}=office_holders"]) == 0
    return "\n".join(told)


def rows(settings: Settings, table: str, name: str) -> list[Row]:
    found = load_registry(settings.registry).table(table)
    return [row for row in found if (row["wave_id"], row["source_variable"]) == (NEW, name)]


def matched(settings: Settings, label: str) -> dict[str, Match]:
    """The office holders of 2024 as another wave, with one more item in the grid of experiences."""
    registry = load_registry(settings.registry)
    wave = NewWave(NEW, "vi", 2026, LIKE)
    _, _, evidence = new_wave._evidence(settings, registry, wave)
    old = [
        item.variable for item in evidence if (item.wave_id, item.instrument_id) == (LIKE, "office_holders")
    ]
    answers = next(variable.answers for variable in old if variable.name == "S9_3")
    variables = [*old, Variable("S9_4", label, answers=answers)]
    scores = Scorer(registry, rules_of(registry), evidence, variables).against(variables, "office_holders")
    found = match(variables, evidence, scores, rules_of(registry), LIKE)
    return {one.variable.name: one for one in found}


@pytest.mark.parametrize(
    "item",
    [
        "doxing: persoonlijke gegevens online gezet",
        "doxing",
        "fysieke agressie in het verkeer",
        "verbale agressie op straat",
    ],
)
def test_an_item_more_takes_no_concept_from_the_same_old_question(settings: Settings, item: str):
    found = matched(settings, f"{BLOCK} | {item}")
    for name, concept in (
        ("S9_1", "victim_verbal"),
        ("S9_2", "victim_threat"),
        ("S9_3", "victim_physical"),
    ):
        assert found[name].earlier is not None, name
        assert [row["concept_id"] for row in found[name].earlier.concepts] == [concept]
        assert found[name].earlier.shown == f"{LIKE} {name}"
        assert found[name].score >= 0.95, name
    assert found["S9_4"].earlier is None or not found["S9_4"].earlier.concepts


def test_no_concept_is_proposed_below_the_lowest_score(settings: Settings, overview: str):
    lowest = rules_of(load_registry(settings.registry)).lowest_score
    proposed = [
        row
        for row in load_registry(settings.registry).table("xw_variables")
        if row["wave_id"] == NEW and row["source_variable"]
    ]
    assert len(proposed) > 40
    assert [row for row in proposed if float(row["score"]) < lowest] == []


def test_what_is_left_out_though_it_resembles_a_question_is_named_with_that_question(
    settings: Settings, overview: str
):
    (new,) = rows(settings, "xw_left_out", "S9_4")
    assert re.fullmatch(r"nieuw: lijkt op victim_physical \(0\.5\d\), maar dat is S9_3", new["reason"])
    (reworded,) = rows(settings, "xw_left_out", "S21_3")
    assert (
        reworded["reason"] == "nieuw: lijkt op considered_quitting (0.55), te weinig om het voor te stellen"
    )
    start = overview.index("left out: ")
    told = overview[start : overview.index("answers: ", start)]
    assert ", of which 2 are like no question for sure, and 0 more resemble a mapped one" in told
    assert REWORDED in told
    assert f"then: Doorwerking van agressie | overwogen te stoppen  ({LIKE} S21_3)" in told


def test_an_answer_more_is_counted_and_stands_beside_those_of_then(settings: Settings, overview: str):
    lines = [line.strip() for line in overview.splitlines()]
    at = next(index for index, line in enumerate(lines) if line.startswith("answers of vi_2024 S14"))
    assert [re.sub(r"\s{2,}", " | ", line) for line in lines[at : at + 5]] == [
        "answers of vi_2024 S14 | now",
        "- | 1 'Niet ernstig' → minder_ernstig",
        "1 'Minder ernstig' | 2 'Minder ernstig' → minder_ernstig",
        "2 'Ernstig' | 3 'Ernstig' → ernstig",
        "3 'Zeer ernstig' | 4 'Zeer ernstig' → zeer_ernstig",
    ]
    assert re.search(r"answers: 1 of \d+ are new, more than then, .*; 0 of then are gone", overview)


def test_what_is_sure_leaves_out_a_question_with_an_answer_more(
    settings: Settings, overview: str, capsys: pytest.CaptureFixture
):
    assert main(["accept", NEW, "--sure"]) == 0
    told = capsys.readouterr().out
    for table, number in (("xw_variables", 1), ("xw_values", 5)):
        found = rows(settings, table, "S14")
        assert [row["status"] for row in found] == ["proposed"] * number, table
    assert {row["status"] for row in rows(settings, "xw_variables", "S9_3")} == {"accepted"}
    assert "an answer more or fewer than then:\n  office_holders/S14\n" in told
    assert "1 'Niet ernstig' → minder_ernstig" in told
    assert main(["accept", NEW, "--variable", "S14"]) == 0
    assert {row["status"] for row in rows(settings, "xw_values", "S14")} == {"accepted"}
    assert "an answer more or fewer" not in capsys.readouterr().out


def test_the_list_shows_what_is_left_out_with_the_nearest_concept(
    settings: Settings, overview: str, capsys: pytest.CaptureFixture
):
    assert main(["accept", NEW]) == 0
    told = capsys.readouterr().out
    assert f"office_holders/S21_3 '{REWORDED}'" in told
    assert "DUUR" not in told, "what was left out before is shown on request"
    assert main(["accept", NEW, "--list"]) == 0
    told = capsys.readouterr().out
    assert re.search(
        r"office_holders/S30_1 'Op de hoogte van \| eed of belofte'  nearest element_oath \(0\.\d\d\)", told
    )
    assert re.search(r"office_holders/DUUR 'Duur in minuten'  nearest .*gegeven over het invullen", told)


def test_the_years_that_a_code_list_lacks_are_offered_and_not_written(settings: Settings, monkeypatch):
    told: list[str] = []
    monkeypatch.setattr(new_wave_report, "_line", lambda _, text, *style: told.append(text))
    registry = load_registry(settings.registry)
    row = {"concept_id": "policy_update_year", "verb": "copy"}
    proposal = SimpleNamespace(wave=NewWave(NEW, "vi", 2026, LIKE), tables={"xw_variables": [row]})
    new_wave_report._code_lists(None, registry, SimpleNamespace(proposal=proposal))
    assert told == [
        "code lists that end before 2026: add to codelists/codelists.csv the years that were answered",
        "        update_year,2025,2025,2025,22",
        "        update_year,2026,2026,2026,23",
    ]


@pytest.mark.parametrize(
    ("instrument", "score", "is_named"),
    [("organisations", 0.8, True), ("organisations", 0.5, False), ("office_holders", 0.8, False)],
    ids=["left out elsewhere", "hardly like a question", "left out here before"],
)
def test_what_is_left_out_as_elsewhere_is_named_when_it_resembles_a_mapped_question(
    settings: Settings, monkeypatch, instrument: str, score: float, is_named: bool
):
    told: list[str] = []
    monkeypatch.setattr(new_wave_report, "_line", lambda _, text, *style: told.append(text))
    new = Variable("S9_9", "fysieke agressie")
    near = Earlier(LIKE, "office_holders", replace(new, name="S9_3"), ({"concept_id": "victim_physical"},))
    before = Earlier("in_2012", instrument, replace(new, name="VR006_3"), reason="aanvullende vraag")
    found = Match(new, before, 0.9, text=1.0, near=near, near_score=score)
    file = SimpleNamespace(instrument_id="office_holders", file_id="pa", matches=[found])
    row = {"instrument_id": "office_holders", "source_variable": "S9_9", "reason": "aanvullende vraag"}
    proposal = SimpleNamespace(files=[file], tables={"xw_left_out": [row]})
    rules = rules_of(load_registry(settings.registry))
    new_wave_report._unmatched(None, SimpleNamespace(proposal=proposal), rules)
    assert f"and {int(is_named)} more resemble" in told[0]
    assert any("lijkt op victim_physical (0.80); aanvullende vraag" in line for line in told) == is_named
