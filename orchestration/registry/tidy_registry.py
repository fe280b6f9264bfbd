"""Registry files in the one form that is accepted, from whatever a spreadsheet made of them."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.deliveries.problems import Problem, few
from orchestration.registry.csv_text import canonical_csv
from orchestration.registry.declaration import Column, Table
from orchestration.registry.schema import FREE_FOLDERS, TABLES
from orchestration.registry.spreadsheet import NotASheet, Sheet, read_sheet
from orchestration.registry.spreadsheet_damage import (
    TRUTHS,
    coarse,
    damage,
    doubtful,
    fixed_width,
    is_same_number,
)
from orchestration.registry.values import parse

Key = tuple[str, ...]
MEANT = "take the cell back from version control; if it is meant, `peilstok tidy --as-meant` takes every cell as it is"


@dataclass(frozen=True)
class TidyFile:
    """One file of the registry: ``content`` is its tidy form, None where it is refused for its ``problems``."""

    path: str
    is_changed: bool
    content: bytes | None
    problems: tuple[Problem, ...] = ()


def tidy_registry(root: Path, is_as_meant: bool = False) -> list[TidyFile]:
    """The tidy form of every file below ``root``; writes nothing.

    A file is compared with the version that was last committed, where there is one. ``is_as_meant``: cells
    are taken as they are, however much they look like a spreadsheet's work.
    """
    declared = {table.path: table for table in TABLES.values()}
    paths = [path for path in declared if (root / path).is_file()]
    for folder in FREE_FOLDERS:
        paths += [f"{folder}/{path.name}" for path in sorted((root / folder).glob("*.csv"))]
    differing = differing_from_commit(root)
    found = []
    for path in sorted(dict.fromkeys(paths)):
        data = (root / path).read_bytes()
        # What git does not name is as it was committed.
        previous = committed(root, path) if differing is None or path in differing else data
        found.append(tidy_file(path, data, previous, declared.get(path), is_as_meant))
    return found


def differing_from_commit(root: Path) -> set[str] | None:
    """Files that are new or not as last committed; None without git, where nothing is known about any."""
    found: set[str] = set()
    for command in (
        ("diff", "--name-only", "--relative", "-z", "HEAD", "--", "."),
        ("ls-files", "--others", "-z", "--", "."),
    ):
        listed = _git(root, *command)
        if listed is None:
            return None
        found.update(name for name in listed.decode().split("\0") if name)
    return found


def committed(root: Path, path: str) -> bytes | None:
    """The bytes of a file as last committed; None without git, or when it is new."""
    return _git(root, "show", f"HEAD:./{path}")


def _git(root: Path, *command: str) -> bytes | None:
    try:
        done = subprocess.run(["git", "-C", str(root), *command], capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def tidy_file(
    path: str, data: bytes, previous: bytes | None, table: Table | None, is_as_meant: bool = False
) -> TidyFile:
    """The tidy form of one file: sorted by its key, LF, commas, quotes only where needed.

    ``previous``: its bytes before a spreadsheet had it; ``table``: its declaration, None for a free one.
    """
    try:
        sheet = read_sheet(data, path, table.column_names if table else None)
    except NotASheet as fault:
        return TidyFile(path, True, None, (fault.problem,))
    before = _rows_before(previous, path, sheet.columns)
    columns = table.columns if table else tuple(Column(name, "", "") for name in sheet.columns)
    rows, problems = _mended_rows(path, sheet, columns, before, is_as_meant)
    if not is_as_meant:
        problems += _changed_by_a_spreadsheet(path, rows, columns, before, table.key if table else ())
    if problems:
        shown = few(_once(problems), alike=lambda problem: problem.variable)
        return TidyFile(path, True, None, tuple(shown))
    if table and table.key:
        places = [table.column_names.index(name) for name in table.key]
        rows.sort(key=lambda row: tuple(row[1][place] for place in places))
    content = canonical_csv(sheet.columns, (cells for _, cells in rows)).encode()
    return TidyFile(path, content != data, content)


def _rows_before(previous: bytes | None, path: str, columns: tuple[str, ...]) -> list[list[str]]:
    if previous is None:
        return []
    try:
        return [cells for _, cells in read_sheet(previous, path, columns).rows]
    except NotASheet:
        return []


def _mended_rows(
    path: str, sheet: Sheet, columns: Sequence[Column], before: list[list[str]], is_as_meant: bool
) -> tuple[list[tuple[int, list[str]]], list[Problem]]:
    """The rows with truths and decimal commas as the registry writes them, and every cell that is in doubt."""
    known = [{row[place] for row in before} for place in range(len(columns))]
    widths = [fixed_width(values - {""}) for values in known]
    rows: list[tuple[int, list[str]]] = []
    problems: list[Problem] = []
    for line, cells in sheet.rows:
        mended = [
            _mended(column, text, known[place], sheet.delimiter)
            for place, (column, text) in enumerate(zip(columns, cells, strict=True))
        ]
        rows.append((line, mended))
        if is_as_meant:
            continue
        for place, (column, text) in enumerate(zip(columns, mended, strict=True)):
            if text and text not in known[place] and (said := _doubt(column, text, widths[place])):
                problems.append(_refused(path, line, column.name, said, text))
    return rows, problems


def _mended(column: Column, text: str, known: set[str], delimiter: str) -> str:
    """What can be put right with certainty: TRUE where only true or false can stand, a comma where a point must."""
    if text in known:
        return text
    if column.value_type == "boolean":
        return TRUTHS.get(text.lower(), text)
    if column.value_type in ("integer", "number"):
        same = sorted(value for value in known if is_same_number(value, text))
        if len(same) == 1:
            return same[0]
        whole, comma, decimals = text.partition(",")
        # With a comma between cells it can be none within; three digits behind it may be thousands.
        if comma and delimiter != "," and decimals.isdigit() and len(decimals) != 3:
            return f"{whole}.{decimals}"
    return text


def _doubt(column: Column, text: str, width: int) -> str:
    if column.value_type == "text":
        if said := doubtful(text):
            return said
        if width and text.isdigit() and len(text) < width:
            return f"has {len(text)} digits, where every other had {width}: leading zeros may be lost"
        return ""
    if column.value_type == "boolean":
        return ""
    try:
        parse(column.value_type, text)
    except ValueError as expected:
        return f"is not {expected}"
    return ""


def _changed_by_a_spreadsheet(
    path: str,
    rows: list[tuple[int, list[str]]],
    columns: Sequence[Column],
    before: list[list[str]],
    key: tuple[str, ...],
) -> list[Problem]:
    """Cells that differ from those of the same row before in a way that no person would choose.

    Numbers that are the same are put back, in ``rows``, as they were written.
    """
    names = [column.name for column in columns]
    places = [names.index(name) for name in key] or list(range(len(names)))

    def key_of(cells: list[str]) -> Key:
        return tuple(cells[place] for place in places)

    old = {key_of(cells): cells for cells in before}
    vanished = Counter(map(key_of, before)) - Counter(key_of(cells) for _, cells in rows)
    alike: dict[Key, list[list[str]]] = {}
    for gone in vanished:
        alike.setdefault(tuple(map(coarse, gone)), []).append(old[gone])
    problems: list[Problem] = []
    for line, cells in rows:
        if key_of(cells) in old:
            _restore_numbers(columns, old[key_of(cells)], cells)
            problems += _damaged(path, line, columns, old[key_of(cells)], cells)
            continue
        for candidate in alike.get(tuple(map(coarse, key_of(cells))), []):
            if all(
                candidate[place] == cells[place] or damage(candidate[place], cells[place]) for place in places
            ):
                problems += _damaged(path, line, columns, candidate, cells)
                break
    return problems


def _restore_numbers(columns: Sequence[Column], old: list[str], new: list[str]) -> None:
    """A number that is the same as before keeps the form that it had: 0.10 does not become 0.1."""
    for place, column in enumerate(columns):
        if column.value_type in ("integer", "number") and is_same_number(old[place], new[place]):
            new[place] = old[place]


def _damaged(
    path: str, line: int, columns: Sequence[Column], old: list[str], new: list[str]
) -> Iterator[Problem]:
    for column, before, text in zip(columns, old, new, strict=True):
        if said := damage(before, text):
            yield _refused(path, line, column.name, f"stood as '{before}' before: {said}", text)


def _once(problems: list[Problem]) -> list[Problem]:
    """One problem per cell: what it was before says more than what it looks like."""
    by_cell = {(problem.file, problem.variable): problem for problem in problems}
    return list(by_cell.values())


def _refused(path: str, line: int, column: str, said: str, text: str) -> Problem:
    return Problem("spreadsheet_damage", f"'{text}' {said}", MEANT, file=f"{path}:{line}", variable=column)
