"""Damage that the libraries read over without a word: each is refused, and a sound file that looks alike is read."""

from __future__ import annotations

import io
import math
import struct
import sys
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from orchestration.deliveries import DeliveryProblems, read_por, read_sav, read_xlsx

MACHINE_FLOATS = struct.pack("<4i", 7, 4, 8, 3)
LABELS_OF = struct.pack("<i", 4)


def said(read, path: Path) -> str:
    with pytest.raises(DeliveryProblems) as caught:
        read(path)
    (problem,) = caught.value.problems
    assert (caught.value.exit_code, problem.file) == (2, path.name)
    return problem.message


@pytest.fixture
def sav(tmp_path: Path) -> Path:
    path = tmp_path / "a.sav"
    frame = pd.DataFrame({"A": [1.0, 2.0], "T": ["a", "b"], "WIDE": ["x" * 12, "y"]})
    labels = {"A": {1: "Ja", 2: "Nee"}, "T": {"a": "Eerste", "b": "Tweede"}}
    pyreadstat.write_sav(frame, str(path), variable_value_labels=labels)
    return path


def rewrite(path: Path, before: bytes, after: bytes) -> None:
    data = path.read_bytes()
    assert data.count(before) == 1
    path.write_bytes(data.replace(before, after))


def variables_of_labels(number: int) -> bytes:
    return LABELS_OF + struct.pack("<2i", 1, number)


@pytest.mark.parametrize(("number", "is_read"), [(-sys.float_info.max, True), (math.nan, True), (0.0, False)])
def test_another_value_for_system_missing(sav: Path, number: float, is_read: bool):
    at = sav.read_bytes().index(MACHINE_FLOATS) + len(MACHINE_FLOATS)
    data = sav.read_bytes()
    sav.write_bytes(data[:at] + struct.pack("<d", number) + data[at + 8 :])
    if is_read:
        assert read_sav(sav).frame["A"].tolist() == [1.0, 2.0]
    else:
        assert "another value for system-missing" in said(read_sav, sav)


def test_value_labels_that_are_led_to_another_variable(sav: Path):
    """The numbers of the variables are places of eight bytes: A is the first, T the second, WIDE the third."""
    sound = sav.read_bytes()
    cases = {2: "two lists of value labels", 3: "do not fit the type", 4: "that there is not"}
    for number, message in cases.items():
        sav.write_bytes(sound)
        rewrite(sav, variables_of_labels(1), variables_of_labels(number))
        assert message in said(read_sav, sav)
    sav.write_bytes(sound)
    labels = {value.code: value.value_label for value in read_sav(sav).values if value.variable_name == "T"}
    assert labels == {"a": "Eerste", "b": "Tweede"}


def test_what_stands_behind_the_width_of_a_code_is_none_of_it(sav: Path):
    rewrite(sav, b"a       \x06Eerste", b"a    zz \x06Eerste")
    table = read_sav(sav)
    assert [value.code for value in table.values if value.variable_name == "T"] == ["a", "b"]


def test_two_labels_for_one_code(sav: Path):
    rewrite(sav, b"b       \x06Tweede", b"a    zz \x06Tweede")
    assert "two labels of a variable are for the same code" in said(read_sav, sav)


def test_a_very_long_text_that_lost_its_beginning(tmp_path: Path):
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(pd.DataFrame({"A": [1.0], "LANG": ["x" * 600]}), str(path))
    assert read_sav(path).frame["LANG"].tolist() == ["x" * 600]
    record = struct.pack("<2i", 7, 14)
    data = path.read_bytes()
    at = data.index(b"LANG", data.index(record))
    path.write_bytes(data[:at] + b"MANG" + data[at + 4 :])
    assert "a very long text that no variable is the beginning of" in said(read_sav, path)


def test_a_portable_file_with_a_table_of_other_signs(tmp_path: Path):
    from portable_writer import write_portable
    from test_stata_and_portable import Variable

    data = write_portable([Variable("V1", True, [1.0, 2.0])])
    lines = data.splitlines()
    table = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz .<(+|&[]!$*);^-/|,%_>?`:#@'=\""
    for signs, is_read in ((table, True), (table.replace("!$*)", ""), False)):
        whole = bytearray(b"".join(line.ljust(80) for line in lines))
        whole[200:456] = b"0" * 64 + signs.encode().ljust(192, b"0")
        path = tmp_path / "a.por"
        path.write_bytes(b"\r\n".join(whole[at : at + 80] for at in range(0, len(whole), 80)) + b"\r\n")
        if is_read:
            assert read_por(path).frame["V1"].tolist() == [1.0, 2.0]
        else:
            assert "contradict each other" in said(read_por, path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'r="B2"', b'r="A2"'),  # the same cell twice: the one before it was lost
        (b'r="B3"', b'r="A3"'),
        (b'<row r="3">', b'<row r="2">'),  # the same row twice: the second was lost
        (b'r="B2"', b'r="XFE2"'),  # beyond the last column
        (b"<v>2</v>", b"<v>2</v>99"),  # text behind a value: part of it, or of a lost cell
        (b'<row r="3">', b'<row r="3">9'),
    ],
)
def test_cells_that_stand_where_none_can(tmp_path: Path, before: bytes, after: bytes):
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    for row in (["A", "B"], [1, 2], [3, 4]):
        book.active.append(row)
    book.save(path)
    assert read_xlsx(path).frame.to_numpy().tolist() == [[1.0, 2.0], [3.0, 4.0]]
    held = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(held, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("xl/worksheets/"):
                assert data.count(before) == 1
                data = data.replace(before, after)
            new.writestr(name, data)
    path.write_bytes(held.getvalue())
    assert "is damaged" in said(read_xlsx, path)


def test_rows_and_cells_that_are_left_out_are_empty(tmp_path: Path):
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"], sheet["C1"], sheet["B1"] = "A", "C", "B"
    sheet["C4"], sheet["A2"] = 7, 1
    book.save(path)
    filled = read_xlsx(path).frame.fillna(-1).to_numpy().tolist()
    assert filled == [[1, -1, -1], [-1, -1, -1], [-1, -1, 7]]


@pytest.mark.parametrize(
    ("area", "is_read"),
    [("B2:B3", False), ("A1:B1", False), ("B2:B2", True), ("B4:B5", True)],
)
def test_merged_cells(tmp_path: Path, area: str, is_read: bool):
    book = openpyxl.Workbook()
    for row in (["NR", "V1"], [1, 7], [2, 8]):
        book.active.append(row)
    book.active.title = "data"
    book.save(tmp_path / "plain.xlsx")
    path = tmp_path / "merged.xlsx"
    with zipfile.ZipFile(tmp_path / "plain.xlsx") as plain, zipfile.ZipFile(path, "w") as merged:
        for name in plain.namelist():
            data = plain.read(name)
            after = f'</sheetData><mergeCells count="1"><mergeCell ref="{area}"/></mergeCells>'.encode()
            merged.writestr(name, data.replace(b"</sheetData>", after))
    if is_read:
        assert read_xlsx(path).frame["V1"].tolist() == [7.0, 8.0]
    else:
        assert said(read_xlsx, path).startswith(f"has merged cells in sheet 'data': {area};")
