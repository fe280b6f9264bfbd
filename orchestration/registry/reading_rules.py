"""Limits on reading a file: names that the program knows, each in its unit, and amounts that let a file through."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.deliveries.confined_reading.limits import UNITS
from orchestration.deliveries.problems import Problem, closest
from orchestration.registry.load import Registry
from orchestration.registry.places import place

TABLE = "reading_limits"


def reading_limits(registry: Registry) -> Iterator[Problem]:
    """A row that nothing reads, another unit than the program counts in, nothing at all, or more than there is."""
    for index, row in enumerate(registry.table(TABLE)):
        name, where = row["limit_id"], place(registry, TABLE, index)
        if name not in UNITS:
            yield Problem(
                "unknown_limit",
                f"nothing reads a limit '{name}'{closest(name, UNITS)}",
                f"remove the row; there are {', '.join(UNITS)}",
                file=where,
            )
        elif row["unit"] != UNITS[name]:
            yield Problem(
                "limit_unit",
                f"{name} is in {row['unit']}",
                f"give it in {UNITS[name]}",
                file=where,
            )
        elif float(row["value"]) <= 0 or (row["unit"] == "share" and float(row["value"]) > 1):
            yield Problem(
                "limit_value",
                f"{name} is {row['value']} {row['unit']}",
                "choose more than 0" + (", and at most 1" if row["unit"] == "share" else ""),
                file=where,
            )
