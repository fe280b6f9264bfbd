"""Delimited text beyond the usual: other delimiters, long cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.deliveries import read_csv


@pytest.mark.parametrize(("delimiter", "encoding"), [("§", None), ("§", "cp1252"), ("\u2561", "utf-8")])
def test_a_delimiter_beyond_ascii(tmp_path: Path, delimiter: str, encoding: str | None):
    path = tmp_path / "a.csv"
    path.write_bytes(f"Nr{delimiter}V1\n1{delimiter}één\n".encode(encoding or "utf-8"))
    table = read_csv(path, delimiter=delimiter, encoding=encoding)
    assert table.frame.to_dict("list") == {"Nr": [1.0], "V1": ["één"]}


def test_a_cell_may_be_longer_than_the_csv_library_allows_by_itself(tmp_path: Path):
    long = "x" * 200_000
    path, codebook = tmp_path / "a.csv", tmp_path / "c.csv"
    path.write_text(f'Nr,V1\n1,{long}\n2,"{long},y"\n', encoding="utf-8")
    assert read_csv(path).frame["V1"].tolist() == [long, f"{long},y"]
    codebook.write_text(f"variable,code,label\nNr,1,{long}\n", encoding="utf-8")
    described = read_csv(path, codebook=codebook).values
    assert [(one.code, one.value_label) for one in described if one.variable_name == "Nr"] == [("1", long)]
