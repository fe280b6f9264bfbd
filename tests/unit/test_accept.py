"""``peilstok accept``: what a person chose begins to count, and what is not finished stays proposed."""

from __future__ import annotations

from pathlib import Path

import pytest
from mini_study import MiniStudy, build_mini_study, enter

from orchestration.cli import main
from orchestration.registry import load_registry, validate_registry
from orchestration.registry.proposals.crosswalk_rows import shown_score, two_decimals
from orchestration.settings import load_settings

WAVE = "mini_2022"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MiniStudy:
    """The second wave is proposed: V1 for sure, V2 with an answer that nobody has mapped, S1 doubtful."""
    made = build_mini_study(tmp_path)

    def propose(name: str, score: str):
        def change(rows: list[dict]) -> list[dict]:
            return [
                row | {"status": "proposed", "score": score}
                if (row["wave_id"], row["source_variable"]) == (WAVE, name)
                else row
                for row in rows
            ]

        return change

    for name, score in (("V1", "0.97"), ("V2", "0.97"), ("S1", "0.6")):
        made.edit_registry("xw_variables", propose(name, score))
        made.edit_registry("xw_values", propose(name, score))
    made.edit_registry(
        "xw_values",
        lambda rows: [
            row | {"code": "", "missing_kind": ""}
            if (row["wave_id"], row["source_variable"], row["source_code"]) == (WAVE, "V2", "2")
            else row
            for row in rows
        ],
    )
    rules = load_registry(load_settings({}).registry).table("proposal_rules")
    made.edit_registry("proposal_rules", lambda _: [dict(row) for row in rules])
    assert validate_registry(made.registry()) == []
    enter(made, monkeypatch)
    return made


def waiting(study: MiniStudy) -> set[tuple[str, str]]:
    registry = load_registry(study.settings.registry)
    return {
        (row["source_variable"], row.get("source_code", ""))
        for table in ("xw_variables", "xw_values")
        for row in registry.table(table)
        if row["status"] == "proposed"
    }


def files(study: MiniStudy) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(study.settings.registry.rglob("*.csv"))}


def test_showing_and_a_dry_run_change_nothing(study: MiniStudy, capsys: pytest.CaptureFixture):
    unsure = {"status": "proposed", "score": "0.5", "wave_id": WAVE}
    study.edit_registry(
        "routing", lambda rows: [row | unsure if row["wave_id"] == WAVE else row for row in rows]
    )
    before = files(study)
    assert main(["accept", WAVE]) == 0
    told = capsys.readouterr().out
    assert "0.50  incident_discussed  (routing)" in told
    assert f"rows of {WAVE} still proposed" in told
    assert "0.60  S1 " in told
    assert main(["accept", WAVE, "--variable", "V1", "--dry-run"]) == 0
    assert f"rows of {WAVE} would be accepted" in capsys.readouterr().out
    assert files(study) == before


def test_a_variable_is_accepted_with_its_answers_and_nothing_else(study: MiniStudy):
    assert main(["accept", WAVE, "--variable", "V1"]) == 0
    assert {name for name, _ in waiting(study)} == {"V2", "S1"}
    assert validate_registry(study.registry()) == []


def test_what_is_sure_is_taken_and_an_unfinished_row_stays_with_its_reason(
    study: MiniStudy, capsys: pytest.CaptureFixture
):
    assert main(["accept", WAVE, "--sure"]) == 1
    told = capsys.readouterr().out
    left = waiting(study)
    assert ("V2", "2") in left
    assert ("V1", "1") not in left
    assert ("V2", "1") not in left
    assert ("S1", "") in left
    assert "crosswalk/xw_values.csv:" in told
    assert validate_registry(study.registry()) == []
    study.edit_registry(
        "xw_values",
        lambda rows: [
            row | {"code": "nee"} if row["wave_id"] == WAVE and not row["code"] + row["missing_kind"] else row
            for row in rows
        ],
    )
    assert main(["accept", WAVE, "--all"]) == 0
    assert waiting(study) == set()
    assert f"nothing of {WAVE} waits for a person" in capsys.readouterr().out


def test_a_name_that_two_questionnaires_have_is_accepted_for_the_one_that_is_said(
    study: MiniStudy, capsys: pytest.CaptureFixture
):
    other = {
        "wave_id": WAVE,
        "instrument_id": "organisations",
        "file_id": "",
        "source_variable": "V1",
        "source_label": "Aantal vestigingen",
        "status": "proposed",
        "reason": "aanvullende vraag",
    }
    study.edit_registry("xw_left_out", lambda rows: [*rows, other])
    before = files(study)
    assert main(["accept", WAVE, "--variable", "V1"]) == 2
    said = capsys.readouterr().err
    assert "--variable office_holders/V1, --variable organisations/V1" in said
    assert files(study) == before
    assert main(["accept", WAVE, "--variable", "office_holders/V1"]) == 0
    assert {name for name, _ in waiting(study)} == {"V2", "S1"}
    (left_out,) = [row for row in study.registry().table("xw_left_out") if row["source_variable"] == "V1"]
    assert left_out["status"] == "proposed"


def test_the_list_is_cut_unless_all_of_it_is_asked_for(
    study: MiniStudy, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("orchestration.commands.accept_showing.ROWS_SHOWN", 4)

    def propose(rows: list[dict]) -> list[dict]:
        return [
            row | {"status": "proposed", "score": "0.5"} if row["wave_id"] == WAVE else row for row in rows
        ]

    study.edit_registry("xw_values", propose)
    doubtful = sum(row["status"] == "proposed" for row in study.registry().table("xw_values"))
    assert doubtful == 15
    assert main(["accept", WAVE]) == 0
    told = capsys.readouterr().out
    assert told.count("\n  0.50  ") == 4
    assert "  and 12 more below 0.9; --list shows them all" in told, "S1 itself waits too"
    assert main(["accept", WAVE, "--list"]) == 0
    told = capsys.readouterr().out
    assert told.count("\n  0.50  ") == doubtful
    assert "more below" not in told


@pytest.mark.parametrize(
    ("score", "shown", "stored"),
    [(0.8999, "0.89", "0.89"), (0.29, "0.29", "0.29"), (0.0375, "0.03", "0.03"), (1.0, "1.00", "1")],
)
def test_a_score_is_rounded_down_and_the_same_wherever_it_stands(score: float, shown: str, stored: str):
    assert (two_decimals(score), shown_score(score)) == (shown, stored)


def test_a_registry_that_is_not_in_order_is_added_nothing_to(study: MiniStudy, capsys: pytest.CaptureFixture):
    study.edit_registry("indicators", lambda rows: [{**rows[0], "concept_id": "weg"}, *rows[1:]])
    before = files(study)
    assert main(["accept", WAVE, "--variable", "V1"]) != 0
    assert "registry/indicators.csv:2" in capsys.readouterr().err
    assert files(study) == before


def test_a_score_with_a_decimal_comma_is_named_with_its_line(study: MiniStudy, capsys: pytest.CaptureFixture):
    study.edit_registry(
        "xw_variables",
        lambda rows: [row | {"score": "0,6"} if row["source_variable"] == "S1" else row for row in rows],
    )
    for command in (["accept", WAVE], ["accept", WAVE, "--sure"], ["check"]):
        assert main(command) == 1
        said = capsys.readouterr()
        assert "error[registry_value] crosswalk/xw_variables.csv:" in said.out + said.err, command
        assert "score is '0,6'" in said.out + said.err
        assert "Traceback" not in said.err


def test_a_label_that_would_steer_the_terminal_is_shown_as_its_escape(
    study: MiniStudy, capsys: pytest.CaptureFixture
):
    study.edit_registry(
        "xw_variables",
        lambda rows: [
            row | {"source_label": "\x1b[2Jweg"} if row["source_variable"] == "S1" else row for row in rows
        ],
    )
    assert main(["accept", WAVE]) == 0
    told = capsys.readouterr().out
    assert "\\x1b[2Jweg" in told
    assert "\x1b[2J" not in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mini_2023"], "knows no wave 'mini_2023' (did you mean 'mini_2020'?)"),
        ([WAVE, "--variable", "V9"], "no row about variable 'V9' waits"),
        ([WAVE, "--table", "concepts"], "rows of 'concepts' are never proposed"),
    ],
)
def test_wrong_use(study: MiniStudy, arguments: list[str], said: str, capsys: pytest.CaptureFixture):
    before = files(study)
    assert main(["accept", *arguments]) == 2
    assert said.split(" (")[0] in capsys.readouterr().err
    assert files(study) == before
