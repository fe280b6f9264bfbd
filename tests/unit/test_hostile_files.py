"""Files that are made to harm: each becomes one problem of its delivery, within limits."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from orchestration.deliveries import DeliveryProblems
from orchestration.deliveries.confined_reading import ReadingLimits, default_limits, read_source
from orchestration.deliveries.manifest import DeliveredFile
from orchestration.deliveries.source_table import SourceTable

LITTLE = ReadingLimits({**default_limits().values, "memory_base": 24, "memory_per_byte": 1, "cpu_base": 20})
SECRET = "Jansen-de Vries"


def read(path: Path, limits: ReadingLimits = LITTLE, **fields: object) -> SourceTable:
    entry = DeliveredFile(
        file_id="file",
        version=1,
        path=path.name,
        instrument="office_holders",
        format=path.suffix[1:],
        respondent_id=None,
        **fields,
    )
    return read_source(path.parent, entry, limits)


def refused(path: Path, limits: ReadingLimits = LITTLE) -> str:
    """Kind of the only problem; it names the file and shows no answer."""
    with pytest.raises(DeliveryProblems) as caught:
        read(path, limits)
    (problem,) = caught.value.problems
    assert problem.file.startswith(path.name)
    assert problem.remedy
    assert SECRET not in str(problem)
    return problem.kind


def outcome(path: Path) -> SourceTable | str:
    """The table, or the kind of the only problem."""
    try:
        return read(path)
    except DeliveryProblems:
        return refused(path)


def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def with_part(path: Path, part: str, change) -> Path:
    """The same workbook with one part of its archive changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts.get(part, b""))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


SHEET = "xl/worksheets/sheet1.xml"


def test_a_workbook_that_unfolds_without_end(tmp_path: Path):
    """Rows upon rows, each of a few bytes, that take a hundred times as much once they are read."""
    path = workbook(tmp_path / "a.xlsx", [["Nr"], [1]])
    cells = "".join(f'<c r="{letter}%d"><v>1.5</v></c>' for letter in "ABCDEFGHIJKLMNOPQRST").encode()
    rows = b"".join(b'<row r="%d">%s</row>' % (n, cells.replace(b"%d", b"%d" % n)) for n in range(3, 20_000))
    with_part(path, SHEET, lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>"))
    assert path.stat().st_size < 1_000_000
    tight = ReadingLimits({**LITTLE.values, "memory_base": 4})
    assert refused(path, tight) in ("reader_out_of_memory", "reader_crashed")


def test_a_workbook_with_one_cell_without_end(tmp_path: Path):
    path = workbook(tmp_path / "a.xlsx", [["Nr"], [1]])
    cell = b'<c r="A2" t="inlineStr"><is><t>' + b"x" * 40_000_000 + b"</t></is></c>"
    with_part(
        path, SHEET, lambda xml: xml.replace(b"</sheetData>", b'<row r="3">' + cell + b"</row></sheetData>")
    )
    assert path.stat().st_size < 400_000
    assert refused(path) in ("reader_out_of_memory", "damaged_file")


@pytest.mark.parametrize(
    "doctype",
    [
        # A billion laughs, a file of this machine, and a document elsewhere.
        "<!DOCTYPE x [<!ENTITY a 'lol'>"
        + "".join(f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
        + "]>",
        "<!DOCTYPE x [<!ENTITY i SYSTEM 'file:///etc/passwd'>]>",
        "<!DOCTYPE x [<!ENTITY i SYSTEM 'http://192.0.2.1/x'>]>",
    ],
    ids=["bomb", "file", "network"],
)
def test_entities_of_xml_are_not_resolved(tmp_path: Path, doctype: str):
    path = workbook(tmp_path / "a.xlsx", [["Nr", "Tekst"], [1, "hier"]])

    def change(xml: bytes) -> bytes:
        head, _, rest = xml.partition(b"?>")
        if not rest:
            head, rest = b'<?xml version="1.0"', xml
        return head + b"?>" + doctype.encode() + rest.replace(b">hier<", b">&i;<")

    with_part(path, SHEET, change)
    found = outcome(path)
    if isinstance(found, str):
        assert found in ("damaged_file", "reader_out_of_memory")
    else:
        text = "".join(map(str, found.frame["Tekst"].tolist()))
        assert "root:" not in text
        assert len(text) < 1000


def test_formulas_and_links_are_text_that_is_never_computed(tmp_path: Path):
    path = workbook(
        tmp_path / "a.xlsx",
        [
            ["Nr", "Tekst"],
            [1, "=cmd|' /C calc'!A0"],
            [2, "=HYPERLINK(\"http://192.0.2.1\",\"x\")"],
            [3, "=[1]Blad!A1"],
            [4, "+1+1"],
            [5, "@SUM(1)"],
        ],
    )  # fmt: skip
    table = read(path)
    assert table.frame["Tekst"].tolist() == [
        "=cmd|' /C calc'!A0",
        '=HYPERLINK("http://192.0.2.1","x")',
        "=[1]Blad!A1",
        "+1+1",
        "@SUM(1)",
    ]
    assert table.cell_kinds["Tekst"]["formula"] == 3


def zsav(path: Path, rows: int) -> Path:
    frame = pd.DataFrame({"NR": [float(n) for n in range(rows)], "T": [SECRET] * rows})
    pyreadstat.write_sav(frame, str(path), compress=True)
    return path


def test_a_zsav_that_unfolds_without_end(tmp_path: Path):
    """A block of some kilobytes that unfolds to many megabytes, as its trailer admits."""
    path = zsav(tmp_path / "a.zsav", 10)
    data = path.read_bytes()
    at = data.index(struct.pack("<i", 999)) + 8
    body = zlib.compress(b"\xfd" * 8 * 8_000_000, 9)
    trailer_at = at + 24 + len(body)
    header = struct.pack("<qqq", at, trailer_at, 24 + 24)
    trailer = struct.pack("<qqii", -100, 0, 0x7FFFFFFF, 1) + struct.pack(
        "<qqii", at, at + 24, 64_000_000, len(body)
    )
    path.write_bytes(data[:at] + header + body + trailer)
    assert path.stat().st_size < 1_000_000
    assert refused(path) in ("reader_out_of_memory", "truncated_file", "damaged_file", "reader_crashed")


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (80, 2**31 - 1),
        (68, 2**31 - 1),
        (68, -1),
        (72, 77),
        (76, 2**31 - 1),
        (64, 0),
        (176, 2**31 - 1),
        (180, 2**31 - 1),
        (184, 2**31 - 1),
    ],
)
def test_a_system_file_that_claims_the_largest_there_is(tmp_path: Path, at: int, value: int):
    """Cases, values per case, compression, weight, layout; type, width and label of the first variable."""
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(pd.DataFrame({"NR": [1.0, 2.0], "T": ["a", SECRET]}), str(path))
    data = bytearray(path.read_bytes())
    data[at : at + 4] = struct.pack("<i", value)
    path.write_bytes(data)
    found = outcome(path)
    if isinstance(found, str):
        assert found in ("truncated_file", "damaged_file")
    else:
        # Values per case and the weight are not needed to read the answers.
        assert at in (68, 76)
        assert found.frame["NR"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"Nr,T\n1,{SECRET}\0x\n", {"not_csv"}),
        (f"Nr,T\n1\0,{SECRET}\n", {"not_csv"}),
        (f"Nr\0,T\n1,{SECRET}\n", {"not_csv"}),
        (f"Nr,T\n1,{SECRET}\n" + "\0" * 5000, {"not_csv"}),
        (f'Nr,T\n1,"{SECRET}\n2,x\n', {"truncated_file"}),
        (f'Nr,T\n1,"{SECRET}"x"\n', {"not_csv"}),
        (f"Nr,T\n1,{SECRET}{',' * 3_000_000}\n", {"row_length"}),
    ],
    ids=[
        "nul in text",
        "nul in an id",
        "nul in a name",
        "nul behind the text",
        "open quote",
        "quote in a quote",
        "many cells",
    ],
)
def test_delimited_text_that_breaks_parsers(tmp_path: Path, text: str, kinds: set[str]):
    path = tmp_path / "a.csv"
    path.write_text(text)
    assert refused(path, default_limits()) in kinds


def test_long_cells_and_names_are_read(tmp_path: Path):
    path, name, cell = tmp_path / "a.csv", "a" * 200_000, "x" * 10_000_000
    path.write_text(f"{name},T\n1,{cell}\n")
    assert read(path, default_limits()).frame.to_dict("list") == {name: [1.0], "T": [cell]}


def test_text_that_only_looks_dangerous_is_read(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text('Nr,"T""x; drop table"\n1,"=cmd|x"\n2,"a\nb,c"\n3,\'; --\n')
    table = read(path)
    assert table.variable_names == ["Nr", 'T"x; drop table']
    assert table.frame.iloc[:, 1].tolist() == ["=cmd|x", "a\nb,c", "'; --"]


def test_an_archive_in_an_archive_and_other_files_under_a_false_name(tmp_path: Path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 50_000_000)
    (tmp_path / "a.xlsx").write_bytes(buffer.getvalue())
    assert refused(tmp_path / "a.xlsx") == "damaged_file"
    for name in ("a.sav", "a.zsav", "a.por", "a.csv", "a.dta"):
        (tmp_path / name).write_bytes(buffer.getvalue())
        assert refused(tmp_path / name) in ("not_spss", "not_csv", "not_stata")
