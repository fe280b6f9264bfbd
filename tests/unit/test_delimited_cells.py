"""Delimited text beyond the usual: other delimiters, long cells."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from orchestration.deliveries import DeliveryProblems, read_csv, read_xlsx


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


def test_with_one_column_a_blank_line_is_a_respondent_without_answer(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("V1\n1\n\n2\n", encoding="utf-8")
    assert read_csv(path).frame["V1"].astype(object).where(lambda column: column.notna(), None).tolist() == [
        1.0,
        None,
        2.0,
    ]
    path.write_text("Nr,V1\n1,1\n\n2,2\n", encoding="utf-8")
    assert read_csv(path).frame["V1"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(("code", "kind"), [("J", "string"), ("1", "numeric")])
def test_a_column_without_answers_is_of_the_kind_that_its_codes_are(tmp_path: Path, code: str, kind: str):
    codebook = tmp_path / "c.csv"
    codebook.write_text(f"variable,code,label\nV1,{code},Ja\n", encoding="utf-8")
    text, book = tmp_path / "a.csv", tmp_path / "a.xlsx"
    text.write_text("Nr,V1\n1,\n2,\n", encoding="utf-8")
    pd.DataFrame({"Nr": [1, 2], "V1": [None, None]}).to_excel(book, index=False)
    for table in (read_csv(text, codebook=codebook), read_xlsx(book, codebook=codebook)):
        assert {one.variable_name: one.storage_type for one in table.variables} == {
            "Nr": "numeric",
            "V1": kind,
        }
        assert [(one.code, one.value_label) for one in table.values] == [(code, "Ja")]


@pytest.mark.parametrize(
    ("codes", "cells", "fits"),
    [
        (["1", "2"], ["01", "02"], False),
        (["001", "2"], ["01", "02"], False),
        (["1", "01"], ["01", "1"], True),
        (["01", "02"], ["01", "02"], True),
        # "1" has no answers: nothing goes without its label.
        (["1", "a"], ["a", "a"], True),
    ],
)
def test_codes_with_other_leading_zeros_than_the_answers(
    tmp_path: Path, codes: list[str], cells: list[str], fits: bool
):
    path, codebook = tmp_path / "a.csv", tmp_path / "c.csv"
    path.write_text("Nr,V1\n" + "".join(f"{n},{cell}\n" for n, cell in enumerate(cells)), encoding="utf-8")
    rows = "".join(f"V1,{code},Antwoord {code}\n" for code in codes)
    codebook.write_text(f"variable,code,label\n{rows}", encoding="utf-8")
    if fits:
        assert sorted(one.code for one in read_csv(path, codebook=codebook).values) == sorted(codes)
        return
    with pytest.raises(DeliveryProblems) as caught:
        read_csv(path, codebook=codebook)
    first = caught.value.problems[0]
    assert (first.kind, first.file, first.variable, first.code) == (
        "codebook_code",
        "c.csv:2",
        "V1",
        codes[0],
    )
