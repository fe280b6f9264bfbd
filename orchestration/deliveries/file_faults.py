"""Reading a file at all, and the problems with it that every reader can meet, worded in one place."""

from __future__ import annotations

import codecs
import csv
import io
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestration.deliveries.privacy import EMAIL
from orchestration.deliveries.problems import (
    WRONG_USE_OR_UNREADABLE,
    DeliveryProblems,
    Problem,
    closest,
    few,
)
from orchestration.deliveries.text_encoding import is_one_byte_text

ABSENT = "put it back as it was received, or take it off the manifest"
MARKS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
BYTE_ORDER_MARK = "\ufeff"
FORMATS_BY_FIRST_BYTES = {
    b"$FL2": "an SPSS system file (.sav)",
    b"$FL3": "a compressed SPSS system file (.zsav)",
    b"<stata_dta>": "a Stata file (.dta)",
    b"PK": "an .xlsx workbook, or another zip archive",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an encrypted workbook, or one of the old .xls kind",
}


def unreadable(path: Path, kind: str, message: str, remedy: str) -> DeliveryProblems:
    """A file that cannot be read: exit code 2."""
    return DeliveryProblems([Problem(kind, message, remedy, WRONG_USE_OR_UNREADABLE, file=path.name)])


def truncated(path: Path, message: str) -> DeliveryProblems:
    return unreadable(
        path,
        "truncated_file",
        message,
        "ask the supplier for the whole file and compare its size and hash with theirs",
    )


def regular_file(path: Path) -> os.stat_result:
    """What the system knows of a file. Raises ``DeliveryProblems`` when it is absent or not a regular file.

    A pipe or a device is refused without opening it: reading one may never end.
    """
    with explained(path):
        found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise unreadable(path, "unreadable_file", "is a folder, not a file", "put the file itself there")
    if not stat.S_ISREG(found.st_mode):
        raise unreadable(
            path,
            "unreadable_file",
            "is a pipe, a socket or a device, not a file",
            "put the file itself there",
        )
    return found


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns the system's refusal to open or read ``path`` into ``DeliveryProblems``."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise unreadable(path, "missing_file", "the file is not there", ABSENT) from None
    except OSError as error:
        raise unreadable(
            path, "unreadable_file", f"cannot be opened: {error.strerror or error}", "make it a readable file"
        ) from None


def unreadable_folder(shown: str, error: OSError) -> Problem:
    """A folder whose content the system does not show; passed over, a delivery could vanish unnoticed."""
    return Problem(
        "unreadable_folder",
        f"cannot be looked into: {error.strerror or error}",
        "make it readable, or move it out of the raw folder",
        WRONG_USE_OR_UNREADABLE,
        file=shown,
    )


def read_bytes(path: Path) -> bytes:
    """The bytes of a file. Raises ``DeliveryProblems`` when it is absent, not a file, or cannot be opened."""
    regular_file(path)
    with explained(path):
        return path.read_bytes()


def said_by_first_bytes(data: bytes) -> str:
    """What a file is according to its first bytes; ``''`` when they say nothing."""
    return next((name for first, name in FORMATS_BY_FIRST_BYTES.items() if data.startswith(first)), "")


def foreign(path: Path, kind: str, wanted: str, data: bytes) -> DeliveryProblems:
    """A file of another format than the manifest says."""
    other = said_by_first_bytes(data)
    return unreadable(
        path,
        kind,
        f"is not {wanted}, but {other}" if other else f"is not {wanted}: its first bytes are others",
        f"correct `format` and `path` in delivery.yml, or ask the supplier for {wanted}",
    )


def decode(path: Path, data: bytes, encoding: str | None) -> tuple[str, str]:
    """Text of a file and the name of its encoding; UTF-8, with or without a mark, unless another is named."""
    name = encoding or "utf-8"
    try:
        # The mark is left by some programs, whichever way the encoding is called; it is no part of a name.
        return data.decode(name).removeprefix(BYTE_ORDER_MARK), name
    except UnicodeError as error:
        at = f" at byte {error.start}" if isinstance(error, UnicodeDecodeError) else ""
        raise unreadable(
            path,
            "wrong_encoding",
            f"is not {encoding or 'UTF-8'}{at}",
            "name its encoding in delivery.yml (`encoding: cp1252` is the usual one)",
        ) from None


def delimited_text(
    path: Path, data: bytes, encoding: str | None, delimiter: str = ","
) -> tuple[str, str | None]:
    """Text of a delimited file, and ``None``: each character stands for one byte and is still to be decoded; or
    the name of the encoding that all of it has been decoded with, because its bytes do not stand for themselves,
    or because its ``delimiter`` may be more than one of them.
    """
    if encoding is None:
        encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), None)
    # What a disk left behind the text is no sign of an encoding.
    if encoding is None and data.rstrip(b"\0").count(0) * 5 > len(data):
        raise unreadable(
            path,
            "wrong_encoding",
            "is full of zero bytes, as text in UTF-16 is",
            "name its encoding in delivery.yml (`encoding: utf-16-le` is the usual one)",
        )
    used: str | None = None
    if delimiter.isascii() and is_one_byte_text(encoding):
        text = data.removeprefix(codecs.BOM_UTF8).decode("latin-1")
    else:
        text, used = decode(path, data, encoding)
    if (at := text.find("\0")) >= 0:
        # Some programs end a text there, others read on: two readers would see two files.
        raise unreadable(
            path,
            "not_csv",
            f"line {text.count(chr(10), 0, at) + 1}: holds a zero byte, which no text has",
            "ask the supplier for the file again, saved anew by the program that it comes from",
        )
    return text, used


def delimited_cells(text: str, delimiter: str) -> Any:
    """The reader of the rows of a delimited text; a cell may be as long as the text."""
    csv.field_size_limit(max(len(text), csv.field_size_limit()))
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def check_header(path: Path, header: list[str], declared: Collection[str] = ()) -> list[Problem]:
    """Column names must be there, and differ in more than upper and lower case.

    ``declared``: variables that the manifest names. Messages give positions and never a name: in a file
    without a row of names, the first row is what the first respondent answered.
    """
    is_known = any(name in header or closest(name, header) for name in declared)
    if (declared and not is_known) or any(EMAIL.search(name) for name in header):
        return [
            Problem(
                "no_header",
                "its first row does not hold the names of the variables"
                + (
                    f": none of {', '.join(list(declared)[:3])} is in it" if declared and not is_known else ""
                ),
                "ask the supplier for the file with the names of the variables in its first row, or correct "
                "the names in delivery.yml",
                WRONG_USE_OR_UNREADABLE,
                file=path.name,
            )
        ]
    return check_names(path, header)


def check_names(path: Path, names: list[str]) -> list[Problem]:
    """Names that cannot be columns of landing. Messages give positions, never a name."""
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if not name.strip():
            kind, said, remedy = "unnamed_column", "has no name", "name it in the file, or remove the column"
        elif name.casefold() in seen:
            kind, remedy = "duplicate_column", "ask the supplier to rename one of the two"
            said = (
                f"has the name of column {seen[name.casefold()]}; upper and lower case do not tell columns "
                "apart"
            )
        elif name.startswith(("_row", "_respondent", "_panel_member")):
            kind, said, remedy = (
                "reserved_column",
                "has a name that begins as the columns of landing itself do (_row, _respondent, _panel_member)",
                "rename the column",
            )
        else:
            seen[name.casefold()] = position
            continue
        problems.append(Problem(kind, f"column {position} {said}", remedy, file=path.name))
    return few(problems)
