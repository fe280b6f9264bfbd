"""What a delivery declares missing, why a number is missing, and what lands of texts that were damaged."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pyreadstat
import pytest
from mini_study import VALUE_LABELS, MiniStudy, answers, build_mini_study
from rich.console import Console

from orchestration.commands.check import check
from orchestration.deliveries import DeliveryProblems, Problem, land_all, land_wave
from orchestration.registry import compare_landing

WAVE = "mini_2020"
CSV = {"path": "a.csv", "format": "csv", "codebook": "c.csv", "identifiers": [], "free_text": []}


@pytest.fixture
def study(tmp_path: Path) -> MiniStudy:
    return build_mini_study(tmp_path)


def deliver_csv(study: MiniStudy, rows: list[str], codebook: list[str], **fields: object) -> None:
    study.file(WAVE).unlink()
    study.file(WAVE, "a.csv").write_text("\n".join(["NR,LAAG,PANEL,V1", *rows]) + "\n")
    study.file(WAVE, "c.csv").write_text("\n".join(["variable,code,label,is_missing", *codebook]) + "\n")
    plain = {"respondent_id": "NR", "weight": None, "strata": ["LAAG"], "response": []}
    study.write_manifest(WAVE, {**CSV, **plain, **fields})
    study.lock(WAVE)


def refused(study: MiniStudy) -> Problem:
    with pytest.raises(DeliveryProblems) as caught:
        land_wave(study.settings, WAVE)
    (problem,) = caught.value.problems
    return problem


def rows(study: MiniStudy, table: str) -> list[dict]:
    return parquet.read_table(study.landed(WAVE) / f"{table}.parquet").to_pylist()


ROWS = ["r1,a,p1,1", "r2,b,p2,2", "geen,a,nvt,1"]


@pytest.mark.parametrize(
    ("codebook", "kind", "variable"),
    [
        (["NR,geen,geen nummer,ja"], "missing_respondent_id", "NR"),
        (["LAAG,b,onbekend,ja"], "missing_design_value", "LAAG"),
    ],
)
def test_text_that_is_declared_missing_is_no_id_and_no_stratum(
    study: MiniStudy, codebook: list[str], kind: str, variable: str
):
    deliver_csv(study, ROWS, codebook)
    found = refused(study)
    assert (found.kind, found.variable, found.exit_code) == (kind, variable, 1)
    assert "1 of 3 rows" in found.message
    assert "geen" not in found.message


def test_numbers_that_are_declared_missing_are_no_ids_and_no_strata(study: MiniStudy):
    deliver_csv(study, ["1,1,1,1", "2,9,2,1", "999,1,3,1"], ["NR,999,onbekend,ja", "LAAG,9,onbekend,ja"])
    with pytest.raises(DeliveryProblems) as caught:
        land_wave(study.settings, WAVE)
    assert [(problem.kind, problem.variable) for problem in caught.value.problems] == [
        ("missing_respondent_id", "NR"),
        ("missing_design_value", "LAAG"),
    ]


def test_the_same_codes_without_the_declaration_are_values(study: MiniStudy):
    deliver_csv(study, ROWS, ["NR,geen,geen nummer,nee", "LAAG,b,laag b,nee", "V1,2,nee,ja"])
    assert [file.n_rows for file in land_wave(study.settings, WAVE)] == [3]


def test_a_panel_id_that_is_declared_missing_is_none(study: MiniStudy):
    deliver_csv(study, [*ROWS, "r4,b,nvt,1"], ["PANEL,nvt,geen lid,ja"], panel="proefpanel", panel_id="PANEL")
    land_wave(study.settings, WAVE)
    members = [row["_panel_member"] is None for row in rows(study, "answers")]
    assert members == [False, False, True, True]


def test_an_infinite_answer_is_refused(study: MiniStudy):
    study.write_answers(WAVE, N1=[np.inf, -np.inf, *[1.0] * 118])
    study.lock(WAVE)
    found = refused(study)
    assert (found.kind, found.variable) == ("infinite_answer", "N1")
    assert "2 of 120 rows" in found.message


def test_large_answers_whose_sum_is_infinite_land(study: MiniStudy):
    study.write_answers(WAVE, N1=[1.7e308, 1.7e308, *[1.0] * 118])
    study.lock(WAVE)
    assert len(land_wave(study.settings, WAVE)) == 1


def deliver_dta(study: MiniStudy) -> None:
    """The wave as Stata's file, in which one answer to V1 is missing for the reason .a."""
    frame = answers()
    frame["V1"] = frame["V1"].replace(9.0, 777.0)
    labels = {name: {int(code): text for code, text in some.items()} for name, some in VALUE_LABELS.items()}
    labels["V1"] = {1: "Ja", 2: "Nee", 778899: "Weet niet"}
    path = study.file(WAVE, "a.dta")
    pyreadstat.write_dta(frame, str(path), version=14, variable_value_labels=labels)
    data, number, code = path.read_bytes(), struct.pack("<d", 777.0), struct.pack("<i", 778899)
    assert (data.count(number), data.count(code)) == (1, 1)
    data = data.replace(number, bytes.fromhex("000000000001e07f"))
    path.write_bytes(data.replace(code, struct.pack("<i", 0x7FFFFFE6)))
    study.file(WAVE).unlink()
    study.write_manifest(WAVE, {"path": "a.dta", "format": "dta"})
    study.lock(WAVE)


def test_the_reason_of_a_missing_number_lands_and_the_crosswalk_maps_it(study: MiniStudy):
    deliver_dta(study)
    land_all(study.settings)
    reasons = [(row["_row"], row["variable_name"], row["code"]) for row in rows(study, "missing_reasons")]
    assert reasons == [(12, "V1", ".a")]
    assert rows(study, "answers")[11]["V1"] is None
    values = [
        (row["code"], row["value_label"], row["is_user_missing"])
        for row in rows(study, "values")
        if row["variable_name"] == "V1"
    ]
    assert values == [("1", "Ja", False), ("2", "Nee", False), (".a", "Weet niet", True)]
    found = [
        (problem.kind, problem.code)
        for problem in compare_landing(study.registry(), study.settings.landing, [WAVE])
        if problem.variable == "V1"
    ]
    assert found == [("unknown_code", ".a"), ("unused_crosswalk_row", "9")]

    def with_letter(table: list[dict]) -> list[dict]:
        for row in table:
            if (row["wave_id"], row["source_variable"], row["source_code"]) == (WAVE, "V1", "9"):
                row["source_code"] = ".a"
        return table

    study.edit_registry("xw_values", with_letter)
    problems = compare_landing(study.registry(), study.settings.landing, [WAVE])
    assert [problem for problem in problems if problem.variable == "V1"] == []


def test_damaged_value_labels_are_shown_and_stop_nothing(study: MiniStudy):
    path = study.file(WAVE)
    data = path.read_bytes()
    assert data.count(b"\x05Noord") == 1
    path.write_bytes(data.replace(b"\x05Noord", b"\x05N\x81\x8drd"))
    study.lock(WAVE)
    text = io.StringIO()
    assert check(study.settings, Console(file=text, width=200), [WAVE]) == 0
    assert "damaged: 1 value labels" in text.getvalue()
    assert "flag[value_labels_undamaged]" in text.getvalue()
    land_all(study.settings)
    (original,) = rows(study, "original_texts")
    assert (original["text_kind"], original["variable_name"], original["code"], original["outcome"]) == (
        "value_label",
        "STRATUM",
        "1",
        "damaged",
    )
    assert bytes.fromhex(original["original_hex"]) == b"N\x81\x8drd"
    assert rows(study, "delivery")[0]["value_labels_damaged"] == 1
    whole = io.StringIO()
    assert check(study.settings, Console(file=whole, width=200), ["mini_2022"]) == 0
    assert "damaged" not in whole.getvalue()


def test_the_bytes_of_a_damaged_answer_that_never_lands_do_not_land_either(study: MiniStudy):
    study.write_answers(WAVE, OPM=["afgebroken", *[""] * 119], FUNCTIE=answers()["FUNCTIE"])
    path = study.file(WAVE)
    data = path.read_bytes()
    assert data.count(b"afgebrok") == 1
    path.write_bytes(data.replace(b"afgebrok", b"afg\x81\x8drok"))
    study.lock(WAVE)
    land_all(study.settings)
    assert rows(study, "original_texts") == []
    assert rows(study, "delivery")[0]["answers_damaged"] == 1
