"""Corrections of a Stata file keep the reason of a missing number with the respondent whose it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as parquet
import pyreadstat
import pytest
from mini_study import FILE_ID, build_mini_study
from test_corrections import WAVE, record, write

from orchestration.deliveries import DeliveryProblems, land_wave

CODEBOOK = "variable,code,label,is_missing\nv,x|y,Beide,true\nv,a\\b,Pad,\nv,ab,Woord,\nv,\\_,Streep,\n"


def landed(root: Path, action: dict[str, Any], **more: Any) -> dict[str, Any]:
    """``v`` and ``w`` as they land, a reason in the place of its number; declarations by variable; the codebook."""
    study = build_mini_study(root)
    frame = pd.DataFrame({"nr": [1.0, 2, 3, 4], "v": [1, "a", 2, "b"], "w": ["c", 5, 6, 7]})
    pyreadstat.write_dta(
        frame,
        str(study.folder(WAVE) / "a.dta"),
        missing_user_values={"v": ["a", "b"], "w": ["c"]},
        variable_value_labels={"v": {1: "Ja", "a": "Weet niet"}},
        version=15,
    )
    return _landed(study, "a.dta", "dta", record(action, **more))


def _landed(study: Any, path: str, kind: str, correction: dict[str, Any], **entry: Any) -> dict[str, Any]:
    file = {"path": path, "format": kind, "instrument": "office_holders", "respondent_id": None, **entry}
    study.file(WAVE).unlink()
    study.manifests[WAVE]["files"] = [{"file_id": FILE_ID, "version": 1, **file}]
    study.write_manifest(WAVE)
    write(study, correction)
    study.lock(WAVE)
    land_wave(study.settings, WAVE)
    tables = {
        name: parquet.read_table(study.landed(WAVE) / f"{name}.parquet")
        for name in ("answers", "variables", "values", "missing_reasons")
    }
    found: dict[str, Any] = {
        name: cells for name, cells in tables["answers"].to_pydict().items() if name in ("v", "w")
    }
    for row in tables["missing_reasons"].to_pylist():
        assert found[row["variable_name"]][row["_row"] - 1] is None
        found[row["variable_name"]][row["_row"] - 1] = row["code"]
    found["declared"] = {
        row["variable_name"]: row["missing_declaration"] for row in tables["variables"].to_pylist()
    }
    found["codes"] = {
        (row["variable_name"], row["code"]): (row["value_label"], row["is_user_missing"])
        for row in tables["values"].to_pylist()
    }
    return found


def test_a_dropped_row_takes_its_reason_along_and_no_other(tmp_path: Path):
    found = landed(tmp_path, {"kind": "drop_rows"}, match=[{"variable": "nr", "codes": [1]}])
    assert found["v"] == [".a", 2.0, ".b"]
    assert found["w"] == [5.0, 6.0, 7.0]


@pytest.mark.parametrize(
    ("action", "more", "v"),
    [
        (
            {"kind": "set_value", "variable": "v", "value": 5},
            {"match": [{"variable": "nr", "codes": [2]}]},
            [1.0, 5.0, 2.0, ".b"],
        ),
        (
            {"kind": "set_value", "variable": "v", "value": None},
            {"match": [{"variable": "v", "codes": [".a"]}], "expect": {"before": {".a": 1}}},
            [1.0, None, 2.0, ".b"],
        ),
        (
            {"kind": "recode", "variable": "v", "codes": {".a": ".b", "2": ".a", ".b": 9}},
            {"expect": {"rows": 3, "before": [2, ".a", ".b"]}},
            [1.0, ".b", ".a", 9.0],
        ),
        ({"kind": "multiply", "variable": "v", "by": 10}, {"expect": {"rows": 2}}, [10.0, ".a", 20.0, ".b"]),
    ],
)
def test_a_reason_is_a_code_of_its_variable(
    tmp_path: Path, action: dict[str, Any], more: dict[str, Any], v: list[Any]
):
    found = landed(tmp_path, action, **more)
    assert found["v"] == v
    assert found["w"] == [".c", 5.0, 6.0, 7.0]
    assert found["codes"]["v", ".a"] == ("Weet niet", True)


def test_swapped_columns_take_their_reasons_along_and_declare_them(tmp_path: Path):
    found = landed(tmp_path, {"kind": "swap", "variables": ["v", "w"]}, expect={"rows": 4})
    assert found["v"] == [".c", 5.0, 6.0, 7.0]
    assert found["w"] == [1.0, ".a", 2.0, ".b"]
    assert found["declared"] == {"nr": "", "v": ".a|.b|.c", "w": ".c|.a|.b"}
    assert found["codes"]["w", ".a"] == ("", True)
    assert found["codes"]["v", "1"] == ("Ja", False)


def test_a_reason_can_be_labelled(tmp_path: Path):
    action = {"kind": "relabel_code", "variable": "v", "code": ".a", "label": "Wil niet zeggen"}
    found = landed(tmp_path, action, expect={"rows": 1, "label": "Weet niet"})
    assert found["codes"]["v", ".a"] == ("Wil niet zeggen", True)


@pytest.mark.parametrize(
    ("action", "more", "kind", "message"),
    [
        (
            {"kind": "declare_valid", "variable": "v", "codes": [".a"]},
            {},
            "correction_impossible",
            "is the reason of a missing number, which cannot be valid",
        ),
        (
            {"kind": "recode", "variable": "v", "codes": {"2": ".z"}},
            {},
            "correction_impossible",
            "is the reason of a missing number, and the file has no such reason in this variable",
        ),
        (
            {"kind": "set_value", "variable": "v", "value": 9},
            {"match": [{"variable": "v", "codes": [None]}]},
            "correction_matches_nothing",
            "matches no row",
        ),
        (
            {"kind": "recode", "variable": "v", "codes": {"2": "1_0"}},
            {},
            "correction_impossible",
            "the variable holds numbers, and this code is none",
        ),
    ],
)
def test_what_a_reason_cannot_be(
    tmp_path: Path, action: dict[str, Any], more: dict[str, Any], kind: str, message: str
):
    with pytest.raises(DeliveryProblems) as caught:
        landed(tmp_path, action, **more)
    (problem,) = caught.value.problems
    assert (problem.kind, problem.message) == (kind, f"correction one of a.dta: {message}")


@pytest.mark.parametrize(
    ("kind", "code", "declaration", "missing"),
    [
        ("declare_missing", "a\\b", "x\\|y|a\\\\b", {"a\\b", "x|y"}),
        ("declare_missing", "\\_", "x\\|y|\\\\_", {"\\_", "x|y"}),
        ("declare_valid", "x|y", "", set()),
    ],
)
def test_codes_of_text_with_signs_of_the_declaration(
    tmp_path: Path, kind: str, code: str, declaration: str, missing: set[str]
):
    study = build_mini_study(tmp_path)
    (study.folder(WAVE) / "a.csv").write_text("nr,v\n1,a\\b\n2,ab\n3,x|y\n4,\n5,\\_\n")
    (study.folder(WAVE) / "codes.csv").write_text(CODEBOOK)
    correction = record({"kind": kind, "variable": "v", "codes": [code]})
    found = _landed(study, "a.csv", "csv", correction, codebook="codes.csv")
    assert found["declared"]["v"] == declaration
    assert {code for (_, code), (_, is_missing) in found["codes"].items() if is_missing} == missing
