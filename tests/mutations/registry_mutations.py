"""Random changes to crosswalk, registry and code lists, as a hurried person makes them; reproducible by their seed.

A mutated file is written as `peilstok tidy` would, sorted by its key: a file out of order is refused by its form alone,
and this is about meaning.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

from orchestration.registry import TABLES, Registry
from orchestration.registry.csv_text import canonical_csv
from orchestration.registry.declaration import Column, Table

FOLDERS = ("crosswalk", "registry", "codelists")
KINDS = ("change_cell", "delete_row", "duplicate_row", "swap_cell", "swap_rows")
# What a person reads and no model computes with: a change there is no change of meaning.
TEXT = ("note", "score", "reason", "source", "example")
TRIES = 1000

Row = dict[str, str]


@dataclass(frozen=True)
class Mutation:
    """One change: ``text`` is what the file of ``table`` holds after it.

    ``rows``: the rows that it touched, as they were and as they became; ``lines``: those of them that still stand,
    by their line in the new file; ``column`` is empty when whole rows changed.
    """

    number: int
    kind: str
    table: str
    column: str
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    told: str
    text: str

    @property
    def path(self) -> str:
        return TABLES[self.table].path

    def is_named_in(self, message: str) -> bool:
        """Whether a message names the file and the row: its line, or every cell of its key."""
        if any(_ends(message, f"{self.path}:{line}") for line in self.lines):
            return True
        if self.path not in message:
            return False
        key = [TABLES[self.table].column_names.index(name) for name in TABLES[self.table].key]
        return any(all(row[place] in message for place in key if row[place]) for row in self.rows)


def _ends(message: str, place: str) -> bool:
    """Whether a place occurs that is not the beginning of a longer number: ``…csv:1`` is not ``…csv:12``."""
    start = message.find(place)
    while start >= 0:
        if not message[start + len(place) :][:1].isdigit():
            return True
        start = message.find(place, start + 1)
    return False


def mutations(registry: Registry, seed: int, count: int) -> Iterator[Mutation]:
    """``count`` different mutations; the same for the same registry and seed, and each for itself.

    A table is drawn by the square root of its rows, so that long lists of codes do not push out short tables.
    """
    tables = [table for table in TABLES.values() if table.folder in FOLDERS and registry.table(table.name)]
    weights = [sqrt(len(registry.table(table.name))) for table in tables]
    seen: set[str] = set()
    for number in range(count):
        dice = random.Random(f"{seed}/{number}")
        for _ in range(TRIES):
            table = dice.choices(tables, weights)[0]
            made = _make(registry, table, dice.choice(KINDS), number, dice)
            if made is not None and made.told not in seen:
                seen.add(made.told)
                yield made
                break


def _make(registry: Registry, table: Table, kind: str, number: int, dice: random.Random) -> Mutation | None:
    rows = [dict(row) for row in registry.table(table.name)]
    place = dice.randrange(len(rows))
    column = dice.choice([column for column in table.columns if column.name not in TEXT])
    before = [dict(rows[place])]
    touched = [rows[place]]
    told = ""
    if kind == "change_cell":
        value = _other_value(registry, table, column, rows[place][column.name], dice)
        if value is None:
            return None
        told = f"{column.name} '{rows[place][column.name]}' -> '{value}'"
        rows[place][column.name] = value
    elif kind == "delete_row":
        touched = []
        del rows[place]
    elif kind == "duplicate_row":
        # A row that was copied and adapted in one cell; a plain copy is refused by its key.
        value = _other_value(registry, table, column, rows[place][column.name], dice)
        if value is None:
            return None
        told = f"with {column.name} '{value}'"
        touched = [{**rows[place], column.name: value}]
        rows.append(touched[0])
    else:
        # The neighbours are where a sort that left out a column, or a slip of the mouse, takes its cells from.
        other = max(0, min(len(rows) - 1, place + dice.choice((-3, -2, -1, 1, 2, 3))))
        names = (
            [column.name]
            if kind == "swap_cell"
            else [n for n in table.column_names if n not in table.key[:-1]]
        )
        if kind == "swap_rows" and len(table.key) == 1:
            names = [name for name in table.column_names if name not in table.key]
        one, two = rows[place], rows[other]
        if all(one[name] == two[name] for name in names if name not in TEXT):
            return None
        before.append(dict(two))
        touched.append(two)
        for name in names:
            one[name], two[name] = two[name], one[name]
        told = f"{'|'.join(names) if kind == 'swap_cell' else 'contents'} with {_key(table, before[1])}"
        if sorted(_cells(table, row) for row in rows) == sorted(
            _cells(table, r) for r in registry.table(table.name)
        ):
            return None
    if table.key:
        rows.sort(key=lambda row: tuple(row[name] for name in table.key))
    lines = tuple(index + 2 for index, row in enumerate(rows) if any(row is found for found in touched))
    return Mutation(
        number,
        kind,
        table.name,
        column.name if kind in ("change_cell", "duplicate_row", "swap_cell") else "",
        tuple(_cells(table, row) for row in [*before, *touched]),
        lines,
        f"{kind} {table.path} ({_key(table, before[0])}) {told}".strip(),
        canonical_csv(table.column_names, (_cells(table, row) for row in rows)),
    )


def _other_value(
    registry: Registry, table: Table, column: Column, value: str, dice: random.Random
) -> str | None:
    """A value that could stand there: another of the list, of the table it refers to, of the column; else a slip."""
    if column.value_type in ("number", "integer") and value and dice.random() < 0.5:
        number = float(value)
        slip = dice.choice(
            (number + 1, number * 10, number / 2 if column.value_type == "number" else number - 1)
        )
        return f"{slip:g}" if f"{slip:g}" != value else None
    if column.allowed:
        others = set(column.allowed)
    elif column.references:
        target, target_column = column.references.split(".")
        others = {row[target_column] for row in registry.table(target)}
    else:
        others = {row[column.name] for row in registry.table(table.name)}
    if not column.required:
        others.add("")
    if others := sorted(others - {value}):
        return dice.choice(others)
    return None


def _cells(table: Table, row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in table.column_names)


def _key(table: Table, row: Row) -> str:
    return ", ".join(row[name] for name in table.key or table.column_names)
