"""Delimited text: ``.csv`` with any one-character delimiter, decimal point or comma."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path

from orchestration.deliveries.codebook import Codebook, read_codebook_file
from orchestration.deliveries.file_faults import (
    check_header,
    delimited_cells,
    delimited_text,
    foreign,
    read_bytes,
    said_by_first_bytes,
    truncated,
    unreadable,
)
from orchestration.deliveries.number_text import parse_numbers
from orchestration.deliveries.problems import Problem, few, raise_when_any
from orchestration.deliveries.source_table import NUMERIC, STRING, SourceTable
from orchestration.deliveries.texts import MOST_DAMAGED, VARIABLE_LABEL, ByteText, Texts, WholeText, added


def read_csv(
    path: Path,
    delimiter: str = ",",
    decimal: str = ".",
    encoding: str | None = None,
    codebook: Path | None = None,
    declared: Collection[str] = (),
) -> SourceTable:
    """Read delimited text; the first row holds the names.

    A column is numeric when every cell that is not blank is a number in the declared notation without leading
    zeros; any other column is text. Without ``encoding`` it is seen from the cells. Raises ``DeliveryProblems``
    for text that does not parse, for rows of another length than the header, for names that are empty or stand
    twice, when the first row holds none of the ``declared`` variables, and when the text is not in ``encoding``.
    """
    data = read_bytes(path)
    if said_by_first_bytes(data):
        raise foreign(path, "not_csv", "CSV text", data)
    text, used = delimited_text(path, data, encoding, delimiter)
    header, rows = _rows(path, text, delimiter)
    texts = _texts(path, used, encoding, [header, *rows])
    header = [texts.one(name, VARIABLE_LABEL).strip() for name in header]
    raise_when_any(check_header(path, header, declared))
    meaning = read_codebook_file(codebook, encoding) if codebook else Codebook.empty()
    import pandas as pd

    columns: dict[str, pd.Series] = {}
    types: dict[str, str] = {}
    for name, cells in zip(header, zip(*rows, strict=True) if rows else ((),) * len(header), strict=True):
        answers = texts.column(cells, name)
        numbers = parse_numbers(["" if cell is None else cell for cell in answers.tolist()], decimal)
        if numbers is not None and set(numbers) <= {None} and meaning.says_text(name, decimal):
            numbers = None
        types[name] = STRING if numbers is None else NUMERIC
        columns[name] = answers if numbers is None else pd.Series(numbers, dtype="float64")
    frame = pd.DataFrame(columns, copy=False)
    raise_when_any(meaning.problems_with(path.name, frame, types, decimal))
    variables, values = meaning.describe(frame, types, decimal)
    return SourceTable(
        frame,
        variables,
        values,
        "",
        texts.decoder.encoding,
        response_sets=meaning.response_sets(variables),
        text_counts=added(texts.counts, meaning.text_counts),
        original_texts=(*texts.originals, *meaning.original_texts),
    )


def _texts(path: Path, used: str | None, stated: str | None, rows: list[list[str]]) -> Texts:
    """How the cells are to be decoded: as the manifest says, or else as the cells themselves show."""
    if used is not None:
        return Texts(WholeText(used))
    decoder = ByteText(stated, (cell for row in rows for cell in row))
    if stated and decoder.share_undecodable(cell for row in rows for cell in row) > MOST_DAMAGED:
        raise unreadable(
            path,
            "wrong_encoding",
            f"is not {stated}",
            "correct `encoding` in delivery.yml (`encoding: cp1252` is the usual one), or leave it out: the "
            "encoding is then seen from the text",
        )
    return Texts(decoder)


def _rows(path: Path, text: str, delimiter: str) -> tuple[list[str], list[list[str]]]:
    if not text.strip():
        raise truncated(path, "is empty")
    reader = delimited_cells(text, delimiter)
    problems: list[Problem] = []
    rows: list[list[str]] = []
    try:
        header = next(reader)
        for cells in reader:
            if not cells and len(header) > 1:
                continue
            cells = cells or [""]  # with one column, a line without anything is an answer that is not there
            if len(cells) != len(header):
                problems.append(
                    Problem(
                        "row_length",
                        f"line {reader.line_num} has {len(cells)} cells, the header {len(header)}",
                        "quote cells that hold the delimiter, and check `delimiter` in delivery.yml",
                        2,
                        file=path.name,
                    )
                )
            rows.append(cells)
    except csv.Error as error:
        # An open quote at the end is what a file looks like that was cut off.
        if "end of data" in str(error):
            raise truncated(path, f"line {reader.line_num}: ends within a quoted cell") from None
        raise unreadable(
            path,
            "not_csv",
            f"line {reader.line_num}: {error}",
            "check `delimiter` in delivery.yml and the quotes in the file",
        ) from None
    if len(header) == 1 and any(other in header[0] for other in ";,\t|"):
        raise unreadable(
            path,
            "wrong_delimiter",
            f"has one column when it is cut at '{delimiter}'",
            "name the right `delimiter` in delivery.yml",
        )
    raise_when_any(few(problems))
    return header, rows
