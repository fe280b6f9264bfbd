"""Stata's .dta and SPSS's .por: reasons of missing numbers, declarations, and files that do not end."""

from __future__ import annotations

import struct
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
from portable_writer import write_portable
from test_reading_properties import Variable

from orchestration.deliveries import DeliveryProblems, read_dta, read_por
from orchestration.deliveries.readers.portable import PortableError, number_of
from orchestration.deliveries.readers.system_dictionary import _response_set
from orchestration.deliveries.source_table import declared_parts, declared_text, in_missing_declaration


def kind_of(read, path: Path) -> tuple[str, int]:
    with pytest.raises(DeliveryProblems) as caught:
        read(path)
    (problem,) = caught.value.problems
    return problem.kind, problem.exit_code


@pytest.fixture
def dta(tmp_path: Path) -> Path:
    """Stata's format 118, of which two numbers are turned into .a and .z; the library writes none itself."""
    path = tmp_path / "a.dta"
    frame = pd.DataFrame({"v1": [1.0, 111.0, None, 222.0, 9.0], "t1": ["één", "", "b", "c", "x" * 300]})
    pyreadstat.write_dta(
        frame,
        str(path),
        version=14,
        column_labels=["Vraag één", None],
        variable_value_labels={"v1": {1: "Ja", 444: "Weigert"}},
    )
    data = path.read_bytes()
    system_missing = bytes.fromhex("000000000000e07f")
    for number, place in ((111.0, 1), (222.0, 26)):
        reason = bytearray(system_missing)
        reason[5] = place
        assert data.count(struct.pack("<d", number)) == 1
        data = data.replace(struct.pack("<d", number), bytes(reason))
    assert data.count(struct.pack("<i", 444)) == 1
    path.write_bytes(data.replace(struct.pack("<i", 444), struct.pack("<i", 0x7FFFFFE6)))
    return path


def test_reasons_of_missing_numbers_are_codes_of_their_own(dta: Path):
    table = read_dta(dta)
    assert table.missing_reasons == {"v1": {2: ".a", 4: ".z"}}
    assert table.frame["v1"].isna().tolist() == [False, True, True, True, False]
    assert table.frame["t1"].tolist() == ["één", None, "b", "c", "x" * 300]
    assert [(one.code, one.value_label, one.is_user_missing) for one in table.values] == [
        ("1", "Ja", False),
        (".a", "Weigert", True),
        (".z", "", True),
    ]
    assert (table.variables[0].missing_declaration, table.variables[0].variable_label) == (
        ".a|.z",
        "Vraag één",
    )


def test_a_stata_file_that_is_cut_off_is_refused(dta: Path, tmp_path: Path):
    data = dta.read_bytes()
    cut = tmp_path / "cut.dta"
    for length in (0, 5, 40, 100, len(data) // 2, len(data) - 200, len(data) - 12, len(data) - 1):
        cut.write_bytes(data[:length])
        assert kind_of(read_dta, cut)[1] == 2, length
    old = tmp_path / "old.dta"
    pyreadstat.write_dta(
        pd.DataFrame({"v1": [1.0, 2.0] * 20, "t1": ["abc", "de"] * 20}),
        str(old),
        version=12,
        variable_value_labels={"v1": {1: "Ja", 2: "Nee"}},
    )
    data = old.read_bytes()
    assert read_dta(old).frame.shape == (40, 2)
    for length in (*range(1, len(data), len(data) // 25), len(data) - 1):
        cut.write_bytes(data[:length])
        assert kind_of(read_dta, cut)[1] == 2, length


def test_stata_files_that_cannot_be_read_say_why(dta: Path, tmp_path: Path):
    path = tmp_path / "b.dta"
    path.write_bytes(dta.read_bytes().replace(b"<release>118", b"<release>120"))
    assert kind_of(read_dta, path) == ("newer_format", 2)
    path.write_bytes(b"$FL2" + bytes(400))
    assert kind_of(read_dta, path) == ("not_stata", 2)


def test_por_keeps_declared_missing_codes(tmp_path: Path):
    path = tmp_path / "a.por"
    one = Variable("V1", True, [1.0, 9.0, None, 97.5, -2.25], "Vraag één", {1.0: "Ja", 9.0: "Weet niet"})
    one.missings, one.missing_range = [9.0], (97.0, 99.0)
    two = Variable("T1", False, ["a", "zz", None, "é;'", "b"], missings=["zz", "a|b"])
    path.write_bytes(write_portable([one, two]))
    table = read_por(path)
    assert table.variables[0].missing_declaration == "97..99|9"
    assert table.frame["V1"].tolist()[:2] + table.frame["V1"].tolist()[3:] == [1.0, 9.0, 97.5, -2.25]
    assert [(value.code, value.value_label, value.is_user_missing) for value in table.values] == [
        ("1", "Ja", False),
        ("9", "Weet niet", True),
        ("97.5", "", True),
        ("a|b", "", True),
        ("zz", "", True),
    ]
    assert table.frame["T1"].tolist() == ["a", "zz", None, "é;'", "b"]
    data = path.read_bytes()
    for length in (100, 470, 600, len(data) // 2, len(data.rstrip(b"Z\r\n"))):
        path.write_bytes(data[:length])
        assert kind_of(read_por, path)[1] == 2


@pytest.mark.parametrize(
    ("token", "number"),
    [
        ("1", 1.0),
        ("-A", -10.0),
        ("1.F", 1.5),
        ("1+2", 900.0),
        ("1-1", 1 / 30),
        (".3", 0.1),
        (" 13A.9", 1000.3),
    ],
)
def test_numbers_in_base_thirty(token: str, number: float):
    assert number_of(token) == number


@pytest.mark.parametrize("token", ["", "-", ".", "1U", "1..2", "1+", "1+TTTTT"])
def test_what_is_no_number_in_base_thirty(token: str):
    with pytest.raises(PortableError):
        number_of(token)


def test_response_sets_as_the_dictionary_writes_them():
    one = _response_set(b"$kanaal=D2 ja 6 Vraag? a b")
    assert (one.name, one.is_dichotomy, one.counted_value, one.label, one.variables) == (
        b"kanaal",
        True,
        b"ja",
        b"Vraag?",
        (b"a", b"b"),
    )
    many = _response_set(b"$m=C 0  v1 v2 v3")
    assert (many.is_dichotomy, many.label, many.variables) == (False, b"", (b"v1", b"v2", b"v3"))
    newer = _response_set(b"$e=E 11 1 1 4 a b  x y")
    assert (newer.counted_value, newer.label, newer.variables) == (b"1", b"a b ", (b"x", b"y"))


@pytest.mark.parametrize("code", ["a|b", "a\\", "\\|", "zz", "1..2", "", "\\_"])
def test_declared_texts_come_back_as_they_are(code: str):
    declaration = f"{declared_text('x')}|{declared_text(code)}"
    assert declared_parts(declaration, False) == ["x", code]
    assert in_missing_declaration(code, False, declaration)
    assert not in_missing_declaration("a", False, declaration)
