"""Rows of the registry with the place where they stand, found by what they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestration.registry.load import Registry
from orchestration.registry.load import Row as RegistryRow
from orchestration.registry.places import place


@dataclass(frozen=True)
class Line:
    """A row and where it stands, as ``crosswalk/xw_values.csv:12``."""

    row: RegistryRow
    place: str


@dataclass
class RegistryLines:
    """Looks rows up by any of their columns. ``registry`` is None where there is none; then nothing is found."""

    registry: Registry | None
    _indexes: dict[tuple[str, tuple[str, ...]], dict[tuple[str, ...], list[int]]] = field(
        default_factory=dict, repr=False
    )

    def find(self, table: str, **values: str) -> list[Line]:
        """Every row that has these values, in the order of the file."""
        if self.registry is None:
            return []
        columns = tuple(sorted(values))
        index = self._indexes.get((table, columns))
        if index is None:
            index = self._indexes[table, columns] = {}
            for number, row in enumerate(self.registry.table(table)):
                index.setdefault(tuple(row[name] for name in columns), []).append(number)
        numbers = index.get(tuple(values[name] for name in columns), [])
        return [
            Line(self.registry.table(table)[number], place(self.registry, table, number))
            for number in numbers
        ]

    def one(self, table: str, **values: str) -> Line | None:
        """The first row that has these values."""
        return next(iter(self.find(table, **values)), None)

    def of_file(
        self, table: str, wave_id: str, instrument_id: str, file_id: str, **values: str
    ) -> Iterator[Line]:
        """Rows of the crosswalk about a file: those that name it, and those for every file of its instrument."""
        for scope in dict.fromkeys((file_id, "")):
            yield from self.find(table, wave_id=wave_id, instrument_id=instrument_id, file_id=scope, **values)

    def label(self, table: str, **values: str) -> str:
        """The Dutch label of the first row that has these values; '' where there is none."""
        line = self.one(table, **values)
        return line.row["label_nl"] if line else ""
