"""Writing delimited text and workbooks, with their codebooks, so that equal input gives equal bytes."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import openpyxl

from orchestration.sample_data.encoding import FileTable

CODEBOOK_COLUMNS = ("variable", "variable_label", "code", "label", "is_missing", "mr_set")
DATA_SHEET, CODEBOOK_SHEET = "data", "codeboek"


def write_delimited(table: FileTable, path: Path, codebook: Path, encoding: str) -> None:
    """Semicolons, decimal comma, CRLF; the codebook in the same dress."""
    columns = [_cells(table.frame[name].to_numpy(), is_text) for name, is_text in _kinds(table)]
    _write_rows(path, [list(table.frame.columns), *map(list, zip(*columns, strict=True))], encoding)
    _write_rows(codebook, codebook_rows(table), encoding)


def codebook_rows(table: FileTable) -> list[list[str]]:
    """Header and rows of a codebook: one row per code, or one row for a variable without codes."""
    rows = [list(CODEBOOK_COLUMNS)]
    for variable in table.variables:
        head = [variable.name, variable.label]
        for code in variable.codes:
            is_missing = code.value in variable.missing_values
            rows.append(
                [*head, str(code.value), code.label, "true" if is_missing else "false", variable.mr_set]
            )
        if not variable.codes:
            rows.append([*head, "", "", "false", variable.mr_set])
    return rows


def write_workbook(table: FileTable, path: Path, title: str, created: dt.datetime) -> None:
    """A workbook with a sheet of answers and a sheet with the codebook; its times are ``created``."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = DATA_SHEET
    sheet.append(list(table.frame.columns))
    columns = [_values(table.frame[name].to_numpy(), is_text) for name, is_text in _kinds(table)]
    for row in zip(*columns, strict=True):
        sheet.append(list(row))
    described = book.create_sheet(CODEBOOK_SHEET)
    for row in codebook_rows(table):
        described.append([int(cell) if cell.lstrip("-").isdigit() else cell for cell in row])
    book.properties.title = title
    book.properties.creator = "synthetisch voorbeeld"
    book.properties.created = created
    buffer = io.BytesIO()
    book.save(buffer)
    path.write_bytes(_with_fixed_times(buffer.getvalue(), created))


def _kinds(table: FileTable) -> list[tuple[str, bool]]:
    return [(variable.name, variable.is_text) for variable in table.variables]


def _cells(values: np.ndarray, is_text: bool) -> list[str]:
    if is_text:
        return [str(value) for value in values]
    return [
        ""
        if np.isnan(value)
        else str(int(value))
        if value == int(value)
        else f"{value:.4f}".rstrip("0").replace(".", ",")
        for value in values.astype(float)
    ]


def _values(values: np.ndarray, is_text: bool) -> list[object]:
    if is_text:
        return [str(value) or None for value in values]
    return [
        None if np.isnan(value) else int(value) if value == int(value) else round(float(value), 4)
        for value in values.astype(float)
    ]


def _write_rows(path: Path, rows: list[list[str]], encoding: str) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerows(rows)
    path.write_bytes(buffer.getvalue().encode(encoding))


def _with_fixed_times(data: bytes, created: dt.datetime) -> bytes:
    """The same archive with one time for every member and in its properties."""
    stamp = created.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    when = (created.year, created.month, created.day, created.hour, created.minute, created.second)
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>" + stamp, content)
            member = zipfile.ZipInfo(name, when)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o600 << 16
            target.writestr(member, content)
    return buffer.getvalue()
