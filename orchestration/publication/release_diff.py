"""Two releases side by side: which published figures moved, by how much, and which came, went or were withheld.

Releases are read through their ``marts.duckdb`` alone, so what is compared is what was published: rounded and
suppressed. A figure that the later release suppresses is never told here, though the earlier one published it:
a new release does not repeat what it withholds. Nor is a change to such a cell.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.publication.duckdb_file import FILE as DUCKDB_FILE
from orchestration.publication.tables import literal

MOVED, APPEARED, VANISHED = "moved", "appeared", "vanished"
SUPPRESSED, PUBLISHED, STATUS = "suppressed", "published", "status_changed"
DIRECTION, DETAILS = "direction_changed", "details_changed"
KINDS = {
    MOVED: "moved",
    DIRECTION: "kept their figure, and its change is judged otherwise",
    APPEARED: "appeared",
    VANISHED: "vanished",
    SUPPRESSED: "became suppressed",
    PUBLISHED: "were suppressed and are published",
    STATUS: "kept their figure and changed status",
    DETAILS: "kept their figure, and something beside it is other (interval, n, change, sign, break)",
}
KEYS = ("indicator_id", "population_id", "breakdown_id", "breakdown_code", "wave_id")
# What makes a cell of another kind than the other release has: the first that is new there, or gone.
WHOLES = ("wave_id", "indicator_id", "population_id", "breakdown_id")
# What stands beside an estimate; releases of an older contract may lack some of it.
FIGURES = ("n_unweighted", "n_effective", "standard_error", "ci_low", "ci_high")
CHANGES = (
    "change", "change_ci_low", "change_ci_high", "change_p_adjusted", "change_direction",
)  # fmt: skip
WORDS = ("marker", "reason_code", "comparable_wave_id", "break_id")
BESIDE = (*FIGURES, *CHANGES, *WORDS)


class ReleaseNotReadable(Exception):
    """A release whose ``marts.duckdb`` is absent, damaged or of another shape."""

    exit_code = 2


@dataclass(frozen=True)
class CellDifference:
    """A cell of ``mart_trend`` that is not the same in two releases.

    ``because``: ``<wave, indicator, population or breakdown>_added`` or ``_removed`` where the other release has no
    cell of it at all, else ''. ``difference`` is that of the published, rounded estimates; ``is_within_interval``:
    whether the new one lies in the interval of the earlier release (None without one). ``previous`` and ``now``
    hold what stands beside the estimate, by ``BESIDE``. Where the new cell is suppressed or absent there are no
    figures at all.
    """

    kind: str
    because: str
    indicator_id: str
    population_id: str
    breakdown_id: str
    breakdown_code: str
    wave_id: str
    unit: str
    previous_status: str | None
    status: str | None
    previous_estimate: float | None
    estimate: float | None
    difference: float | None
    is_within_interval: bool | None
    previous: dict[str, Any]
    now: dict[str, Any]

    @property
    def key(self) -> tuple[str, ...]:
        """What names the cell, in the order of ``KEYS``."""
        return tuple(getattr(self, name) for name in KEYS)

    @property
    def is_judged_otherwise(self) -> bool:
        """Whether both releases have the cell, and say other things of its change."""
        return bool(self.previous_status and self.status) and self._other("change_direction")

    @property
    def others(self) -> list[str]:
        """Names of what stands beside the estimate and is not the same."""
        return [name for name in BESIDE if self._other(name)]

    def _other(self, name: str) -> bool:
        return self.previous.get(name) != self.now.get(name)


def compare_releases(earlier: Path, later: Path) -> list[CellDifference]:
    """The cells that differ between two release folders, by kind and key. Raises ``ReleaseNotReadable``."""
    with duckdb.connect(":memory:") as connection:
        attach_releases(connection, earlier, later)
        columns = [_columns(connection, name) for name in ("earlier", "later")]
        shared = columns[0] & columns[1]
        rows = connection.execute(_sql(shared)).fetchall()
    beside = [name for name in BESIDE if name in shared]
    found = [_difference(row, beside) for row in rows]
    order = list(KINDS)
    # Totals before parts, then the largest move: what a person wants to see first.
    return sorted(
        found,
        key=lambda cell: (
            order.index(cell.kind),
            cell.is_within_interval is not False,
            # A verdict that turned goes before one that nobody can give any more.
            cell.now.get("change_direction") == "not_tested",
            cell.breakdown_id != "total",
            -abs(cell.difference or 0.0),
            *cell.key,
        ),
    )


def diff_csv(cells: Iterable[CellDifference]) -> str:
    """The differences as CSV: nothing is an empty field, booleans are ``true`` and ``false``, LF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    pairs = [pair for name in BESIDE for pair in (f"previous_{name}", name)]
    own = ("previous_status", "status", "previous_estimate", "estimate", "difference", "is_within_interval")
    writer.writerow(["kind", "because", *KEYS, "unit", *own, *pairs])
    for cell in cells:
        values = [getattr(cell, name) for name in own]
        for name in BESIDE:
            values += [cell.previous.get(name), cell.now.get(name)]
        writer.writerow(
            [
                str(value).lower() if isinstance(value, bool) else value
                for value in (cell.kind, cell.because, *cell.key, cell.unit, *values)
            ]
        )
    return text.getvalue()


def attach_releases(connection: duckdb.DuckDBPyConnection, earlier: Path, later: Path) -> None:
    """Attach ``marts.duckdb`` of both as ``earlier`` and ``later``, read-only. Raises ``ReleaseNotReadable``."""
    for name, release in (("earlier", earlier), ("later", later)):
        path = release / DUCKDB_FILE
        if not path.is_file():
            raise ReleaseNotReadable(f"{release.name} has no {DUCKDB_FILE}")
        try:
            connection.execute(f"attach {literal(path)} as {name} (read_only)")
        except duckdb.Error:
            raise ReleaseNotReadable(f"{DUCKDB_FILE} of {release.name} cannot be read") from None


def columns_of(connection: duckdb.DuckDBPyConnection, name: str, table: str) -> set[str]:
    """The columns of a table of an attached release; none where it lacks the table."""
    return {
        row[0]
        for row in connection.execute(
            "select column_name from duckdb_columns() where database_name = ? and table_name = ?",
            [name, table],
        ).fetchall()
    }


def _columns(connection: duckdb.DuckDBPyConnection, name: str) -> set[str]:
    found = columns_of(connection, name, "mart_trend")
    if not {*KEYS, "estimate", "publication_status"} <= found:
        raise ReleaseNotReadable(
            f"{DUCKDB_FILE} of the {name} release has no mart_trend as the contract has it"
        )
    return found


def _difference(row: tuple[Any, ...], beside: list[str]) -> CellDifference:
    first = len(row) - 2 * len(beside)
    previous, now = row[first : first + len(beside)], row[first + len(beside) :]
    return CellDifference(
        *row[:first], dict(zip(beside, previous, strict=True)), dict(zip(beside, now, strict=True))
    )


def _sql(columns: set[str]) -> str:
    keys = ", ".join(KEYS)
    beside = [name for name in BESIDE if name in columns]
    differs = " or ".join(f"old.{name} is distinct from new.{name}" for name in beside) or "false"
    turns = (
        "old.change_direction is distinct from new.change_direction"
        if "change_direction" in columns
        else "false"
    )
    unit = "coalesce(new.unit, old.unit, '')" if "unit" in columns else "''"
    # Nothing is shown of a cell that the later release withholds or lacks, and no change to such a cell.
    shown = "(new.publication_status is distinct from 'suppress' and new.publication_status is not null)"
    is_old_shown = "old.publication_status <> 'suppress'"
    has_base = "comparable_wave_id" in columns
    base = "(old.comparable_wave_id is null or base.publication_status <> 'suppress')" if has_base else "true"
    gates = {**dict.fromkeys(FIGURES, shown), **dict.fromkeys(CHANGES, f"({shown} and {base})")}
    previous, now = (
        "".join(
            f"if({gates[name]}, {side}.{name}, null) as {prefix}{name}, "
            if name in gates
            else f"{side}.{name} as {prefix}{name}, "
            for name in beside
        )
        for side, prefix in (("old", "previous_"), ("new", "now_"))
    )
    told = "".join(f", previous_{name}" for name in beside) + "".join(f", now_{name}" for name in beside)
    has_interval = {"ci_low", "ci_high"} <= columns
    within = "estimate between previous_ci_low and previous_ci_high" if has_interval else "null"
    because = "".join(
        f"when old.{whole} is null and new.{whole} not in (select {whole} from earlier.main.mart_trend) "
        f"then '{whole.removesuffix('_id')}_added' "
        f"when new.{whole} is null and old.{whole} not in (select {whole} from later.main.mart_trend) "
        f"then '{whole.removesuffix('_id')}_removed' "
        for whole in WHOLES
    )
    joined = " and ".join(f"old.{key} = new.{key}" for key in KEYS)
    of_base = " and ".join(
        f"old.{key} = base.{key}" if key != "wave_id" else "old.comparable_wave_id = base.wave_id"
        for key in KEYS
    )
    return f"""
        with paired as (
            select
                case
                    when old.publication_status is null then '{APPEARED}'
                    when new.publication_status is null then '{VANISHED}'
                    when new.publication_status = 'suppress' and {is_old_shown} then '{SUPPRESSED}'
                    when new.publication_status <> 'suppress' and not ({is_old_shown}) then '{PUBLISHED}'
                    when old.estimate is distinct from new.estimate then '{MOVED}'
                    when {turns} then '{DIRECTION}'
                    when old.publication_status <> new.publication_status then '{STATUS}'
                    when {differs} then '{DETAILS}'
                end as kind,
                case {because} else '' end as because,
                {", ".join(f"coalesce(new.{key}, old.{key}) as {key}" for key in KEYS)},
                {unit} as unit,
                old.publication_status as previous_status,
                new.publication_status as status,
                {previous}{now}
                if({shown}, old.estimate, null) as previous_estimate,
                if({shown}, new.estimate, null) as estimate
            from earlier.main.mart_trend as old
            full join later.main.mart_trend as new on {joined}
            {f"left join later.main.mart_trend as base on {of_base}" if has_base else ""}
        )
        select
            kind, because, {keys}, unit, previous_status, status, previous_estimate, estimate,
            round(estimate - previous_estimate, 6), if(kind = '{MOVED}', {within}, null){told}
        from paired
        where kind is not null
    """
