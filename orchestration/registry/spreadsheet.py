"""A registry file as spreadsheets save it: other line ends and separators, a mark in front, cells added or left off."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass

from orchestration.deliveries.problems import WRONG_USE_OR_UNREADABLE, Problem

DELIMITERS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Sheet:
    """The cells of a file: ``rows`` are its lines below the header, each with the number of the line."""

    columns: tuple[str, ...]
    rows: list[tuple[int, list[str]]]
    delimiter: str


class NotASheet(Exception):
    """A file that cannot be taken for the table that it should be."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def read_sheet(data: bytes, path: str, columns: tuple[str, ...] | None) -> Sheet:
    """The cells of a file, in the declared order of the columns (None: as they stand).

    Put right are what changes no cell: a byte order mark, CRLF, semicolons or tabs, columns in another order,
    empty columns at the end, empty rows, and cells that are left off at the end of a row. Raises
    ``NotASheet`` for bytes that are no text, and for columns that are not the declared ones.
    """
    text = _text(data, path)
    delimiter = ""
    skipped = 0
    if told := _SEPARATOR_LINE.match(text):
        delimiter, text, skipped = told[1], text[told.end() :], 1
    delimiter = delimiter or _delimiter(text, columns)
    try:
        lines = _lines(text, delimiter, skipped)
    except csv.Error as fault:
        raise NotASheet(_problem(path, f"is not valid CSV: {fault}", "correct the quotes")) from None
    if not lines:
        raise NotASheet(_problem(path, "is empty", "give it its header"))
    order, names = _order(lines[0][1], path, columns)
    return Sheet(names, _rows(lines[1:], path, order, len(lines[0][1])), delimiter)


def _text(data: bytes, path: str) -> str:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as fault:
        raise NotASheet(
            _problem(
                path,
                f"is not UTF-8 at byte {fault.start}: which letters it held is not sure any more",
                "save it from the spreadsheet as 'CSV UTF-8', or take it back from version control",
                WRONG_USE_OR_UNREADABLE,
            )
        ) from None


def _delimiter(text: str, columns: tuple[str, ...] | None) -> str:
    """What separates the names of the header; none of them holds any of the candidates."""
    header = text.split("\n", 1)[0].strip("\r")
    names = {mark: [name.strip('" ') for name in header.split(mark)] for mark in DELIMITERS}
    if columns is not None:
        return max(DELIMITERS, key=lambda mark: len(set(names[mark]) & set(columns)))
    return max(DELIMITERS, key=lambda mark: len(names[mark]))


def _lines(text: str, delimiter: str, skipped: int) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = []
    before = 0
    for cells in reader:
        # Line ends inside a cell are turned into CRLF with the rest of the file.
        lines.append((skipped + before + 1, [cell.replace("\r\n", "\n") for cell in cells]))
        before = reader.line_num
    return lines


def _order(
    header: list[str], path: str, columns: tuple[str, ...] | None
) -> tuple[list[int], tuple[str, ...]]:
    """Where in the file each declared column stands."""
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    declared = tuple(names) if columns is None else columns
    twice = sorted({name for name in names if names.count(name) > 1})
    lacks = [name for name in declared if name not in names]
    extra = [name or "a column without a name" for name in names if name not in declared]
    if lacks or extra or twice:
        said = [
            f"lacks {', '.join(lacks)}" if lacks else "",
            f"has undeclared {', '.join(extra)}" if extra else "",
            f"has {', '.join(twice)} twice" if twice else "",
        ]
        raise NotASheet(
            _problem(
                path,
                "; ".join(part for part in said if part),
                f"the header must hold {', '.join(declared)}",
            )
        )
    return [names.index(name) for name in declared], declared


def _rows(
    lines: list[tuple[int, list[str]]], path: str, order: list[int], width: int
) -> list[tuple[int, list[str]]]:
    rows = []
    for number, cells in lines:
        if not any(cells):
            continue
        stray = [place for place, cell in enumerate(cells) if cell and place not in order]
        if stray or (len(cells) > max(width, len(order)) and any(cells[width:])):
            raise NotASheet(
                _problem(
                    f"{path}:{number}",
                    f"has a cell beyond its {len(order)} columns",
                    "remove it, or quote a text that holds the separator",
                )
            )
        rows.append((number, [cells[place] if place < len(cells) else "" for place in order]))
    return rows


def _problem(file: str, message: str, remedy: str, exit_code: int = 1) -> Problem:
    return Problem("registry_sheet", message, remedy, exit_code, file=file)
