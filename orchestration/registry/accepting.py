"""From proposed to accepted: rows that a person chose, as far as they are finished."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.deliveries.problems import Problem, raise_when_any
from orchestration.registry.acceptance import proposed_rows
from orchestration.registry.csv_text import canonical_csv
from orchestration.registry.declaration import ACCEPTED, Table
from orchestration.registry.load import Registry, Row, load_registry
from orchestration.registry.places import place
from orchestration.registry.schema import TABLES
from orchestration.registry.validate import validate_registry

Chosen = Callable[[Table, Row], bool]
Places = dict[str, set[int]]
"""Indices of rows, by table."""


@dataclass(frozen=True)
class Acceptance:
    """``taken``: rows that become accepted, with their table; ``left``: why chosen rows stay proposed;
    ``contents``: the changed files by their paths below the registry."""

    taken: list[tuple[Table, Row]]
    left: list[Problem]
    contents: Mapping[str, bytes]


def accept_rows(folder: Path, wave_id: str, chosen: Chosen) -> Acceptance:
    """What accepting the ``chosen`` proposed rows of a wave makes of the registry in ``folder``; writes nothing.

    A row that is not finished, so that the registry would refuse it once it counts, stays proposed with the reason.
    When something is wrong that no row can be blamed for, nothing is taken. Raises ``DeliveryProblems`` when the
    registry is not in order as it is: some of its rules wait until others hold.
    """
    registry = load_registry(folder)
    raise_when_any(validate_registry(registry))
    wanted: Places = {}
    for table, index, row in proposed_rows(registry, wave_id):
        if chosen(table, row):
            wanted.setdefault(table.name, set()).add(index)
    left: list[Problem] = []
    while wanted:
        contents = _contents(registry, wanted)
        found = _problems(folder, contents)
        if not found:
            return Acceptance(_rows(registry, wanted), left, contents)
        blamed = _blamed(registry, wanted, found)
        left += [problem for problem in found if problem not in left]
        if not blamed:
            break
        wanted = {
            name: kept for name, indices in wanted.items() if (kept := indices - blamed.get(name, set()))
        }
    return Acceptance([], left, {})


def _contents(registry: Registry, wanted: Places) -> dict[str, bytes]:
    contents = {}
    for name, indices in wanted.items():
        table = TABLES[name]
        rows = [
            {**row, table.status_column: ACCEPTED} if index in indices else row
            for index, row in enumerate(registry.table(name))
        ]
        cells = ([row[column] for column in table.column_names] for row in rows)
        contents[table.path] = canonical_csv(table.column_names, cells).encode()
    return contents


def _problems(folder: Path, contents: Mapping[str, bytes]) -> list[Problem]:
    with tempfile.TemporaryDirectory(prefix="peilstok-registry-") as name:
        copy = Path(name) / "registry"
        shutil.copytree(folder, copy)
        for path, content in contents.items():
            (copy / path).write_bytes(content)
        return list(validate_registry(load_registry(copy)))


def _blamed(registry: Registry, wanted: Places, problems: Collection[Problem]) -> Places:
    """Rows that were to be accepted and stand where a problem is."""
    lines = {problem.file for problem in problems}
    return {
        name: {index for index in indices if place(registry, name, index) in lines}
        for name, indices in wanted.items()
        if any(place(registry, name, index) in lines for index in indices)
    }


def _rows(registry: Registry, wanted: Places) -> list[tuple[Table, Row]]:
    return [
        (TABLES[name], registry.table(name)[index])
        for name, indices in wanted.items()
        for index in sorted(indices)
    ]
