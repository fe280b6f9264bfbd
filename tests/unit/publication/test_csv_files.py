"""CSV files of a release: no text in them is a formula to a spreadsheet, and everything else is as it was."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb

from orchestration.publication.csv_files import write_csv


def test_no_text_begins_as_a_formula_does(tmp_path: Path):
    texts = [
        "=cmd|' /C calc'!A0", "+31 20", "@SUM(A1)", "\tx", "-x", "-1", "-.5", "-", "a=b", "V1 = 2", "", None, "'x",
    ]  # fmt: skip
    connection = duckdb.connect()
    connection.execute('create table mart_x ("naam; select" varchar, n integer, x double)')
    connection.executemany(
        "insert into mart_x values (?, ?, ?)", [(t, i, -i / 2) for i, t in enumerate(texts)]
    )
    (path,) = write_csv(connection, ["mart_x"], tmp_path)
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["naam; select", "n", "x"]
    assert [row[0] for row in rows] == [
        "'=cmd|' /C calc'!A0", "'+31 20", "'@SUM(A1)", "'\tx", "'-x", "-1", "-.5", "-", "a=b", "V1 = 2", "", "", "'x",
    ]  # fmt: skip
    assert [row[1:] for row in rows[1:3]] == [["1", "-0.5"], ["2", "-1.0"]]
    # Nothing and an empty text stay apart.
    assert path.read_text().splitlines()[11:13] == ['"",10,-5.0', ",11,-5.5"]


def test_a_table_without_text_is_written_as_it_is(tmp_path: Path):
    connection = duckdb.connect()
    connection.execute("create table mart_x as select 1 as a, -2.5 as b")
    (path,) = write_csv(connection, ["mart_x"], tmp_path)
    assert path.read_text() == "a,b\n1,-2.5\n"
