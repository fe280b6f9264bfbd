"""Readers: every value, label and missing declaration as delivered, or a refusal that says why."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest
from openpyxl.worksheet.formula import ArrayFormula

from orchestration.deliveries import DeliveryProblems, read_csv, read_por, read_sav, read_xlsx
from orchestration.deliveries.header_line import seen_delimiter
from orchestration.deliveries.number_text import parse_numbers
from orchestration.deliveries.source_table import SourceTable, canonical_code, in_missing_declaration


def refusal(action: Callable[[], object]) -> tuple[str, int, str]:
    """Kind, exit code and text of the only problem."""
    with pytest.raises(DeliveryProblems) as caught:
        action()
    (problem,) = caught.value.problems
    return problem.kind, problem.exit_code, str(problem)


def codes(table: SourceTable, variable: str) -> list[tuple[str, str, bool]]:
    return [(v.code, v.value_label, v.is_user_missing) for v in table.values if v.variable_name == variable]


@pytest.fixture(params=["plain.sav", "row.sav", "block.zsav"])
def sav(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The same 300 rows in the three kinds of compression."""
    frame = pd.DataFrame(
        {
            "NR": np.arange(300, dtype=float),
            "V1": [1.0, 2.0, np.nan, 9.0, 97.5, 98.0] * 50,
            "T1": ["a", "", "bb  ", "x,y", "é", "zz"] * 50,
            "LANG": ["w" * 300] * 300,
            "DATUM": [13_800_000_000.0, 1e14] * 150,
        }
    )
    path = tmp_path / request.param
    pyreadstat.write_sav(
        frame,
        str(path),
        file_label="Proef",
        column_labels=["Nummer", "Vraag één", "", "Lang", "Datum"],
        variable_value_labels={"V1": {1: "Ja", 2: "Nee", 9: "Weet niet"}, "T1": {"a": "Eerste"}},
        missing_ranges={"V1": [9, {"lo": 97, "hi": 99}], "T1": ["zz"]},
        variable_measure={"V1": "nominal"},
        variable_format={"DATUM": "DATETIME20"},
        row_compress=request.param == "row.sav",
        compress=request.param == "block.zsav",
    )
    return path


def test_sav_keeps_values_labels_and_missing_declarations(sav: Path):
    table = read_sav(sav)
    v1 = next(variable for variable in table.variables if variable.variable_name == "V1")
    assert (v1.position, v1.variable_label, v1.storage_type, v1.measure) == (
        2,
        "Vraag één",
        "numeric",
        "nominal",
    )
    assert set(v1.missing_declaration.split("|")) == {"97..99", "9"}
    assert codes(table, "V1") == [
        ("1", "Ja", False),
        ("2", "Nee", False),
        ("9", "Weet niet", True),
        ("97.5", "", True),
        ("98", "", True),
    ]
    assert codes(table, "T1") == [("a", "Eerste", False), ("zz", "", True)]
    first = table.frame["V1"].head(6).tolist()
    assert first[:2] + first[3:] == [1.0, 2.0, 9.0, 97.5, 98.0]
    assert np.isnan(first[2])
    assert table.frame["T1"].head(6).tolist() == ["a", None, "bb", "x,y", "é", "zz"]
    assert table.frame["LANG"].str.len().unique().tolist() == [300]
    # Dates beyond what pandas can hold stay the numbers that they are.
    assert table.frame["DATUM"].tolist()[:2] == [13_800_000_000.0, 1e14]
    assert (table.file_label, table.encoding, len(table.frame)) == ("Proef", "utf-8", 300)


@pytest.mark.parametrize("share", [0.99, 0.9, 0.5, 0.1])
def test_truncated_sav_is_refused(sav: Path, share: float):
    data = sav.read_bytes()
    sav.write_bytes(data[: int(len(data) * share)])
    kind, exit_code, text = refusal(lambda: read_sav(sav))
    assert (kind in ("truncated_file", "damaged_file"), exit_code) == (True, 2)
    assert "cut off" in text


def test_sav_that_ends_in_its_header(tmp_path: Path):
    path = tmp_path / "a.sav"
    path.write_bytes(b"$FL2@(#) SPSS")
    assert refusal(lambda: read_sav(path))[:2] == ("truncated_file", 2)


def test_rows_are_compared_with_the_header(sav: Path):
    data = bytearray(sav.read_bytes())
    assert struct.unpack_from("<i", data, 80) == (300,)
    for announced in (350, 299, 0):
        data[80:84] = struct.pack("<i", announced)
        sav.write_bytes(data)
        kind, exit_code, text = refusal(lambda: read_sav(sav))
        assert (kind, exit_code) == ("truncated_file", 2)
        assert f"announces {announced} rows, and it holds 300" in text


def test_a_header_without_a_count_is_no_fault(sav: Path):
    data = bytearray(sav.read_bytes())
    data[80:84] = struct.pack("<i", -1)
    sav.write_bytes(data)
    assert len(read_sav(sav).frame) == 300


def test_text_that_is_not_in_the_claimed_encoding_is_read_all_the_same(tmp_path: Path):
    path = tmp_path / "a.sav"
    frame = pd.DataFrame({"V1": [1.0], "T1": ["caféx"]})
    pyreadstat.write_sav(frame, str(path), variable_value_labels={"V1": {1.0: "zéker"}})
    # The dictionary goes on claiming UTF-8; é becomes the single byte that cp1252 has for it.
    path.write_bytes(
        path.read_bytes().replace("éx".encode(), b"\xe9x ").replace("éker".encode(), b"\xe9ker ")
    )
    table = read_sav(path)
    assert (table.encoding, table.frame["T1"][0], codes(table, "V1")) == (
        "cp1252",
        "caféx",
        [("1", "zéker", False)],
    )
    assert read_sav(path, encoding="iso-8859-1").frame["T1"][0] == "caféx"
    kind, exit_code, text = refusal(lambda: read_sav(path, encoding="utf-8"))
    assert (kind, exit_code) == ("wrong_encoding", 2)
    assert "cp1252" in text


def test_encrypted_and_foreign_files_say_so(tmp_path: Path):
    path = tmp_path / "a.sav"
    path.write_bytes(b"\x1c\x00\x00\x00\x00\x00\x00\x00ENCRYPTEDSAV" + bytes(400))
    assert refusal(lambda: read_sav(path))[:2] == ("encrypted_file", 2)
    path.write_bytes(b"PK\x03\x04" + bytes(400))
    assert refusal(lambda: read_sav(path))[:2] == ("not_spss", 2)
    assert "an .xlsx workbook" in refusal(lambda: read_sav(path))[2]
    path.unlink()
    assert refusal(lambda: read_sav(path))[:2] == ("missing_file", 2)
    path.mkdir()
    assert refusal(lambda: read_sav(path))[:2] == ("unreadable_file", 2)


@pytest.mark.parametrize(("read", "name"), [(read_sav, "a.sav"), (read_por, "a.por"), (read_xlsx, "a.xlsx")])
def test_a_file_without_a_byte_is_empty(tmp_path: Path, read: Callable, name: str):
    (tmp_path / name).write_bytes(b"")
    kind, exit_code, text = refusal(lambda: read(tmp_path / name))
    assert (kind, exit_code, "is empty" in text) == ("truncated_file", 2, True)


def test_open_ended_missing_ranges(tmp_path: Path):
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(
        pd.DataFrame({"V": [-5.0, 1.0]}), str(path), missing_ranges={"V": [{"lo": -np.inf, "hi": 0}]}
    )
    table = read_sav(path)
    assert table.variables[0].missing_declaration == "-inf..0"
    assert codes(table, "V") == [("-5", "", True)]


def test_por_that_is_none(tmp_path: Path):
    path = tmp_path / "a.por"
    path.write_bytes(b"$FL2" + bytes(1000))
    assert refusal(lambda: read_por(path))[:2] == ("not_spss", 2)


# Delimited text


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_csv_with_decimal_comma_leading_zeros_and_cp1252(tmp_path: Path):
    path = write(
        tmp_path / "a.csv",
        'Nr;Weeg;Code;Tekst\r\n1;1,5;0363;"één; twee"\r\n2;,5;0599;\r\n3;-2e1;;x \r\n',
        "cp1252",
    )
    table = read_csv(path, delimiter=";", decimal=",", encoding="cp1252")
    assert table.frame["Weeg"].tolist() == [1.5, 0.5, -20.0]
    assert table.frame["Code"].tolist() == ["0363", "0599", None]
    assert table.frame["Tekst"].tolist() == ["één; twee", None, "x"]
    assert [variable.storage_type for variable in table.variables] == [
        "numeric",
        "numeric",
        "string",
        "string",
    ]
    # The manifest need not name the encoding: the letters show it.
    unnamed = read_csv(path, delimiter=";", decimal=",")
    assert (unnamed.encoding, unnamed.frame["Tekst"].tolist()) == ("cp1252", table.frame["Tekst"].tolist())
    kind, exit_code, text = refusal(lambda: read_csv(path, delimiter=";", encoding="utf-8"))
    assert (kind, exit_code) == ("wrong_encoding", 2)
    assert "encoding: cp1252" in text


@pytest.mark.parametrize("encoding", [None, "utf-8", "UTF8", "utf-8-sig"])
def test_csv_byte_order_mark_and_blank_columns(tmp_path: Path, encoding: str | None):
    path = write(tmp_path / "a.csv", "\ufeffNr,Leeg\n1,\n2,\n")
    codebook = write(tmp_path / "c.csv", "\ufeffvariable,code,label\nNr,1,Een\n")
    table = read_csv(path, encoding=encoding, codebook=codebook)
    assert codes(table, "Nr") == [("1", "Een", False)]
    assert table.frame["Nr"].tolist() == [1.0, 2.0]
    assert table.frame["Leeg"].isna().all()
    assert table.frame["Leeg"].dtype == "float64"


@pytest.mark.parametrize(
    ("text", "kind", "exit_code"),
    [
        ("", "truncated_file", 2),
        ("Nr,Nr\n1,2\n", "duplicate_column", 1),
        ("Nr,NR\n1,2\n", "duplicate_column", 1),
        ("Nr,\n1,2\n", "unnamed_column", 1),
        ("Nr,_row\n1,2\n", "reserved_column", 1),
        ("Nr,V1\n1\n", "row_length", 2),
        ("Nr,V1\n1,2,3\n", "row_length", 2),
        ('Nr,V1\n1,"a\n', "truncated_file", 2),
        ('Nr,V1\n1,"a"b\n', "not_csv", 2),
        ("Nr;V1\n1;2\n", "wrong_delimiter", 2),
    ],
)
def test_csv_that_is_refused(tmp_path: Path, text: str, kind: str, exit_code: int):
    path = write(tmp_path / "a.csv", text)
    assert refusal(lambda: read_csv(path))[:2] == (kind, exit_code)


def test_csv_with_many_rows_of_another_length_is_told_briefly(tmp_path: Path):
    path = write(tmp_path / "a.csv", "a,b\n" + "1\n" * 500)
    with pytest.raises(DeliveryProblems) as caught:
        read_csv(path)
    assert len(caught.value.problems) == 6
    assert caught.value.problems[-1].message == "and 495 more like these"


def test_a_first_row_of_answers_is_never_shown(tmp_path: Path):
    answers = ["Jansen", "1", "1", "", *["x"] * 40]
    path = write(tmp_path / "a.csv", ",".join(answers) + "\n" + ",".join(answers) + "\n")
    book = workbook(tmp_path / "a.xlsx", {"data": [answers, answers]})
    for read, file in ((read_csv, path), (read_xlsx, book)):
        kind, exit_code, text = refusal(lambda read=read, file=file: read(file, declared=("RESPNR", "WEEG")))
        assert (kind, exit_code, "Jansen" in text) == ("no_header", 2, False)
        assert "none of RESPNR, WEEG" in text
        with pytest.raises(DeliveryProblems) as caught:
            read(file)
        assert "and 35 more like these" in str(caught.value)
        assert len(caught.value.problems) == 7
        assert "Jansen" not in str(caught.value)
    mail = write(tmp_path / "b.csv", "jan@voorbeeld.example,3\nx,4\n")
    kind, _, text = refusal(lambda: read_csv(mail))
    assert (kind, "voorbeeld" in text) == ("no_header", False)
    # A file of answers that is named as the codebook tells no more.
    good = write(tmp_path / "c.csv", "Nr\n1\n")
    kind, _, text = refusal(lambda: read_csv(good, codebook=path))
    assert (kind, "Jansen" in text) == ("codebook_columns", False)
    assert "column 1, 2, 3, 4, 5 and 39 more" in text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"$FL2@(#) SPSS", "SPSS system file"),
        (b"PK\x03\x04", "xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".xls"),
    ],
)
def test_another_format_under_the_name_of_a_csv(tmp_path: Path, data: bytes, said: str):
    path, good = tmp_path / "a.csv", write(tmp_path / "b.csv", "Nr\n1\n")
    path.write_bytes(data + bytes(100))
    for action in (lambda: read_csv(path), lambda: read_csv(good, codebook=path)):
        kind, exit_code, text = refusal(action)
        assert (kind, exit_code) == ("not_csv", 2)
        assert said in text


@pytest.mark.parametrize(
    ("cells", "decimal", "numbers"),
    [
        (["1", " 2 ", "", "-3"], ".", [1.0, 2.0, None, -3.0]),
        (["1.5", "1e3", ".5", "+2"], ".", [1.5, 1000.0, 0.5, 2.0]),
        (["1,5"], ",", [1.5]),
        (["1,5"], ".", None),
        (["1.000,5"], ",", None),
        (["01"], ".", None),
        (["0", "0.5"], ".", [0.0, 0.5]),
        (["9007199254740993"], ".", None),
        (["nan"], ".", None),
        (["inf"], ".", None),
        (["1e999"], ".", None),
        (["+e5"], ".", None),
        (["１"], ".", None),
        (["1_000"], ".", None),
        (["-"], ".", None),
    ],
)
def test_what_counts_as_a_number(cells: list[str], decimal: str, numbers: list | None):
    assert parse_numbers(cells, decimal) == numbers


def test_a_number_that_a_double_takes_for_zero_is_no_number():
    assert parse_numbers(["1e-400", "2"], ".") is None
    assert parse_numbers(["0e-400", "0.00", "-0"], ".") == [0.0, 0.0, 0.0]


def test_a_csv_codebook_gives_labels_missing_codes_and_sets(tmp_path: Path):
    path = write(tmp_path / "a.csv", "V1;M1;L1\n1;1;01\n2;0;02\n-99;1;01\n")
    codebook = write(
        tmp_path / "c.csv",
        "variable;variable_label;code;label;is_missing;mr_set\n"
        "V1;Vraag één;;;;\nV1;;2,0;Nee;false;\nV1;;1;Ja;;\nV1;;-99;Geen opgave;true;\n"
        "M1;Kanaal;;;;kanalen\nL1;Laag;01;Gemeente;;\n",
    )
    table = read_csv(path, delimiter=";", decimal=",", codebook=codebook)
    v1, m1, l1 = table.variables
    assert (v1.variable_label, v1.missing_declaration, m1.mr_set, l1.storage_type) == (
        "Vraag één",
        "-99",
        "kanalen",
        "string",
    )
    assert codes(table, "V1") == [("-99", "Geen opgave", True), ("1", "Ja", False), ("2", "Nee", False)]
    assert codes(table, "L1") == [("01", "Gemeente", False)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("variable,label\nV1,x\n", "codebook_columns"),
        ("variable,code,label,kleur\nV1,1,x,\n", "codebook_columns"),
        ("variable,code,label\n,1,x\n", "codebook_row"),
        ("variable,code,label,is_missing\nV1,1,x,misschien\n", "codebook_row"),
        ("variable,code,label\nV9,1,x\n", "codebook_variable"),
        ("variable,code,label\nV1,een,x\n", "codebook_code"),
        ("variable,code,label\nV1,1,x\nV1,1.0,y\n", "duplicate_code"),
        ("variable,variable_label,code,label\nV1,a,1,x\nV1,b,2,y\n", "codebook_row"),
        # A label without its quotes would be cut at its comma.
        ("variable,code,label\nV1,1,Ja, soms\n", "codebook_row"),
        ("variable,code,label\nV1,,Ja\n", "codebook_row"),
        ("variable,code,label,is_missing\nV1,,,true\n", "codebook_row"),
    ],
)
def test_codebooks_that_do_not_fit(tmp_path: Path, text: str, kind: str):
    path = write(tmp_path / "a.csv", "Nr,V1\n1,1\n2,2\n")
    codebook = write(tmp_path / "c.csv", text)
    found = refusal(lambda: read_csv(path, codebook=codebook))
    assert found[0] == kind
    assert "c.csv:" in found[2]


def test_rows_of_a_codebook_that_only_look_wrong(tmp_path: Path):
    """Empty cells behind the last column, a quoted comma, and a variable without codes."""
    path = write(tmp_path / "a.csv", "Nr,V1\n1,1\n2,2\n")
    text = 'variable,variable_label,code,label,is_missing\nNr,Nummer,,,nee\nV1,,1,"Ja, soms",,,\n'
    table = read_csv(path, codebook=write(tmp_path / "c.csv", text))
    assert codes(table, "V1") == [("1", "Ja, soms", False)]
    assert [one.variable_label for one in table.variables] == ["Nummer", ""]


# Workbooks


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_xlsx_types_and_codebook_sheet(tmp_path: Path):
    path = workbook(
        tmp_path / "a.xlsx",
        {
            "data": [
                ["V1", "T1", "Mix", "Ja", None],
                [1, "01", 5, True],
                [2.5, "02", "x", False],
                [None, None, None],
                [None],
            ],
            "codes": [
                ["variable", "code", "label", "is_missing"],
                ["V1", 1, "Een", None],
                ["V1", 2.5, "Half", True],
            ],
        },
    )
    (tmp_path / "codes.csv").write_text("variable,code,label\nT1,01,Eerste\n")
    table = read_xlsx(path, sheet="data", codebook_sheet="codes")
    assert table.frame["V1"].tolist() == [1.0, 2.5]
    assert table.frame["T1"].tolist() == ["01", "02"]
    assert table.frame["Mix"].tolist() == ["5", "x"]
    assert table.frame["Ja"].tolist() == ["TRUE", "FALSE"]
    assert codes(table, "V1") == [("1", "Een", False), ("2.5", "Half", True)]
    assert read_xlsx(path, codebook_sheet="codes").variable_names == ["V1", "T1", "Mix", "Ja"]
    assert codes(read_xlsx(path, sheet="data", codebook=tmp_path / "codes.csv"), "T1") == [
        ("01", "Eerste", False)
    ]


def test_xlsx_formulas_are_text_and_never_computed(tmp_path: Path):
    path = workbook(tmp_path / "a.xlsx", {"data": [["V1"], [1], ['=HYPERLINK("http://x.example","y")']]})
    table = read_xlsx(path)
    assert table.frame["V1"].tolist() == ["1", '=HYPERLINK("http://x.example","y")']
    book = openpyxl.load_workbook(path)
    book["data"]["A3"] = ArrayFormula("A3", "=SUM(B1:B9)")
    book.save(path)
    table = read_xlsx(path)
    assert table.frame["V1"].tolist() == ["1", "=SUM(B1:B9)"]
    assert table.cell_kinds == {"V1": {"number": 1, "formula": 1}}


def test_a_sheet_that_is_one_chart_holds_no_answers(tmp_path: Path):
    path = workbook(tmp_path / "a.xlsx", {"data": [["V1"], [1]]})
    book = openpyxl.load_workbook(path)
    book.create_chartsheet("grafiek")
    book.save(path)
    assert read_xlsx(path).frame["V1"].tolist() == [1.0]
    assert refusal(lambda: read_xlsx(path, sheet="grafiek"))[:2] == ("missing_sheet", 2)


def test_xlsx_that_is_refused(tmp_path: Path):
    two = workbook(tmp_path / "two.xlsx", {"a": [["V1"], [1]], "b": [["V1"], [1]]})
    kind, exit_code, text = refusal(lambda: read_xlsx(two))
    assert (kind, exit_code) == ("which_sheet", 2)
    assert "a, b" in text
    assert refusal(lambda: read_xlsx(two, sheet="c"))[0] == "missing_sheet"
    twice = workbook(tmp_path / "twice.xlsx", {"a": [["V1", "v1"], [1, 2]]})
    assert refusal(lambda: read_xlsx(twice))[0] == "duplicate_column"
    beyond = workbook(tmp_path / "beyond.xlsx", {"a": [["V1"], [1, 2]]})
    assert refusal(lambda: read_xlsx(beyond))[0] == "row_length"
    empty = workbook(tmp_path / "empty.xlsx", {"a": []})
    assert refusal(lambda: read_xlsx(empty))[0] == "truncated_file"
    old = tmp_path / "old.xlsx"
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert refusal(lambda: read_xlsx(old))[0] == "encrypted_file"
    old.write_bytes(b"V1;V2\n1;2\n")
    assert refusal(lambda: read_xlsx(old))[0] == "not_xlsx"
    data = two.read_bytes()
    for share in (0.2, 0.6, 0.95):
        old.write_bytes(data[: int(len(data) * share)])
        assert refusal(lambda: read_xlsx(old))[:2] == ("truncated_file", 2)


# Codes


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.0, "1"),
        (-99.0, "-99"),
        (-0.0, "0"),
        (1.5, "1.5"),
        (0.1, "0.1"),
        (1e15, "1000000000000000.0"),
        (1e-7, "1e-07"),
        ("ja  ", "ja"),
        (" ja", " ja"),
        ("01", "01"),
    ],
)
def test_canonical_codes(value: object, code: str):
    assert canonical_code(value) == code


def test_canonical_codes_are_those_of_the_sql_macro():
    """Landing's codebook is made here, the codes of the answers in DuckDB: they have to meet."""
    import duckdb

    numbers = [1.0, -99.0, 1.5, 0.1, 1e14, 1e15, 1e16, 123456789.25, 1e-7, 2 / 3, -1e300]
    found = duckdb.sql(
        "select case when x = trunc(x) and abs(x) < 1e15 then cast(cast(x as bigint) as varchar) "
        "else cast(x as varchar) end from (select unnest(?::double[]) as x)",
        params=[numbers],
    ).fetchall()
    assert [row[0] for row in found] == [canonical_code(number) for number in numbers]


def test_missing_declarations():
    assert in_missing_declaration("98", True, "8|97..99")
    assert in_missing_declaration("8", True, "8|97..99")
    assert not in_missing_declaration("9", True, "8|97..99")
    assert in_missing_declaration("-5", True, "-inf..0")
    assert in_missing_declaration("zz", False, "zz")
    assert not in_missing_declaration("b", False, "a..c")
    assert not in_missing_declaration("1", True, "")


@pytest.mark.parametrize(
    ("line", "sign"),
    [
        ("a;b;c", ";"),
        ("a,b\tc,d", ","),
        ('"a;b;c;d",e,f', ","),
        ("a|b", "|"),
        ("alone", ";"),
    ],
)
def test_the_delimiter_is_seen_from_names_that_are_not_quoted(line: str, sign: str):
    assert seen_delimiter(line) == sign
