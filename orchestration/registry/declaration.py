"""What a table of the registry is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ValueType = Literal["text", "integer", "number", "boolean", "date"]
ACCEPTED, PROPOSED = "accepted", "proposed"
STATUSES = (ACCEPTED, PROPOSED)
"""Of a row that ``peilstok new-wave`` may write: it counts, or it waits for a person."""


@dataclass(frozen=True)
class Column:
    """One column. Every value is text in the file; ``value_type`` says how that text must read.

    ``references`` names the ``table.column`` in which a value has to occur; ``allowed`` is the closed list of
    values. Both leave the empty value alone: whether a cell may be empty is up to ``required``, and a cell that
    ``may_wait`` may be empty as long as its row is only proposed.
    """

    name: str
    description: str
    example: str
    value_type: ValueType = "text"
    required: bool = True
    allowed: tuple[str, ...] = ()
    references: str = ""
    may_wait: bool = False


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

    @property
    def status_column(self) -> str:
        """The column that says whether a row counts; ``''`` for a table whose rows always do."""
        return next((column.name for column in self.columns if column.allowed == STATUSES), "")


def labels(example_nl: str, example_en: str) -> tuple[Column, Column]:
    """The two label columns that most tables have."""
    return (
        Column("label_nl", "label in Dutch", example_nl),
        Column("label_en", "label in English", example_en),
    )


def flag(name: str, description: str, example: str = "false") -> Column:
    """A column that is either ``true`` or ``false``."""
    return Column(name, description, example, "boolean", allowed=("true", "false"))


def row_status(name: str = "status", required: bool = False) -> Column:
    """The column that tells rows that count from rows that wait for a person."""
    return Column(
        name,
        "only accepted rows count, and rows without a status; `peilstok new-wave` writes proposed ones",
        ACCEPTED,
        required=required,
        allowed=STATUSES,
    )


def score() -> Column:
    """The column with which proposals are put in order."""
    return Column(
        "score",
        "how sure `peilstok new-wave` was, from 0 to 1; empty for a row that a person wrote",
        "0.97",
        "number",
        required=False,
    )


def sort_order() -> Column:
    """The column that orders what people see."""
    return Column("sort_order", "place in lists that people see; lowest first", "10", "integer")
