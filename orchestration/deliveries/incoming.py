"""Files that have just come in, before there is a manifest: what each of them is, and how it must be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from orchestration.deliveries.codebook import COLUMNS, NEEDED, read_codebook_file
from orchestration.deliveries.confined_reading import read_source
from orchestration.deliveries.file_faults import decode, read_bytes, regular_file, unreadable
from orchestration.deliveries.header_line import DELIMITERS, seen_delimiter
from orchestration.deliveries.manifest import (
    LONGEST_NAME_BYTES,
    OWN_NAMES,
    SUFFIXES,
    DeliveredFile,
    check_relative_path,
)
from orchestration.deliveries.problems import (
    WRONG_USE_OR_UNREADABLE,
    DeliveryProblems,
    Problem,
    raise_when_any,
)
from orchestration.deliveries.second_reading.second_table import CannotReadAgain
from orchestration.deliveries.second_reading.worksheet import opened_workbook
from orchestration.deliveries.source_table import SourceTable

FALLBACK_ENCODING = "cp1252"
"""What text of Dutch contractors is in when it is not UTF-8."""
SAMPLE_LINES = 200
"""Lines that are looked at to see the decimal sign."""


@dataclass(frozen=True)
class IncomingFile:
    """A file of answers: how the manifest would describe it (without roles), and what was read."""

    path: Path
    description: dict[str, Any]
    table: SourceTable
    codebook: Path | None = None

    @property
    def paths(self) -> list[Path]:
        return [self.path, *([self.codebook] if self.codebook else [])]


@dataclass
class _Found:
    data: list[Path] = field(default_factory=list)
    codebooks: list[Path] = field(default_factory=list)


def read_incoming(paths: Sequence[Path]) -> list[IncomingFile]:
    """Read every file, each with the codebook among the others that is about its variables.

    Raises ``DeliveryProblems`` with everything that is wrong: names that a manifest cannot hold, files that are
    absent or cannot be read, codebooks of no file.
    """
    raise_when_any(_names(paths))
    found = _Found()
    problems: list[Problem] = []
    for path in paths:
        try:
            regular_file(path)
            (found.codebooks if _is_codebook(path) else found.data).append(path)
        except DeliveryProblems as fault:
            problems += fault.problems
    raise_when_any(problems)
    files: list[IncomingFile] = []
    pairs = _pairs(found)
    for path in found.data:
        try:
            files.append(_read(path, pairs.get(path)))
        except DeliveryProblems as fault:
            problems += fault.problems
    raise_when_any(problems)
    if not files:
        raise DeliveryProblems(
            [_use("no_answers_file", "none of the files holds answers", "name the files with answers too")]
        )
    return files


def format_of(path: Path) -> str:
    """The format by the name's ending, as a manifest calls it; ``''`` when there is no reader for it."""
    return next((name for name, endings in SUFFIXES.items() if path.name.lower().endswith(endings)), "")


def _use(kind: str, message: str, remedy: str, file: str = "") -> Problem:
    return Problem(kind, message, remedy, WRONG_USE_OR_UNREADABLE, file=file)


def _names(paths: Sequence[Path]) -> list[Problem]:
    problems = []
    seen: set[str] = set()
    for path in paths:
        name = path.name
        shown = name.encode("utf-8", "backslashreplace").decode()
        said = ""
        if shown != name:
            said = "has a name that is not UTF-8"
        elif name != name.strip():
            said = "has a name that begins or ends with a blank"
        elif name in OWN_NAMES or len(name.encode()) > LONGEST_NAME_BYTES:
            said = "has a name that the program keeps for itself, or that is too long"
        elif wrong := check_relative_path(path.parent, name):
            said = f"has a name that a manifest cannot hold: it {wrong}"
        elif name.casefold() in seen:
            said = "has the name of another of the files"
        if said:
            problems.append(_use("file_name", said, "give the copy that you deliver another name", shown))
        elif not format_of(path):
            endings = ", ".join(sorted({ending for endings in SUFFIXES.values() for ending in endings}))
            problems.append(
                _use("unknown_format", "is of no format that can be read", f"deliver one of {endings}", name)
            )
        seen.add(name.casefold())
    return problems


def _first_line(path: Path) -> str:
    data = read_bytes(path)
    try:
        text = decode(path, data, None)[0]
    except DeliveryProblems:
        text = decode(path, data, FALLBACK_ENCODING)[0]
    return text.lstrip("\ufeff").splitlines()[0] if text.strip() else ""


def _is_header_of_codebook(cells: Sequence[Any]) -> bool:
    names = [str(cell).strip().strip('"') for cell in cells if cell not in (None, "")]
    return set(NEEDED) <= set(names) <= set(COLUMNS)


def _is_codebook(path: Path) -> bool:
    if format_of(path) != "csv":
        return False
    line = _first_line(path)
    return any(_is_header_of_codebook(line.split(sign)) for sign in DELIMITERS)


def _pairs(found: _Found) -> dict[Path, Path]:
    """The file that each codebook is about: the one that has most of its variables, then the likest name."""
    candidates = [path for path in found.data if format_of(path) in ("csv", "xlsx")]
    pairs: dict[Path, Path] = {}
    problems: list[Problem] = []
    for codebook in found.codebooks:
        named = set(read_codebook_file(codebook, FALLBACK_ENCODING).entries)
        ranked = sorted(
            (
                len(named & _header(path)) / max(len(named), 1),
                SequenceMatcher(None, path.stem.casefold(), codebook.stem.casefold()).ratio(),
                str(path),
                path,
            )
            for path in candidates
            if path not in pairs
        )
        if ranked and ranked[-1][0] > 0:
            pairs[ranked[-1][3]] = codebook
        else:
            problems.append(
                _use(
                    "codebook_of_no_file",
                    "is a codebook, and none of the files has its variables",
                    "name the file that it is about too",
                    codebook.name,
                )
            )
    raise_when_any(problems)
    return pairs


def _header(path: Path) -> set[str]:
    if format_of(path) == "xlsx":
        return {str(cell).strip() for cells in _sheets(path).values() for cell in cells}
    line = _first_line(path)
    return {cell.strip().strip('"') for cell in line.split(seen_delimiter(line))}


def _read(path: Path, codebook: Path | None) -> IncomingFile:
    description: dict[str, Any] = {"path": path.name, "format": format_of(path)}
    if description["format"] == "csv":
        description |= _notation(path)
    if description["format"] == "xlsx":
        description |= _sheet_choice(path, codebook)
    if codebook is not None:
        description["codebook"] = codebook.name
    entry = {"file_id": "incoming", "version": 1, "instrument": "incoming", "respondent_id": None}

    def read() -> SourceTable:
        # The codebook may lie in another folder: what counts is that both will lie together.
        together = description if codebook is None else {**description, "codebook": str(codebook.absolute())}
        return read_source(path.parent, DeliveredFile.model_construct(**_full({**entry, **together})))

    try:
        table = read()
    except DeliveryProblems as fault:
        is_text = description["format"] == "csv" and all("encod" in p.kind for p in fault.problems)
        if not is_text:
            raise
        description["encoding"] = FALLBACK_ENCODING
        table = read()
    return IncomingFile(path, description, table, codebook)


def _full(values: dict[str, Any]) -> dict[str, Any]:
    """All fields of an entry: nothing here has been checked as a manifest is, and a path may lead elsewhere."""
    defaults = {
        name: field.get_default() for name, field in DeliveredFile.model_fields.items() if name not in values
    }
    if isinstance(values.get("codebook"), dict):
        from orchestration.deliveries.manifest import CodebookSheet

        values = {**values, "codebook": CodebookSheet(**values["codebook"])}
    return {**defaults, **values}


def _notation(path: Path) -> dict[str, Any]:
    delimiter = seen_delimiter(_first_line(path))
    data = read_bytes(path)
    try:
        text = decode(path, data, None)[0]
    except DeliveryProblems:
        text = decode(path, data, FALLBACK_ENCODING)[0]
    cells = [cell.strip('"') for line in text.splitlines()[1:SAMPLE_LINES] for cell in line.split(delimiter)]
    commas = sum(1 for cell in cells if re.fullmatch(r"-?\d+,\d+", cell))
    points = sum(1 for cell in cells if re.fullmatch(r"-?\d+\.\d+", cell))
    notation: dict[str, Any] = {} if delimiter == "," else {"delimiter": delimiter}
    return {**notation, "decimal": ","} if commas > points and delimiter != "," else notation


def _sheets(path: Path) -> dict[str, list[Any]]:
    """The first row of every sheet, by name."""
    try:
        with opened_workbook(path) as book:
            rows = {name: book.get_sheet_by_name(name).to_python(nrows=1) for name in book.sheet_names}
    except CannotReadAgain as said:
        raise unreadable(
            path,
            "damaged_file",
            f"is no workbook that can be read: {said}",
            "ask the supplier for an .xlsx without a password, saved anew by the program that it comes from",
        ) from None
    return {name: first[0] if first else [] for name, first in rows.items()}


def _sheet_choice(path: Path, codebook: Path | None) -> dict[str, Any]:
    """The sheet with the answers: the widest one; and the one with a codebook, if there is any."""
    sheets = _sheets(path)
    codebooks = [name for name, header in sheets.items() if _is_header_of_codebook(header)]
    others = {name: len(header) for name, header in sheets.items() if name not in codebooks}
    if not others:
        return {}
    choice: dict[str, Any] = {}
    if len(sheets) > 1:
        choice["sheet"] = max(others, key=lambda name: others[name])
    if codebooks and codebook is None:
        choice["codebook"] = {"sheet": codebooks[0]}
    return choice
