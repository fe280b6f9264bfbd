"""How much memory and time the reading of one file may take: rows of ``registry/reading_limits.csv``."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from orchestration.settings import PROJECT_ROOT

MEGABYTE = 1 << 20
TABLE = "registry/reading_limits.csv"
UNITS = {
    "cpu_base": "seconds",
    "cpu_most": "seconds",
    "cpu_per_megabyte": "seconds_per_megabyte",
    "memory_base": "megabytes",
    "memory_most": "share",
    "memory_per_byte": "bytes_per_byte",
    "wall_per_cpu": "times",
}
"""Every limit that there is, and the unit that its row is in."""


@dataclass(frozen=True)
class FileLimits:
    """What one file may take: bytes of memory (its result included), seconds of computing, seconds on the clock."""

    memory: int
    cpu: int
    wall: float


@dataclass(frozen=True)
class ReadingLimits:
    """The rows of the table by their names; a limit without a row has the value of the project's own table."""

    values: Mapping[str, float]

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, str]]) -> ReadingLimits:
        """Limits from rows of the registry. Rows that it does not know, and values that are no number, are the
        registry's validation to tell; meanwhile the project's own value holds."""
        given = {}
        for row in rows:
            if row["limit_id"] in UNITS:
                with contextlib.suppress(ValueError):
                    given[row["limit_id"]] = float(row["value"])
        return cls({**_own_values(), **given})

    def for_file(self, size: int) -> FileLimits:
        """Limits for a file of ``size`` bytes, with its codebook."""
        of = self.values
        memory = of["memory_base"] * MEGABYTE + of["memory_per_byte"] * size
        cpu = min(of["cpu_base"] + of["cpu_per_megabyte"] * size / MEGABYTE, of["cpu_most"])
        most = of["memory_most"] * _physical_memory()
        return FileLimits(int(min(memory, most)), max(1, int(cpu)), max(1, int(cpu)) * of["wall_per_cpu"])


def default_limits() -> ReadingLimits:
    """Those of the project's own table, for whoever has no registry at hand."""
    return ReadingLimits.from_rows([])


@cache
def _own_values() -> dict[str, float]:
    path = PROJECT_ROOT / "dbt_project" / "seeds" / TABLE
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["limit_id"]: float(row["value"]) for row in csv.DictReader(stream)}


def _physical_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
