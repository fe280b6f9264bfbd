"""What a table of the registry is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ValueType = Literal["text", "integer", "number", "boolean", "date"]


@dataclass(frozen=True)
class Column:
    """One column. Every value is text in the file; ``value_type`` says how that text must read.

    ``references`` names the ``table.column`` in which a value has to occur; ``allowed`` is the closed list of
    values. Both leave the empty value alone: whether a cell may be empty is up to ``required``.
    """

    name: str
    description: str
    example: str
    value_type: ValueType = "text"
    required: bool = True
    allowed: tuple[str, ...] = ()
    references: str = ""


@dataclass(frozen=True)
class Table:
    """One file of the registry; rows are sorted by ``key``, as text, and no key occurs twice.

    A table without a key may hold its rows in any order and more than once.
    """

    name: str
    folder: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    is_optional: bool = False

    @property
    def path(self) -> str:
        """Path below the registry's root."""
        return f"{self.folder}/{self.name}.csv"

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


def labels(example_nl: str, example_en: str) -> tuple[Column, Column]:
    """The two label columns that most tables have."""
    return (
        Column("label_nl", "label in Dutch", example_nl),
        Column("label_en", "label in English", example_en),
    )


def flag(name: str, description: str, example: str = "false") -> Column:
    """A column that is either ``true`` or ``false``."""
    return Column(name, description, example, "boolean", allowed=("true", "false"))


def sort_order() -> Column:
    """The column that orders what people see."""
    return Column("sort_order", "place in lists that people see; lowest first", "10", "integer")
