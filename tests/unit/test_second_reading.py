"""The second reading by PSPP: nothing where the readings agree, and each kind of difference by variable."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from orchestration.deliveries import read_sav
from orchestration.deliveries.second_reading.comparing import compare
from orchestration.deliveries.second_reading.differences import Comparison
from orchestration.deliveries.second_reading.pspp import read_spss_again
from orchestration.deliveries.second_reading.second_table import CannotReadAgain
from orchestration.deliveries.source_table import SourceTable, SourceValue

ROWS = 40


@pytest.fixture(scope="module")
def program(require_tool: Callable[[str], str]) -> str:
    return require_tool("pspp")


@pytest.fixture(scope="module")
def sav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbers of every size, dates, texts of every width, labels and declarations of every kind."""
    frame = pd.DataFrame(
        {
            "NR": np.arange(ROWS, dtype=float),
            "V1": [1.0, 2.0, np.nan, 9.0, 97.5, 0.1 + 0.2, -0.0, 5e-324] * 5,
            "V2": [-3.0, 1e300, 2.0**53 + 2, 1 / 3] * 10,
            "T1": ["a", "", "bb  ", 'x,"y"\nq', "é", "  voor", "zz", "?"] * 5,
            "LANG": ["w" * 300, "w" * 299 + "é"] * 20,
            "DATUM": [13_800_000_000.5, 1e14, -5.0, np.nan] * 10,
            "TIJD": [86_399.5, -1.0, 1e6, 0.0] * 10,
        }
    )
    path = tmp_path_factory.mktemp("pspp") / "vreemde 'naam'.\nEXECUTE.sav"
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels=["Nummer", 'Vraag "één"; [a]', "", "Table: Variables", "Lang", "Datum", ""],
        variable_value_labels={
            "V1": {1: "Ja", 2: "Nee, 'q' \"z\"", 9: "Weet niet", 97.5: "regel\nbreuk"},
            "T1": {"a": "Eerste", "zz": "Geen antwoord"},
            "DATUM": {1e14: "Onbekend"},
        },
        missing_ranges={
            "V1": [9, {"lo": 97, "hi": 99}],
            "V2": [{"lo": -np.inf, "hi": -1}],
            "T1": ["zz"],
            "DATUM": [1e14],
        },
        variable_format={"DATUM": "DATETIME20", "TIJD": "TIME8"},
    )
    return path


@pytest.fixture(scope="module")
def source(sav: Path) -> SourceTable:
    return read_sav(sav)


def beside_pspp(program: str, path: Path, source: SourceTable, encoding: str | None = None) -> Comparison:
    with read_spss_again(program, path, encoding) as second:
        return compare(source, second)


def told(comparison: Comparison) -> list[tuple[str, str, int]]:
    return [(found.aspect, found.variable, found.count) for found in comparison.differences]


def test_the_same_file_has_no_difference(program: str, sav: Path, source: SourceTable):
    comparison = beside_pspp(program, sav, source)
    assert told(comparison) == []
    assert (comparison.rows, comparison.columns, comparison.cells) == (ROWS, 7, ROWS * 7)


def test_nothing_is_left_behind_and_the_file_is_as_it_was(
    program: str, sav: Path, source: SourceTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = sav.read_bytes()
    with read_spss_again(program, sav, None) as second:
        (folder,) = tmp_path.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        compare(source, second)
    assert list(tmp_path.iterdir()) == []
    assert sav.read_bytes() == before
    assert list(sav.parent.iterdir()) == [sav]


def changed_cell(source: SourceTable, name: str, row: int, value: object) -> SourceTable:
    frame = source.frame.copy()
    frame.loc[row, name] = value
    return replace(source, frame=frame)


@pytest.mark.parametrize(
    ("name", "row", "value"),
    [
        ("V1", 5, 0.3),  # one bit less than what stands there
        ("V1", 2, 1.0),  # an answer where nothing was said
        ("V1", 3, np.nan),  # a user-missing code that was lost
        ("V2", 2, 2.0**53),
        ("T1", 0, "A"),
        ("T1", 5, "voor"),  # blanks in front are text
        ("T1", 1, "x"),
        ("LANG", 1, "w" * 299),
        ("DATUM", 0, 13_800_000_000.0),
        ("TIJD", 2, 1e6 - 86_400),
    ],
)
def test_a_cell_that_differs_is_named_by_its_row(
    program: str, sav: Path, source: SourceTable, name: str, row: int, value: object
):
    comparison = beside_pspp(program, sav, changed_cell(source, name, row, value))
    assert told(comparison) == [("cells", name, 1)]
    (difference,) = comparison.differences
    assert difference.rows == (row + 1,)
    assert str(difference) == f"cells: 1 (row {row + 1})"


def relabelled(source: SourceTable, code: str, label: str) -> SourceTable:
    values = [
        replace(v, value_label=label) if v.variable_name == "V1" and v.code == code else v
        for v in source.values
    ]
    return replace(source, values=values)


def redeclared(source: SourceTable, name: str, **fields: str) -> SourceTable:
    variables = [replace(v, **fields) if v.variable_name == name else v for v in source.variables]
    return replace(source, variables=variables)


def test_each_difference_in_the_dictionary_is_named(program: str, sav: Path, source: SourceTable):
    cases: list[tuple[SourceTable, list[tuple[str, str, int]], tuple[str, ...]]] = [
        (relabelled(source, "2", "Nee"), [("value labels", "V1", 1)], ("2",)),
        (relabelled(source, "9", ""), [("value labels", "V1", 1)], ("9",)),
        (
            replace(source, values=[*source.values, SourceValue("V1", "3", "Misschien", False)]),
            [("value labels", "V1", 1)],
            ("3",),
        ),
        (redeclared(source, "V1", variable_label="Vraag"), [("variable label", "V1", 1)], ()),
        (redeclared(source, "V1", missing_declaration="97..99"), [("missing declaration", "V1", 1)], ("9",)),
        (
            redeclared(source, "V2", missing_declaration="-inf..-2"),
            [("missing declaration", "V2", 2)],
            ("-inf..-1", "-inf..-2"),
        ),
        (redeclared(source, "T1", missing_declaration=""), [("missing declaration", "T1", 1)], ("zz",)),
        (redeclared(source, "V1", storage_type="string"), [("type", "V1", 1)], ()),
    ]
    for changed, expected, codes in cases:
        comparison = beside_pspp(program, sav, changed)
        assert told(comparison) == expected
        assert comparison.differences[0].codes == codes


def test_labels_that_look_alike_are_the_same(program: str, sav: Path, source: SourceTable):
    same = relabelled(source, "1", "Ja  ")
    same = redeclared(same, "V1", missing_declaration="9|97..99")
    assert told(beside_pspp(program, sav, same)) == []


def test_rows_columns_names_and_order_are_compared(program: str, sav: Path, source: SourceTable):
    fewer = replace(source, frame=source.frame.iloc[:-2])
    assert told(beside_pspp(program, sav, fewer)) == [("rows", "", 2)]
    more = replace(source, frame=pd.concat([source.frame, source.frame.iloc[:1]], ignore_index=True))
    assert told(beside_pspp(program, sav, more)) == [("rows", "", 1)]

    without = replace(
        source,
        frame=source.frame.drop(columns="V2"),
        variables=[v for v in source.variables if v.variable_name != "V2"],
        values=[v for v in source.values if v.variable_name != "V2"],
    )
    assert told(beside_pspp(program, sav, without)) == [("columns", "V2", 1)]

    renamed = replace(
        source,
        frame=source.frame.rename(columns={"V2": "V22"}),
        variables=[
            replace(v, variable_name="V22") if v.variable_name == "V2" else v for v in source.variables
        ],
        values=[replace(v, variable_name="V22") if v.variable_name == "V2" else v for v in source.values],
    )
    assert told(beside_pspp(program, sav, renamed)) == [("name", "V22", 1)]

    names = list(source.frame.columns)
    names[1], names[2] = names[2], names[1]
    by_name = {v.variable_name: v for v in source.variables}
    moved = replace(source, frame=source.frame[names], variables=[by_name[name] for name in names])
    assert told(beside_pspp(program, sav, moved)) == [("column order", "V2", 2)]


def test_rows_in_another_order_are_cells_that_differ(program: str, sav: Path, source: SourceTable):
    turned = replace(source, frame=source.frame.iloc[[1, 0, *range(2, ROWS)]].reset_index(drop=True))
    comparison = beside_pspp(program, sav, turned)
    assert {found.aspect for found in comparison.differences} == {"cells"}
    assert {found.rows for found in comparison.differences} == {(1, 2)}
    assert comparison.differences[0].variable == "NR"


def test_a_message_holds_no_answer(program: str, sav: Path, source: SourceTable):
    comparison = beside_pspp(program, sav, changed_cell(source, "T1", 0, "GEHEIM"))
    assert "GEHEIM" not in str(comparison)
    assert "a" not in str(comparison.differences[0]).replace("cells", "")


def spoilt(sav: Path, folder: Path, old: bytes, new: bytes) -> Path:
    assert len(old) == len(new)
    path = folder / "spoilt.sav"
    data = sav.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    return path


def test_text_in_another_encoding_counts_as_repaired(program: str, tmp_path: Path):
    path = tmp_path / "plain.sav"
    pyreadstat.write_sav(
        pd.DataFrame({"A": [1.0, 2.0], "T": ["caféX", "zeer"]}),
        str(path),
        column_labels=["Beëindigd? ", "Tekst"],
        variable_value_labels={"A": {1: "één", 2: "twee"}},
        row_compress=False,
    )
    # The dictionary claims UTF-8; what follows is cp1252 now, with a blank to keep the lengths.
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xe9 ").replace("ë".encode(), b"\xeb "))
    source = read_sav(path, encoding="cp1252")
    assert source.frame["T"].tolist() == ["café X", "zeer"]
    comparison = beside_pspp(program, path, source)
    assert (told(comparison), comparison.repaired) == ([], 3)
    # Repaired to another letter at another place is a difference all the same.
    comparison = beside_pspp(program, path, changed_cell(source, "T", 0, "cafe X"))
    assert told(comparison) == [("cells", "T", 1)]
    # Told what it is, PSPP reads the very same.
    comparison = beside_pspp(program, path, source, encoding="cp1252")
    assert (told(comparison), comparison.repaired) == ([], 0)


def test_a_nul_ends_a_text_and_is_blank_at_its_end(program: str, tmp_path: Path):
    path = tmp_path / "nul.sav"
    pyreadstat.write_sav(pd.DataFrame({"T": ["abQ", "cQd", "ef"]}), str(path), row_compress=False)
    path.write_bytes(path.read_bytes().replace(b"Q", b"\0"))
    source = read_sav(path)
    kept = replace(source, frame=pd.DataFrame({"T": pd.Series(["ab\0", "c\0d", "ef"], dtype=object)}))
    assert told(beside_pspp(program, path, kept)) == []
    lost = replace(source, frame=pd.DataFrame({"T": pd.Series(["ab", "cd", "ef"], dtype=object)}))
    assert told(beside_pspp(program, path, lost)) == [("cells", "T", 1)]


def test_a_file_without_long_names_shows_them_in_lower_case(program: str, sav: Path, tmp_path: Path):
    path = tmp_path / "short.sav"
    pyreadstat.write_sav(pd.DataFrame({"AB": [1.0], "CD": [2.0]}), str(path))
    data = path.read_bytes()
    record = struct.pack("<iiii", 7, 13, 1, len(b"AB=AB\tCD=CD"))
    at = data.index(record)
    end = at + len(record) + len(b"AB=AB\tCD=CD")
    path.write_bytes(data[:at] + data[end:])
    source = read_sav(path)
    assert source.variable_names == ["AB", "CD"]
    with read_spss_again(program, path, None) as second:
        assert [column.name for column in second.columns] == ["ab", "cd"]
        assert told(compare(source, second)) == []


def test_a_file_that_pspp_refuses_is_no_agreement(program: str, sav: Path, tmp_path: Path):
    cut = tmp_path / "cut.sav"
    cut.write_bytes(sav.read_bytes()[:-40])
    source = read_sav(sav)
    with pytest.raises(CannotReadAgain, match="PSPP refuses it"):
        beside_pspp(program, cut, source)
    none = tmp_path / "none.sav"
    none.write_bytes(b"GEHEIM " * 100)
    with pytest.raises(CannotReadAgain) as caught:
        beside_pspp(program, none, source)
    assert "GEHEIM" not in str(caught.value)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("kill -SEGV $$", "crashed on it"),
        ("exit 1", "refuses it"),
        ("exit 0", "refuses it"),
        ("printf 'nothing of a dictionary' > output.csv", "shows no dictionary"),
        ("printf 'Table: Variables\\nName,Position\\n' > output.csv", "no variables"),
    ],
)
def test_a_child_that_misbehaves_is_a_refusal(tmp_path: Path, sav: Path, script: str, said: str):
    program = tmp_path / "pspp"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    with pytest.raises(CannotReadAgain, match=said), read_spss_again(str(program), sav, None):
        pytest.fail("a table was made of nothing")


def test_no_name_of_a_variable_reaches_the_syntax(tmp_path: Path, sav: Path):
    """A stand-in keeps what it is told; names of the file, quotes and line breaks are not in it."""
    program = tmp_path / "pspp"
    kept = tmp_path / "kept.sps"
    program.write_text(
        f"#!/bin/sh\ncat commands.sps >> '{kept}'\n"
        "printf 'Table: Variables\\nName,Position,Label,Print Format\\n\"A.\nERASE FILE x.\",1,,F8.2\\n' > output.csv\n"
    )
    program.chmod(0o755)
    with read_spss_again(str(program), sav, None) as second:
        assert [column.name for column in second.columns] == ["A.\nERASE FILE x."]
    text = kept.read_text()
    assert "GET FILE='file.dat'." in text
    assert "RENAME VARIABLES (ALL = v1)." in text
    assert "ERASE" not in text
    assert "vreemde" not in text
