"""Corrections: each kind does what it says, behind its guard, and never comes near an identifier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
import yaml
from mini_study import FILE_ID, MiniStudy, build_mini_study, enter

from orchestration.cli import main
from orchestration.deliveries import (
    DeliveryProblems,
    Problem,
    land_wave,
    load_manifest,
    read_source,
    write_register,
)
from orchestration.deliveries.comparison import SAME_CELLS, compare_versions
from orchestration.deliveries.corrections import apply_corrections, read_corrections
from orchestration.registry import compare_landing, load_registry
from orchestration.sample_data import parameters
from orchestration.sample_data.manifest import corrections_text

WAVE = "mini_2020"


@pytest.fixture
def study(tmp_path: Path) -> MiniStudy:
    return build_mini_study(tmp_path)


def record(action: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An accepted correction; ``more`` replaces or (None) removes fields."""
    whole = {
        "id": "one",
        "file_id": FILE_ID,
        "versions": [1],
        "action": action,
        "reason": "the bureau said so",
        "status": "accepted",
        "decided_by": "us",
        "decided_on": "2020-07-01",
        "expect": {"rows": 1},
        **more,
    }
    return {key: value for key, value in whole.items() if value is not None}


def write(study: MiniStudy, *records: Any) -> None:
    path = study.folder(WAVE) / "corrections.yml"
    path.write_text(yaml.safe_dump({"schema_version": 1, "corrections": list(records)}, sort_keys=False))


def land(study: MiniStudy, *records: Any) -> tuple[dict[str, list], list[dict], list[dict]]:
    """Landed answers by column, values and corrections."""
    write(study, *records)
    land_wave(study.settings, WAVE)
    folder = study.landed(WAVE)
    return (
        parquet.read_table(folder / "answers.parquet").to_pydict(),
        parquet.read_table(folder / "values.parquet").to_pylist(),
        parquet.read_table(folder / "corrections.parquet").to_pylist(),
    )


def refused(study: MiniStudy, *records: Any) -> Problem:
    write(study, *records)
    with pytest.raises(DeliveryProblems) as caught:
        land_wave(study.settings, WAVE)
    assert len(caught.value.problems) == 1, str(caught.value)
    return caught.value.problems[0]


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("Jan.Jansen@voorbeeld.nl vulde dit twee keer in.", "email_address"),
        ("Het proefinterview van 111222333.", "bsn"),
        ("Volgens mevrouw De Boer is dit verwisseld.", "person_name"),
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_a_reason_is_published_and_names_nobody(study: MiniStudy, reason: str, kind: str, version: int):
    for _ in range(1, version):
        study.redeliver(WAVE)
    action = {"kind": "recode", "variable": "V1", "codes": {1: 2, 2: 1}}
    problem = refused(study, record(action, reason=reason, expect={"before": [1, 2]}))
    assert (problem.kind, problem.file) == (kind, "raw/mini/mini_2020/corrections.yml")
    assert "the reason of correction one holds what looks like" in problem.message
    assert reason not in str(problem)
    problem = refused(study, record(action, source=reason, expect={"before": [1, 2]}))
    assert "the source of correction one holds what looks like" in problem.message
    contact = record(action, contact="jan.jansen@voorbeeld.nl", expect={"before": [1, 2]})
    assert land(study, contact)[2][0]["reason"] == "the bureau said so"
    study.write_manifest(WAVE, file={"note": reason})
    problem = refused(study)
    assert (problem.kind, problem.file) == (kind, "raw/mini/mini_2020/delivery.yml")
    assert f"the note on version 1 of {FILE_ID} holds what looks like" in problem.message


def test_two_codes_are_exchanged_and_lineage_knows(study: MiniStudy):
    raw = study.file(WAVE).read_bytes()
    plain, _, _ = land(study)
    corrected, _, kept = land(
        study,
        record(
            {"kind": "recode", "variable": "V2", "codes": {1: 2, 2: 1}},
            expect={"rows": 120, "before": {1: 30, 2: 90}},
        ),
    )
    assert corrected["V2"] == [3 - code for code in plain["V2"]]
    assert {name for name in plain if plain[name] != corrected[name]} == {"V2"}
    assert [
        (row["correction_id"], row["variable_name"], row["action"], row["rows_changed"]) for row in kept
    ] == [("one", "V2", "recode", 120)]
    assert study.file(WAVE).read_bytes() == raw
    (delivery,) = write_register(study.settings).deliveries
    assert len(delivery["corrections_sha256"]) == 64


def test_rows_are_chosen_by_other_variables(study: MiniStudy):
    answers, _, _ = land(
        study,
        record(
            {"kind": "set_value", "variable": "V1", "value": 9},
            match=[{"variable": "FUNCTIE", "codes": [1]}, {"variable": "LEEFTIJD", "at_most": 27}],
            expect={"rows": 3},
        ),
    )
    chosen = [f == 1 and age <= 27 for f, age in zip(answers["FUNCTIE"], answers["LEEFTIJD"], strict=True)]
    assert sum(chosen) == 3
    assert all(v == 9 for v, is_chosen in zip(answers["V1"], chosen, strict=True) if is_chosen)


def test_multiply_leaves_missing_codes_alone(study: MiniStudy):
    plain, _, _ = land(study)
    answers, _, _ = land(
        study, record({"kind": "multiply", "variable": "LEEFTIJD", "by": 10}, expect={"rows": 119})
    )
    assert answers["LEEFTIJD"] == [age if age == 999 else age * 10 for age in plain["LEEFTIJD"]]


@pytest.mark.parametrize("by", [1e300, -1e308])
def test_results_that_are_no_numbers_are_refused(study: MiniStudy, by: float):
    study.write_answers(WAVE, N1=[1e20] * 120)
    study.lock(WAVE)
    problem = refused(study, record({"kind": "multiply", "variable": "N1", "by": by}, expect={"rows": 120}))
    assert (problem.kind, problem.exit_code, problem.variable) == ("correction_impossible", 1, "N1")
    assert "too large" in problem.message


def test_results_that_become_missing_codes_are_refused(study: MiniStudy):
    problem = refused(study, record({"kind": "multiply", "variable": "N1", "by": 33}, expect={"rows": 119}))
    assert "declared missing" in problem.message


@pytest.mark.parametrize("value", ["1" + "0" * 400, ".inf", ".nan", "yes", "2020-01-01"])
def test_values_that_are_no_codes_are_refused(study: MiniStudy, value: str):
    one = record({"kind": "set_value", "variable": "V1", "value": "PLACE"})
    write(study, one)
    path = study.folder(WAVE) / "corrections.yml"
    path.write_text(path.read_text().replace("PLACE", value))
    with pytest.raises(DeliveryProblems) as caught:
        land_wave(study.settings, WAVE)
    (problem,) = caught.value.problems
    assert (problem.kind, problem.exit_code) == ("correction_field", 2)
    assert "`action.value`" in problem.message


def test_columns_that_were_mixed_up_are_swapped(study: MiniStudy):
    plain, _, _ = land(study)
    answers, _, kept = land(study, record({"kind": "swap", "variables": ["V1", "V2"]}, expect={"rows": 120}))
    assert (answers["V1"], answers["V2"]) == (plain["V2"], plain["V1"])
    assert [row["variable_name"] for row in kept] == ["V1", "V2"]


def test_test_interviews_are_dropped(study: MiniStudy):
    answers, _, kept = land(
        study,
        record({"kind": "drop_rows"}, match=[{"variable": "LEEFTIJD", "codes": [999]}], expect={"rows": 1}),
    )
    assert len(answers["V1"]) == 119
    assert 999.0 not in answers["LEEFTIJD"]
    assert [(row["variable_name"], row["rows_changed"]) for row in kept] == [(None, 1)]
    assert write_register(study.settings).deliveries[0]["n_rows"] == 119


def test_declarations_and_labels_follow_a_rename(study: MiniStudy):
    study.write_answers(
        WAVE, labels={"V2x": {1.0: "Ja", 2.0: "Nee", 9.0: "Weet niet"}}, drop=("V2",), V2x=[1.0] * 120
    )
    study.lock(WAVE)
    _, values, kept = land(
        study,
        record(
            {"kind": "declare_missing", "variable": "V2x", "codes": [9]}, expect={"rows": 0}, id="declared"
        ),
        record({"kind": "rename", "variable": "V2x", "to": "V2"}, expect={"label": "V2x"}),
    )
    found = {
        row["code"]: (row["value_label"], row["is_user_missing"])
        for row in values
        if row["variable_name"] == "V2"
    }
    assert found == {"1": ("Ja", False), "2": ("Nee", False), "9": ("Weet niet", True)}
    assert {row["variable_name"] for row in kept} == {"V2"}
    assert compare_landing(study.registry(), study.settings.landing, {WAVE}) == []


def test_the_crosswalk_sees_a_corrected_label(study: MiniStudy):
    study.write_answers(WAVE, labels={"V2": {1.0: "Ja", 2.0: "Neen", 9.0: "Weet niet"}})
    study.lock(WAVE)
    land(study)
    (problem,) = compare_landing(study.registry(), study.settings.landing, {WAVE})
    assert problem.kind == "unknown_label"
    land(
        study,
        record(
            {"kind": "relabel_code", "variable": "V2", "code": 2, "label": "Nee"},
            expect={"label": "Neen", "rows": 90},
        ),
    )
    assert compare_landing(study.registry(), study.settings.landing, {WAVE}) == []


def test_a_code_declared_missing_by_mistake_counts_again(study: MiniStudy):
    _, values, _ = land(
        study, record({"kind": "declare_valid", "variable": "V1", "codes": [9]}, expect={"rows": 1})
    )
    assert [
        row["is_user_missing"] for row in values if (row["variable_name"], row["code"]) == ("V1", "9")
    ] == [False]


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"expect": {"rows": 29}}, "correction_guard", "matches 30 rows, and `expect.rows` is 29"),
        ({"expect": {"before": [1, 2]}}, "correction_guard", "code 2 does not occur"),
        ({"match": [{"variable": "FUNCTIE", "codes": [7]}]}, "correction_matches_nothing", "matches no row"),
        (
            {"match": [{"variable": "FUNCTE", "codes": [1]}]},
            "correction_unknown_variable",
            "did you mean 'FUNCTIE'",
        ),
        ({"match": [{"variable": "MAIL", "codes": ["a"]}]}, "correction_on_identifier", "leave these alone"),
        (
            {"match": [{"variable": "RESPNR", "codes": [1007]}]},
            "correction_on_identifier",
            "leave these alone",
        ),
    ],
)
def test_what_does_not_hold_is_an_error(study: MiniStudy, change: dict, kind: str, said: str):
    one = record(
        {"kind": "recode", "variable": "V2", "codes": {1: 2}}, **{"expect": {"before": [1]}, **change}
    )
    problem = refused(study, one)
    assert (problem.kind, problem.exit_code) == (kind, 1)
    assert said in problem.message
    assert "correction one" in problem.message
    assert problem.file == f"raw/mini/{WAVE}/corrections.yml"
    assert problem.remedy


def test_a_correction_that_changes_nothing_is_an_error(study: MiniStudy):
    one = record(
        {"kind": "set_value", "variable": "V2", "value": 1},
        match=[{"variable": "V2", "codes": [1]}],
        expect={"rows": 30},
    )
    problem = refused(study, one)
    assert (problem.kind, "changes nothing" in problem.message) == ("correction_matches_nothing", True)


@pytest.mark.parametrize(
    ("codes", "cells", "action", "expect"),
    [
        (
            {"piet.putter@voorbeeld.nl": "vogel"},
            "piet.putter@voorbeeld.nl",
            {"kind": "set_value", "variable": "ANDERS", "value": "x"},
            {"before": ["y"]},
        ),
        (
            {1.0: "piet.putter@voorbeeld.nl"},
            1.0,
            {"kind": "relabel_code", "variable": "ANDERS", "code": 1, "label": "x"},
            {"label": "y"},
        ),
    ],
)
def test_a_guard_that_fails_quotes_no_personal_data_of_the_codebook(
    study: MiniStudy, codes: dict, cells: Any, action: dict, expect: dict
):
    study.write_answers(WAVE, labels={"ANDERS": codes}, ANDERS=cells)
    study.lock(WAVE)
    problem = refused(study, record(action, expect=expect))
    assert (problem.kind, problem.variable) == ("email_address", "ANDERS")
    assert "putter" not in str(problem)


HIDES = {
    "set_value": {"kind": "set_value", "variable": "ANDERS", "value": None},
    "recode": {"kind": "recode", "variable": "ANDERS", "codes": {"piet.putter@voorbeeld.nl": "geen"}},
    "drop_rows": {"kind": "drop_rows"},
}


@pytest.mark.parametrize("kind", HIDES)
def test_no_correction_hides_personal_data_from_the_door(study: MiniStudy, kind: str):
    study.write_answers(
        WAVE,
        ANDERS=["", "piet.putter@voorbeeld.nl", *["niets"] * 118],
        TEST=[float(row == 1) for row in range(120)],
    )
    study.lock(WAVE)
    match = None if kind == "recode" else [{"variable": "TEST", "codes": [1]}]
    problem = refused(study, record(HIDES[kind], match=match))
    assert (problem.kind, problem.variable, problem.file) == (
        "email_address",
        "ANDERS",
        "raw/mini/mini_2020/ambtsdragers.sav",
    )
    assert problem.message == "1 answer looks like e-mail addresses, in the file before corrections"
    assert "putter" not in str(problem)
    assert not study.landed(WAVE).exists()


def test_no_correction_hides_personal_data_in_the_codebook(study: MiniStudy):
    study.write_answers(WAVE, labels={"V2": {1.0: "Ja", 2.0: "Vraag mevrouw De Boer"}})
    study.lock(WAVE)
    action = {"kind": "relabel_code", "variable": "V2", "code": 2, "label": "Nee"}
    problem = refused(study, record(action, expect={"rows": 90}))
    assert (problem.kind, problem.variable) == ("person_name", "V2")
    assert problem.message.endswith("in the file before corrections")
    assert "Boer" not in str(problem)


def test_what_a_correction_puts_in_is_looked_at_too(study: MiniStudy):
    study.write_answers(WAVE, ANDERS="niets")
    study.lock(WAVE)
    action = {"kind": "set_value", "variable": "ANDERS", "value": "piet.putter@voorbeeld.nl"}
    problem = refused(study, record(action, expect={"rows": 120}))
    assert (problem.kind, problem.message) == ("email_address", "120 answers look like e-mail addresses")


def test_a_declared_identifier_under_the_name_that_a_correction_gives_it_is_no_find(study: MiniStudy):
    study.write_answers(WAVE, drop=("MAIL",), mail_adres="persoon@voorbeeld.nl", ANDERS="niets")
    study.lock(WAVE)
    answers, _, _ = land(
        study,
        record({"kind": "rename", "variable": "mail_adres", "to": "MAIL"}, expect={"label": "mail_adres"}),
        record({"kind": "set_value", "variable": "ANDERS", "value": "iets"}, id="two", expect={"rows": 120}),
    )
    assert set(answers["ANDERS"]) == {"iets"}
    assert not {"MAIL", "mail_adres"} & answers.keys()


def test_what_is_excepted_before_corrections_is_used(study: MiniStudy):
    study.write_answers(WAVE, ANDERS=["piet.putter@voorbeeld.nl", *["niets"] * 119])
    study.lock(WAVE)
    excepted = {
        "wave_id": WAVE,
        "file_id": FILE_ID,
        "source_variable": "ANDERS",
        "place": "answers",
        "kind": "email_address",
        "reason": "the address of the survey itself, says the data protection officer",
    }
    study.edit_registry("privacy_exceptions", lambda rows: [*rows, excepted])
    action = {"kind": "recode", "variable": "ANDERS", "codes": {"piet.putter@voorbeeld.nl": "niets"}}
    answers, _, _ = land(study, record(action))
    assert set(answers["ANDERS"]) == {"niets"}


def test_values_without_a_label_are_counted_and_never_told(study: MiniStudy):
    problem = refused(
        study, record({"kind": "set_value", "variable": "WEEG", "value": 1}, expect={"before": [1]})
    )
    assert "2 other values occur too" in problem.message
    assert "0.5" not in str(problem)


@pytest.mark.parametrize(
    "renames",
    [
        [("MAIL", "V9")],
        [("mail", "V9")],
        [("V3", "MAIL")],
        [("V3", "mail")],
        [("V3", "v1")],
        [("V3", "_Respondent")],
        [("RESPNR", "V9"), ("V3", "RESPNR")],
        [("V3", "V9"), ("V9", "OPM")],
    ],
)
def test_no_chain_of_renames_lands_an_identifier(study: MiniStudy, renames: list):
    records = [
        record({"kind": "rename", "variable": old, "to": new}, id=f"r{place}", expect={"label": "Besproken"})
        for place, (old, new) in enumerate(renames)
    ]
    assert refused(study, *records).kind in ("correction_on_identifier", "correction_impossible")


def test_a_rename_that_differs_in_case_alone_is_allowed(study: MiniStudy):
    answers, _, _ = land(
        study, record({"kind": "rename", "variable": "N1", "to": "n1"}, expect={"label": "Aantal keren"})
    )
    assert "n1" in answers
    assert "N1" not in answers


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"match": [{"variable": "V2", "to": 1}]}, "`match.to` belongs under `action:`"),
        ({"match": [{"variable": "V2"}]}, "`match.variable` belongs under `action:`"),
        ({"match": {"variable": "V2"}}, "belongs under `action:`"),
        (
            {"action": {"kind": "recode", "variable": "V2", "codes": {1: 2}, "rows": 3}},
            "belongs under `expect:`",
        ),
        ({"action": {"kind": "recod"}}, "did you mean 'recode'"),
        ({"action": {"kind": "drop_rows"}}, "every row would be dropped"),
        ({"expect": None}, "`expect` is missing"),
        ({"expect": {"label": "x"}}, "is no guard for recode"),
        ({"file_id": "ambtsdrager"}, "did you mean 'ambtsdragers'"),
        ({"versions": [2]}, "has no version 2"),
        ({"reason": None}, "`reason` is missing"),
        ({"decided_by": None}, "`decided_by` is missing"),
        ({"colour": "red"}, "`colour` is not a key"),
    ],
)
def test_a_record_that_is_not_one_says_which_key(study: MiniStudy, change: dict, said: str):
    problem = refused(
        study, record(**{"action": {"kind": "recode", "variable": "V2", "codes": {1: 2}}, **change})
    )
    assert (problem.kind, problem.exit_code) == ("correction_field", 2)
    assert said in problem.message
    assert problem.file.startswith(f"raw/mini/{WAVE}/corrections.yml:")


def test_what_is_proposed_or_of_another_version_does_not_count(study: MiniStudy):
    plain, _, _ = land(study)
    action = {"kind": "recode", "variable": "V2", "codes": {1: 2, 2: 1}}
    answers, _, kept = land(study, record(action, status="proposed", decided_by=None, decided_on=None))
    assert (answers, kept) == (plain, [])
    study.redeliver(WAVE)
    answers, _, kept = land(study, record(action, expect={"rows": 120}))
    assert answers == plain
    told = ("delivery_version", "position", "correction_id", "variable_name", "rows_matched", "rows_changed")
    assert [tuple(row[name] for name in told) for row in kept] == [(1, 1, "one", "V2", None, None)]
    # What was wrong with a superseded version stays readable, so another word about it lands anew.
    kept = land(study, record(action, reason="the bureau was wrong", expect={"rows": 120}))[2]
    assert [row["reason"] for row in kept] == ["the bureau was wrong"]


def test_check_names_what_is_proposed(study: MiniStudy, monkeypatch, capsys):
    action = {"kind": "recode", "variable": "V2", "codes": {1: 2, 2: 1}}
    write(study, record(action, status="proposed", decided_by=None, decided_on=None))
    enter(study, monkeypatch)
    assert main(["check"]) == 0
    told = capsys.readouterr().out
    assert (
        "(recode) is proposed and does not count; to accept it, set status, decided_by and decided_on" in told
    )
    write(study)
    assert main(["check"]) == 0
    assert "is proposed" not in capsys.readouterr().out


def test_the_sample_is_corrected_into_its_own_redelivery(project_root: Path):
    """What the first version of the sample's redelivered file lacks is told by its correction, cell by cell."""
    registry = load_registry(project_root / "dbt_project" / "seeds")
    (path,) = (project_root / "raw").glob("*/*/corrections.yml")
    manifest = load_manifest(path.parent, registry)
    waves = parameters.read_yaml("deliveries")["waves"]
    assert path.read_text(encoding="utf-8") == corrections_text(waves[manifest.wave]["corrections"])
    (old,) = manifest.superseded
    (new,) = (entry for entry in manifest.current if entry.file_id == old.file_id)
    source = read_source(manifest.folder, old)
    chosen = [one for one in read_corrections(manifest) if one.file_id == old.file_id]
    corrected, _ = apply_corrections(manifest, old, source, chosen)
    after = read_source(manifest.folder, new)
    assert compare_versions(old, source, new, after).verdict == "different"
    assert compare_versions(old, corrected, new, after).verdict == SAME_CELLS
