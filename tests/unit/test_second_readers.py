"""The other second readers, and the rules by which two readings of a cell are the same."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from orchestration.deliveries import read_csv, read_xlsx
from orchestration.deliveries.second_reading import text_blocks, worksheet_bombs
from orchestration.deliveries.second_reading.cell_rules import text_of
from orchestration.deliveries.second_reading.comparing import compare
from orchestration.deliveries.second_reading.delimited import read_text_again
from orchestration.deliveries.second_reading.differences import Difference
from orchestration.deliveries.second_reading.moments import same_moment
from orchestration.deliveries.second_reading.number_cells import number_of
from orchestration.deliveries.second_reading.pspp_dictionary import dictionary_of
from orchestration.deliveries.second_reading.remains import Remains
from orchestration.deliveries.second_reading.second_table import CannotReadAgain
from orchestration.deliveries.second_reading.stata_file import read_stata_again
from orchestration.deliveries.second_reading.text_rules import (
    DIFFERENT,
    REPAIRED,
    SAME,
    TextRule,
    compared_text,
)
from orchestration.deliveries.second_reading.worksheet import read_worksheet_again
from orchestration.deliveries.source_table import NUMERIC, STRING, SourceTable, SourceValue, SourceVariable

CODEBOOK = (
    "variable;variable_label;code;label;is_missing;mr_set\n"
    "V1;Vraag één;1;Ja;false;\nV1;;2;Nee;false;\nV1;;9,5;Weet niet;true;\nT;Tekst;a;Eerste;;\n"
)
CSV = "NR;V1;T;L\n1;1;a;007\n2;9,5;\"b;c\n'd'\";008\n3;;;\n\n4;2;é;1\n"


@pytest.fixture
def delivered(tmp_path: Path) -> tuple[Path, Path]:
    path, codebook = tmp_path / "a.csv", tmp_path / "codes.csv"
    path.write_text(CSV, encoding="utf-8")
    codebook.write_text(CODEBOOK, encoding="utf-8")
    return path, codebook


def told(source: SourceTable, second) -> list[tuple[str, str, int, tuple]]:
    return [(d.aspect, d.variable, d.count, d.rows or d.codes) for d in compare(source, second).differences]


def test_csv_and_its_codebook_are_read_again(delivered: tuple[Path, Path]):
    path, codebook = delivered
    source = read_csv(path, ";", ",", codebook=codebook)
    assert told(source, read_text_again(path, ";", ",", None, codebook)) == []
    # As it stands, and as the codebook says, in what the other reading is made of.
    path.write_text(CSV.replace("3;;;", "3;;x;"), encoding="utf-8")
    codebook.write_text(CODEBOOK.replace("Nee", "Neen").replace("true", "false"), encoding="utf-8")
    assert told(source, read_text_again(path, ";", ",", None, codebook)) == [
        ("value labels", "V1", 1, ("2",)),
        ("missing declaration", "V1", 1, ("9.5",)),
        ("cells", "T", 1, (3,)),
    ]


def test_a_number_that_lost_its_zeros_differs(delivered: tuple[Path, Path]):
    path, _ = delivered
    source = read_csv(path, ";", ",")
    frame = source.frame.assign(L=[7.0, 8.0, np.nan, 1.0])
    variables = [
        SourceVariable(v.position, v.variable_name, "", NUMERIC if v.variable_name == "L" else v.storage_type)
        for v in source.variables
    ]
    wrong = SourceTable(frame, variables, [])
    assert told(wrong, read_text_again(path, ";", ",", None)) == [("cells", "L", 2, (1, 2))]


def test_csv_in_another_encoding_and_longer_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "b.csv"
    rows = "".join(f"{row},één{'x' * (row % 7)}\n" for row in range(2000))
    path.write_text("NR,T\n" + rows, encoding="cp1252")
    source = read_csv(path, encoding="cp1252")
    monkeypatch.setattr(text_blocks, "BLOCK_BYTES", 4096)
    again = read_text_again(path, ",", ".", "cp1252")
    assert len(list(again.blocks())) > 3
    assert told(source, again) == []
    # Not told its encoding, the other reader loses the letters: repaired, not different.
    comparison = compare(source, read_text_again(path, ",", ".", None))
    assert (comparison.differences, comparison.repaired) == ([], 2000)


def test_rows_of_another_length_are_refused_without_their_content(tmp_path: Path):
    path = tmp_path / "c.csv"
    path.write_text("A,B\n1,2\nGEHEIM\n")
    with pytest.raises(CannotReadAgain) as caught:
        list(read_text_again(path, ",", ".", None).blocks())
    assert "GEHEIM" not in str(caught.value)


def test_a_workbook_is_read_again(tmp_path: Path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "data"
    sheet.append(["NR", "V1", "T", "D"])
    sheet.append([1, 0.125, "a ", dt.datetime(2020, 2, 1)])
    sheet.append([2, None, 7, dt.datetime(2020, 2, 1, 5, 6, 7)])
    sheet.append([3, 5, True, dt.time(5, 6)])
    codes = book.create_sheet("codeboek")
    codes.append(["variable", "code", "label", "is_missing"])
    codes.append(["V1", 5, "Vijf", "true"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    source = read_xlsx(path, codebook_sheet="codeboek")
    assert told(source, read_worksheet_again(path, None, codebook_sheet="codeboek")) == []
    sheet["B2"] = 0.25
    sheet["C4"] = False
    codes["C2"] = "Zes"
    book.save(path)
    assert told(source, read_worksheet_again(path, "data", codebook_sheet="codeboek")) == [
        ("value labels", "V1", 1, ("5",)),
        ("cells", "V1", 1, (1,)),
        ("cells", "T", 1, (3,)),
    ]


def test_a_workbook_that_unfolds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    book = openpyxl.Workbook()
    book.active["A1"] = "NR"
    book.active["XFD1048576"] = 1
    path = tmp_path / "far.xlsx"
    book.save(path)
    with pytest.raises(CannotReadAgain, match="span more than"):
        read_worksheet_again(path, None)
    book = openpyxl.Workbook()
    book.active.append(["NR"])
    book.active.append([1])
    book.save(path)
    assert read_worksheet_again(path, None).columns[0].name == "NR"
    monkeypatch.setattr(worksheet_bombs, "MOST_BYTES", 1000)
    with pytest.raises(CannotReadAgain, match="unfolds"):
        read_worksheet_again(path, None)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(CannotReadAgain, match="archive"):
        read_worksheet_again(path, None)


def test_a_stata_file_is_read_again(tmp_path: Path):
    path = tmp_path / "a.dta"
    pyreadstat.write_dta(
        pd.DataFrame(
            {
                "K": pd.Series([1.0, "a", None, 102.0], dtype=object),
                "T": ["a", "é  ", "", "zz"],
                "W": [0.1, 1 / 3, 1, 2],
            }
        ),
        str(path),
        version=14,
        column_labels=["Keuze", "Tekst", "Gewicht"],
        missing_user_values={"K": ["a"]},
        variable_value_labels={"K": {1.0: "Ja", 102.0: "Veel", "a": "Weigert"}},
    )
    frame = pd.DataFrame(
        {
            "K": [1.0, np.nan, np.nan, 102.0],
            "T": pd.Series(["a", "é", None, "zz"], dtype=object),
            "W": [0.1, 1 / 3, 1, 2],
        }
    )
    variables = [
        SourceVariable(1, "K", "Keuze", NUMERIC),
        SourceVariable(2, "T", "Tekst", STRING),
        SourceVariable(3, "W", "Gewicht", NUMERIC),
    ]
    values = [
        SourceValue("K", code, label, code == ".a")
        for code, label in [("1", "Ja"), ("102", "Veel"), (".a", "Weigert")]
    ]
    source = SourceTable(frame, variables, values)
    # Our table of Stata's reasons is not there: the one cell with a reason differs, and nothing else.
    assert told(source, read_stata_again(path)) == [("cells", "K", 1, (2,))]
    values[0] = SourceValue("K", "1", "Nee", False)
    assert told(source, read_stata_again(path))[0] == ("value labels", "K", 1, ("1",))
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(CannotReadAgain):
        read_stata_again(path)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("a", "a   ", SAME),
        (None, "", SAME),
        ("a\0", "a", SAME),
        (" a", "a", DIFFERENT),
        ("a", "b", DIFFERENT),
        ("", "a", DIFFERENT),
        ("Ja", "Ja?", DIFFERENT),
        ("Ja?", "Ja", DIFFERENT),
        ("één", "??n", REPAIRED),
        ("één", "\ufffd\ufffdn", REPAIRED),
        ("één", "Ã©Ã©n", REPAIRED),
        ("Één?", "Ã?Ã©n?", REPAIRED),
        ("één", "??m", DIFFERENT),
        ("één", "een", DIFFERENT),
        ("één", "?en", DIFFERENT),
        ("e", "?", DIFFERENT),
    ],
)
def test_texts(ours: str | None, theirs: str | None, expected: str):
    assert compared_text(ours, theirs) == expected


def test_a_letter_that_was_cut_through_is_repaired_only_where_something_was():
    assert compared_text("Ja", "Ja?", TextRule(may_be_cut=True)) == REPAIRED
    assert compared_text("Ja", "Ja?", TextRule()) == DIFFERENT
    assert compared_text("J", "Ja?", TextRule(may_be_cut=True)) == DIFFERENT
    assert compared_text("c\0d", "c", TextRule(ends_at_nul=True)) == SAME
    assert compared_text("c\0d", "c") == DIFFERENT
    assert compared_text("’", "\x92", TextRule(encoding="cp1252")) == REPAIRED


@pytest.mark.parametrize(
    ("content", "decimal", "expected"),
    [
        ("1", ".", 1.0), ("1,5", ",", 1.5), ("1.5", ",", None), ("-0.5", ".", -0.5), ("1e3", ".", 1000.0),
        (".5", ".", 0.5), ("007", ".", None), ("0", ".", 0.0), ("x", ".", None), ("", ".", None), ("1_0", ".", None),
        ("nan", ".", None), (True, ".", None), (3, ".", 3.0), ("0.1", ".", 0.1), ("1e999", ".", np.inf),
    ],
)  # fmt: skip
def test_numbers(content: object, decimal: str, expected: float | None):
    assert number_of(content, decimal) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (1.0, "1"), (1.5, "1.5"), (True, "TRUE"), ("a", "a"), (None, None),
        (dt.date(2020, 2, 1), "2020-02-01T00:00:00"), (dt.datetime(2020, 2, 1, 5), "2020-02-01T05:00:00"),
        (dt.time(5, 6), "05:06:00"), (dt.timedelta(hours=30, seconds=1.5), "30:00:01.500000"),
        (dt.timedelta(seconds=-90), "-00:01:30"),
    ],
)  # fmt: skip
def test_typed_cells_as_text(content: object, expected: str | None):
    assert text_of(content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("2020-02-02", True), ("02-02-2020", True), ("02-FEB-2020", True), ("02/02/2020 05:20:00", True),
        ("2020-02-02T05:20:00", True), ("02/02/2020 05:20:01", False), ("2020-02-03", False), ("", False),
        (dt.date(2020, 2, 2), True), (dt.datetime(2020, 2, 2, 5, 20), True), (dt.datetime(2020, 2, 2), False),
    ],
)  # fmt: skip
def test_moments_of_spss(content: object, expected: bool):
    assert same_moment(13_800_000_000.0, "DATETIME20", content) is expected
    assert not same_moment(13_800_000_000.0, "F8.2", content)


def test_spans_and_days_of_stata():
    assert same_moment(100_000.0, "TIME8", "27:46:40")
    assert same_moment(-1.0, "TIME8", "-00:00:01")
    assert same_moment(100_000.0, "DTIME20", "1 03:46:40")
    assert not same_moment(100_000.0, "TIME8", "03:46:40")
    assert same_moment(21_946.0, "%td", "2020-02-01")
    assert same_moment(1_896_134_400_000.0, "%tc", dt.datetime(2020, 2, 1))
    assert not same_moment(1e300, "DATETIME20", "2020-02-01")


def test_remains_of_earlier_texts_are_told_from_differences():
    remains = Remains()
    assert remains.accounts_for("MESQUITE ISD", "MESQUITE ISD", 15)
    assert remains.accounts_for("PORTER EL", "PORTER ELISD", 15)
    assert remains.accounts_for("", " O", 2)  # one blank stands in the file
    assert not remains.accounts_for("PORTER", "PORTER EL", 15)
    assert not remains.accounts_for("PORTER EL", "PORTAL EL", 15)


def test_a_dictionary_is_read_from_what_pspp_prints():
    output = (
        'Table: Variables\nName,Position,Label,Print Format,Missing Values\nv1,1,"Een, ""twee""",F8.2,LOWEST THRU -1; 9\n'
        'v2,2,,A6,"""zz    ""; ""q     """\n\nTable: Value Labels\nVariable Value,,Label\nv1,9.00[a],niet\n'
        "Footnote: a. User-missing value\n\n"
        'Table: Variables\nName,Position,Label,Print Format\nv1,1,"Een, ""twee""",E40.16\nv2,2,,A6\n\n'
        'Table: Value Labels\nVariable Value,,Label\nv1,9.000000000000000E+000,niet\n,1.5E+000,"a\nb"\nv2,zz,leeg\n'
    )
    first, second = dictionary_of(output)
    assert (first.variable_label, first.missing, first.value_labels) == (
        'Een, "twee"',
        ("-inf..-1", "9"),
        {"9": "niet", "1.5": "a\nb"},
    )
    assert (second.is_text, second.width, second.missing, second.value_labels) == (
        True,
        6,
        ("zz", "q"),
        {"zz": "leeg"},
    )
    with pytest.raises(CannotReadAgain):
        dictionary_of(output.replace("9.000000000000000E+000", "9.00[a]"))


def test_an_unknown_aspect_is_a_mistake():
    with pytest.raises(ValueError, match="no aspect"):
        Difference("colour")
