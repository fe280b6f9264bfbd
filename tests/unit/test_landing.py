"""Landing: what stands in it, what never does, when it is written anew, and its register."""

from __future__ import annotations

import copy
import datetime as dt
import stat
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as parquet
import pytest
from mini_registry import WAVES
from mini_study import FILE_ID, MiniStudy, answers, build_mini_study

from orchestration.deliveries import (
    DeliveryProblems,
    land_all,
    land_wave,
    load_register,
    read_sav,
    write_register,
)
from orchestration.deliveries.landed_tables import (
    DELIVERY_COLUMNS,
    VALUE_COLUMNS,
    VARIABLE_COLUMNS,
)

WAVE = "mini_2020"


@pytest.fixture
def study(tmp_path: Path) -> MiniStudy:
    return build_mini_study(tmp_path)


def rows(study: MiniStudy, table: str, wave: str = WAVE) -> list[dict]:
    return parquet.read_table(study.landed(wave) / f"{table}.parquet").to_pylist()


def new_waves(study: MiniStudy) -> list[str]:
    return [file.wave_id for file in land_all(study.settings) if file.is_new]


def test_answers_are_those_of_the_file(study: MiniStudy):
    land_all(study.settings)
    landed = parquet.read_table(study.landed(WAVE) / "answers.parquet").to_pandas()
    delivered = read_sav(study.file(WAVE)).frame
    assert list(landed.columns[:2]) == ["_row", "_respondent"]
    assert landed["_row"].tolist() == list(range(1, 121))
    assert landed["_respondent"].nunique() == 120
    kept = [name for name in delivered.columns if name not in ("RESPNR", "MAIL", "OPM")]
    assert list(landed.columns[3:]) == kept
    pd.testing.assert_frame_equal(landed[kept], delivered[kept], check_dtype=False)
    # Declared missing codes are values; only what the file leaves open is NULL.
    assert landed["V1"].tolist()[11] == 9.0
    assert int(landed["V3"].isna().sum()) == int(answers()["V3"].isna().sum()) > 0


def test_codebook_and_origin(study: MiniStudy):
    land_all(study.settings)
    for table, columns in (
        ("variables", VARIABLE_COLUMNS),
        ("values", VALUE_COLUMNS),
        ("delivery", DELIVERY_COLUMNS),
    ):
        assert list(rows(study, table)[0]) == list(columns)
    variables = {row["variable_name"]: row for row in rows(study, "variables")}
    assert {name: row["use"] for name, row in variables.items() if row["use"] != "answer"} == {
        "WEEG": "weight",
        "STRATUM": "stratum",
    }
    assert (variables["V1"]["position"], variables["V1"]["variable_label"]) == (5, "Verbaal bejegend")
    assert [
        (row["code"], row["value_label"], row["is_user_missing"])
        for row in rows(study, "values")
        if row["variable_name"] == "V1"
    ] == [("1", "Ja", False), ("2", "Nee", False), ("9", "Weet niet", True)]
    (delivery,) = rows(study, "delivery")
    assert (delivery["n_rows"], delivery["n_columns"]) == (120, 13)
    assert (delivery["weight_variable"], delivery["stratum_variables"], delivery["psu_variable"]) == (
        "WEEG",
        "STRATUM",
        None,
    )
    assert (delivery["is_synthetic"], delivery["received_on"], delivery["path"]) == (
        True,
        "2020-06-01",
        "ambtsdragers.sav",
    )
    assert [(row["population_id"], row["invited"], row["note"]) for row in rows(study, "response")] == [
        ("raadsleden", 100, None),
        ("wethouders", 90, None),
    ]


def test_identifiers_and_free_text_are_nowhere_in_landing(study: MiniStudy):
    land_all(study.settings)
    write_register(study.settings)
    for path in study.settings.home.rglob("*.parquet"):
        table = parquet.read_table(path)
        assert not {"RESPNR", "MAIL", "OPM"} & set(table.column_names)
        text = str(table.to_pylist())
        for name in ("'RESPNR'", "'MAIL'", "'OPM'", "voorbeeld.example", "geen'"):
            assert name not in text
    for path in study.settings.home.rglob("*.parquet"):
        assert b"voorbeeld.example" not in path.read_bytes()


def test_landing_is_for_its_owner_alone(study: MiniStudy):
    land_all(study.settings)
    write_register(study.settings)
    for path in [study.settings.landing, *study.settings.landing.rglob("*")]:
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


def test_nothing_is_left_beside_landing(study: MiniStudy):
    land_all(study.settings)
    assert sorted(path.name for path in study.settings.home.iterdir()) == [
        "landing",
        "landing_incoming",
        "privacy",
    ]
    assert list((study.settings.home / "landing_incoming").iterdir()) == []


def test_landing_is_skipped_while_the_input_is_the_same(study: MiniStudy):
    assert new_waves(study) == list(WAVES)
    before = {path: path.stat().st_mtime_ns for path in study.settings.landing.rglob("*.parquet")}
    assert new_waves(study) == []
    assert {path: path.stat().st_mtime_ns for path in study.settings.landing.rglob("*.parquet")} == before


def test_landing_twice_gives_the_same_bytes(study: MiniStudy):
    land_all(study.settings)
    before = {path: path.read_bytes() for path in study.settings.landing.rglob("*.parquet")}
    for path in before:
        path.unlink()
    land_all(study.settings)
    assert {path: path.read_bytes() for path in study.settings.landing.rglob("*.parquet")} == before


@pytest.mark.parametrize("change", ["answers", "manifest", "key", "lost_table", "damaged_table"])
def test_landing_is_written_anew_when_anything_that_made_it_changed(study: MiniStudy, change: str):
    land_all(study.settings)
    if change == "answers":
        study.write_answers(WAVE, V2=2.0)
        study.lock(WAVE)
    elif change == "manifest":
        study.write_manifest(WAVE, {"note": "other"})
    elif change == "key":
        (study.settings.home / "privacy" / "pseudonym.key").unlink()
    elif change == "lost_table":
        (study.landed(WAVE) / "values.parquet").unlink()
    else:
        (study.landed(WAVE) / "delivery.parquet").write_bytes(b"PAR1")
    assert new_waves(study) == (list(WAVES) if change == "key" else [WAVE])
    assert new_waves(study) == []


def test_a_superseded_version_is_not_landed(study: MiniStudy):
    land_all(study.settings)
    study.redeliver(WAVE, V2=2.0)
    assert new_waves(study) == [WAVE]
    (delivery,) = rows(study, "delivery")
    assert (delivery["delivery_version"], delivery["path"]) == (2, "v2/ambtsdragers.sav")
    assert {row["V2"] for row in rows(study, "answers")} == {2.0}


def test_a_redelivery_keeps_the_pseudonyms(study: MiniStudy):
    land_all(study.settings)
    before = [row["_respondent"] for row in rows(study, "answers")]
    study.redeliver(WAVE, V2=2.0)
    land_all(study.settings)
    assert [row["_respondent"] for row in rows(study, "answers")] == before
    assert not set(before) & {row["_respondent"] for row in rows(study, "answers", "mini_2022")}


def test_a_panel_member_has_one_pseudonym_in_every_wave_of_the_panel(study: MiniStudy):
    for wave, panel in ((WAVE, "flits"), ("mini_2022", "flits")):
        study.write_manifest(wave, {"panel": panel, "panel_id": "RESPNR"})
    land_all(study.settings)
    first, second = (
        [row["_panel_member"] for row in rows(study, "answers", wave)] for wave in (WAVE, "mini_2022")
    )
    assert first == second
    assert len(set(first)) == 120
    assert not set(first) & {row["_respondent"] for row in rows(study, "answers")}
    study.write_manifest("mini_2022", {"panel": "other"})
    land_all(study.settings)
    assert not set(first) & {row["_panel_member"] for row in rows(study, "answers", "mini_2022")}


def test_who_is_no_member_of_the_panel_has_no_key(study: MiniStudy):
    study.write_answers(WAVE, N1=[None, *range(1, 120)])
    study.write_manifest(WAVE, {"panel": "flits", "panel_id": "N1"})
    study.lock(WAVE)
    land_wave(study.settings, WAVE)
    landed = rows(study, "answers")
    # The first row has no number, and 99 is declared missing.
    assert [row["_row"] for row in landed if row["_panel_member"] is None] == [1, 100]
    assert len({row["_panel_member"] for row in landed}) == 119
    assert "N1" not in landed[0], "a panel number is never landed"


def test_a_file_without_respondent_ids_lands_by_row(study: MiniStudy):
    study.write_manifest(WAVE, {"respondent_id": None, "identifiers": ["MAIL", "RESPNR"]})
    land_all(study.settings)
    assert len({row["_respondent"] for row in rows(study, "answers")}) == 120


def test_progress_is_told_before_each_file(study: MiniStudy):
    told: list[tuple[str, str, int, int]] = []
    land_all(study.settings, progress=lambda *step: told.append(step))
    assert told == [("mini_2020", FILE_ID, 1, 2), ("mini_2022", FILE_ID, 2, 2)]


def test_one_wave_can_land_and_a_broken_manifest_elsewhere_does_not_stop_it(study: MiniStudy):
    study.write_manifest("mini_2022", supplier=None)
    assert [file.wave_id for file in land_wave(study.settings, WAVE)] == [WAVE]
    with pytest.raises(DeliveryProblems, match="supplier"):
        land_wave(study.settings, "mini_2022")


def test_waves_that_cannot_land(study: MiniStudy):
    with pytest.raises(DeliveryProblems) as caught:
        land_all(study.settings, waves=["mini_2021"])
    (problem,) = caught.value.problems
    assert (problem.kind, problem.exit_code) == ("unknown_wave", 2)
    (study.folder(WAVE) / "delivery.yml").unlink()
    with pytest.raises(DeliveryProblems) as caught:
        land_wave(study.settings, WAVE)
    assert [problem.kind for problem in caught.value.problems] == ["missing_manifest"]
    study.folder(WAVE).rename(study.root / "moved")
    with pytest.raises(DeliveryProblems) as caught:
        land_wave(study.settings, WAVE)
    assert [problem.kind for problem in caught.value.problems] == ["no_delivery"]


def test_a_manifest_that_reads_the_file_otherwise_than_the_lock(study: MiniStudy):
    study.file(WAVE).unlink()
    study.file(WAVE, "a.csv").write_text("RESPNR;WEEG\n1;1\n2;1\n")
    fields = {
        "path": "a.csv",
        "format": "csv",
        "delimiter": ";",
        "strata": [],
        "identifiers": [],
        "free_text": [],
        "response": [],
    }
    study.write_manifest(WAVE, fields)
    study.lock(WAVE)
    lock = study.folder(WAVE) / "delivery.lock"
    lock.write_text(lock.read_text().replace("rows: 2", "rows: 3"))
    with pytest.raises(DeliveryProblems, match="wrong_shape"):
        land_wave(study.settings, WAVE)


def refused(study: MiniStudy) -> tuple[str, str, str]:
    """Kind, variable and message of the only problem."""
    study.lock(WAVE)
    with pytest.raises(DeliveryProblems) as caught:
        land_wave(study.settings, WAVE)
    (problem,) = caught.value.problems
    return problem.kind, problem.variable, problem.message


PLAIN = {"strata": [], "identifiers": [], "free_text": [], "response": []}


def deliver_csv(study: MiniStudy, weights: list[str], codebook: str = "") -> None:
    """The wave as a CSV with a decimal comma, and with a codebook if one is given."""
    study.file(WAVE).unlink()
    lines = [f"{number};{weight}" for number, weight in enumerate(weights, start=1)]
    study.file(WAVE, "a.csv").write_text("\n".join(["RESPNR;WEEG", *lines]) + "\n")
    fields = {"path": "a.csv", "format": "csv", "delimiter": ";", "decimal": ",", **PLAIN}
    if codebook:
        study.file(WAVE, "c.csv").write_text(codebook)
        fields["codebook"] = "c.csv"
    study.write_manifest(WAVE, fields)


def deliver_xlsx(study: MiniStudy, rows: list[list[object]], **fields: object) -> None:
    """The wave as a workbook with these rows below the names."""
    study.file(WAVE).unlink()
    book = openpyxl.Workbook()
    for row in [["RESPNR", "WEEG", "LAAG", "V1", "OPM"], *rows]:
        book.active.append(row)
    book.save(study.file(WAVE, "a.xlsx"))
    study.write_manifest(WAVE, {"path": "a.xlsx", "format": "xlsx", **PLAIN, **fields})


@pytest.mark.parametrize(
    ("weights", "kind", "said"),
    [
        ([1e300, *[1.0] * 119], "absurd_weight", "1 of 120 rows have a weight above 1e+09"),
        ([1e-300, 1e-300, *[1.0] * 118], "absurd_weight", "2 of 120 rows"),
        ([float("inf"), *[1.0] * 119], "weight_not_finite", "1 of 120 rows"),
    ],
)
def test_weights_that_are_no_weights(study: MiniStudy, weights: list[float], kind: str, said: str):
    study.write_answers(WAVE, WEEG=weights)
    found = refused(study)
    assert found[:2] == (kind, "WEEG")
    assert said in found[2]


def test_large_and_small_weights_are_weights(study: MiniStudy):
    study.write_answers(WAVE, WEEG=[1e6, 1e-4, *[1.0] * 118])
    study.lock(WAVE)
    assert [file.n_rows for file in land_wave(study.settings, WAVE)] == [120]


def test_a_weight_that_is_declared_missing_is_no_amount(study: MiniStudy):
    deliver_csv(
        study, ["1,5", "9", "-1"], "variable;code;label;is_missing\nWEEG;9;onbekend;ja\nWEEG;-1;;ja\n"
    )
    assert refused(study) == ("missing_weight", "WEEG", "2 of 3 rows have no weight")


@pytest.mark.parametrize("cell", ["veel", "inf", "nan", "1.5"])
def test_one_cell_that_is_no_weight(study: MiniStudy, cell: str):
    deliver_csv(study, ["1,5", cell, "1"])
    found = refused(study)
    assert found == ("weight_not_numeric", "WEEG", "1 of 3 cells is no number with decimal ','")
    assert cell not in found[2]


@pytest.mark.parametrize(
    "ids",
    [
        ["A", " A", "B"],
        ["0002", "2", "B"],
        ["2", "2.0", "B"],
        ["2", " 02,0 ", "B"],
        ["2", "\uff12", "B"],
        ["A", "A\u200b", "B"],
    ],
)
def test_ids_that_people_read_as_one(study: MiniStudy, ids: list[str]):
    study.write_answers(WAVE, RESPNR=[*ids, *[f"x{row}" for row in range(117)]])
    assert refused(study) == (
        "duplicate_respondent",
        "RESPNR",
        "1 of 120 rows have the respondent id of an earlier row but for blanks, leading zeros or a decimal zero",
    )


def test_ids_that_only_look_alike_land(study: MiniStudy):
    ids = ["A", "a", "A1", "01", "2.5", "25", "90071992547409931", "90071992547409932", "0"]
    study.write_answers(WAVE, RESPNR=[*ids, *[f"x{row}" for row in range(111)]])
    study.lock(WAVE)
    assert [file.n_rows for file in land_wave(study.settings, WAVE)] == [120]


@pytest.mark.parametrize(
    ("rows", "fields", "variable", "said"),
    [
        ([["=1+1", 1, "a", 1, ""], ["b", 1, "a", 1, ""]], {}, "RESPNR", "1 cell holds a formula"),
        ([[1, "=1+1", "a", 1, ""], [2, 1, "a", 1, ""]], {}, "WEEG", "1 cell holds a formula, of 2"),
        ([[1, "x", "a", 1, ""], [2, True, "a", 1, ""]], {}, "WEEG", "1 cell holds a truth value, 1 cell holds text, of 2"),
        ([[1, 1, "=A1", 1, ""], [2, 1, "a", 1, ""]], {"strata": ["LAAG"]}, "LAAG", "1 cell holds a formula"),
        ([[1, 1, "a", "=1+1", ""], [2, 1, "a", 1, ""]], {}, "V1", "1 cell holds a formula, among numbers"),
        ([[1, 1, "a", dt.date(2020, 2, 1), ""], [2, 1, "a", 1, ""]], {}, "V1", "1 cell holds a date, among numbers"),
        ([[1, 1, "a", "#DIV/0!", ""], [2, 1, "a", 1, ""]], {}, "V1", "1 cell holds an error, among numbers"),
    ],
)  # fmt: skip
def test_cells_of_a_workbook_that_hold_no_answer(study: MiniStudy, rows, fields, variable: str, said: str):
    deliver_xlsx(study, rows, **fields)
    kind, found, message = refused(study)
    assert (kind, found, message) == (
        "weight_not_numeric" if variable == "WEEG" else "no_plain_cell",
        variable,
        said,
    )


def test_formulas_land_as_text_among_text_and_not_at_all_in_what_is_never_landed(study: MiniStudy):
    rows_ = [[1, 1, "=A1", dt.date(2020, 2, 1), 5], [2, 1, "laag", dt.date(2021, 2, 1), "=A1"]]
    deliver_xlsx(study, rows_, free_text=["OPM"])
    study.lock(WAVE)
    land_wave(study.settings, WAVE)
    landed = rows(study, "answers")
    assert [row["LAAG"] for row in landed] == ["=A1", "laag"]
    assert [row["V1"] for row in landed] == ["2020-02-01T00:00:00", "2021-02-01T00:00:00"]
    assert "OPM" not in landed[0]


@pytest.mark.parametrize(
    ("fields", "columns", "kind"),
    [
        ({"psu": "V3"}, {}, "missing_design_value"),
        ({"psu_population": "V3"}, {}, "missing_design_value"),
        ({}, {"RESPNR": [None, *range(119)]}, "missing_respondent_id"),
        ({"panel": "p", "panel_id": "N1"}, {"N1": [None] * 120}, "no row has a panel id"),
        (
            {"panel": "p", "panel_id": "N1"},
            {"N1": [7.0, 7.0, *[None] * 118]},
            "1 of 120 rows repeat the panel id",
        ),
    ],
)
def test_respondents_and_design_must_be_whole(study: MiniStudy, fields: dict, columns: dict, kind: str):
    study.write_answers(WAVE, **columns)
    study.write_manifest(WAVE, fields)
    study.lock(WAVE)
    with pytest.raises(DeliveryProblems, match=kind):
        land_wave(study.settings, WAVE)


@pytest.mark.parametrize(
    ("fields", "sizes", "said"),
    [
        ({}, [0.0] * 120, "2 of 2 strata have a number of units that is zero or negative"),
        ({}, [-5.0] * 60 + [60.0] * 60, "1 of 2 strata have a number of units that is zero or negative"),
        (
            {},
            [59.0] * 60 + [60.0] * 60,
            "1 of 2 strata have fewer units in the population than in the sample",
        ),
        ({}, [100.0] + [101.0] * 119, "1 of 2 strata have more than one number of units"),
        (
            {"psu": "PSU", "ssu_population": "GROOTTE"},
            [9.0] * 10 + [10.0] * 110,
            "1 of 12 primary units have fewer units in the population than in the sample",
        ),
    ],
)
def test_population_sizes_that_cannot_be(study: MiniStudy, fields: dict, sizes: list[float], said: str):
    psu = {"PSU": [float(row // 10) for row in range(120)], "AANTAL": 500.0}
    study.write_answers(WAVE, GROOTTE=sizes, **psu)
    study.write_manifest(WAVE, {"psu_population": "AANTAL" if fields else "GROOTTE", **fields})
    assert refused(study) == ("population_size_impossible", "GROOTTE", said)


def test_population_sizes_of_the_sample_itself_and_above_land(study: MiniStudy):
    # The last row weighs nothing: it is no part of the sample of sixty.
    study.write_answers(WAVE, GROOTTE=[60.0] * 60 + [59.0] * 60, WEEG=[*[1.0] * 119, 0.0])
    study.write_manifest(WAVE, {"psu_population": "GROOTTE"})
    study.lock(WAVE)
    assert [file.n_rows for file in land_wave(study.settings, WAVE)] == [120]


@pytest.mark.parametrize("repeated", [3, 0])
def test_a_member_of_a_panel_answers_in_one_file_of_a_wave(study: MiniStudy, repeated: int):
    first = study.manifests[WAVE]["files"][0]
    first |= {"panel": "flits", "panel_id": "RESPNR"}
    study.write_answers(WAVE, "tweede.sav", RESPNR=[float(1120 - repeated + row) for row in range(120)])
    study.manifests[WAVE]["files"].append({**copy.deepcopy(first), "file_id": "tweede", "path": "tweede.sav"})
    study.write_manifest(WAVE)
    study.lock(WAVE)
    if not repeated:
        assert len(land_wave(study.settings, WAVE)) == 2
        return
    for _ in range(2):  # also when both stand in landing already
        with pytest.raises(DeliveryProblems) as caught:
            land_wave(study.settings, WAVE)
        (problem,) = caught.value.problems
        assert (problem.kind, problem.variable) == ("panel_id", "RESPNR")
        assert problem.message == ("3 of 120 rows have a panel id that a row of ambtsdragers.sav has too")


# The register


def test_the_register_lists_every_landed_file(study: MiniStudy):
    land_all(study.settings)
    register = write_register(study.settings)
    assert [(row["wave_id"], row["file_id"]) for row in register.deliveries] == [
        (wave, FILE_ID) for wave in WAVES
    ]
    assert load_register(study.settings) == register
    assert write_register(study.settings).hash == register.hash
    study.write_answers(WAVE, V2=2.0)
    study.lock(WAVE)
    land_all(study.settings)
    assert write_register(study.settings).hash != register.hash


def test_what_leaves_the_raw_folder_leaves_landing(study: MiniStudy):
    land_all(study.settings)
    write_register(study.settings)
    study.folder(WAVE).rename(study.root / "moved")
    land_all(study.settings)
    register = write_register(study.settings)
    assert [row["wave_id"] for row in register.deliveries] == ["mini_2022"]
    assert not (study.settings.landing / WAVE).exists()


def test_a_file_that_leaves_the_manifest_leaves_landing(study: MiniStudy):
    land_all(study.settings)
    study.write_manifest(WAVE, {"file_id": "anders"})
    land_all(study.settings)
    assert [path.name for path in (study.settings.landing / WAVE).iterdir()] == ["anders"]


def test_no_register_without_landing(study: MiniStudy):
    for action in (write_register, load_register):
        with pytest.raises(DeliveryProblems) as caught:
            action(study.settings)
        assert (caught.value.problems[0].kind, caught.value.exit_code) == ("nothing_landed", 2)
