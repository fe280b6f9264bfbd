"""Two releases side by side: which published figures moved, by how much, and which came, went or were withheld.

Releases are read through their ``marts.duckdb`` alone, so what is compared is what was published: rounded and
suppressed. A figure that the later release suppresses is never told here, though the earlier one published it:
a new release does not repeat what it withholds.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import duckdb

from orchestration.publication.duckdb_file import FILE as DUCKDB_FILE
from orchestration.publication.tables import literal

FOLDER = "diff"
CSV_FILE = "diff.csv"
SUMMARY_FILE = "summary.md"
SUMMARY_ROWS = 25

MOVED, APPEARED, VANISHED = "moved", "appeared", "vanished"
SUPPRESSED, PUBLISHED, STATUS, DETAILS = "suppressed", "published", "status_changed", "details_changed"
KINDS = {
    MOVED: "moved",
    APPEARED: "appeared",
    VANISHED: "vanished",
    SUPPRESSED: "became suppressed",
    PUBLISHED: "were suppressed and are published",
    STATUS: "kept their figure and changed status",
    DETAILS: "kept their figure with another interval, n or change",
}
_KEYS = ("indicator_id", "population_id", "breakdown_id", "breakdown_code", "wave_id")
# What stands beside an estimate; releases of an older contract may lack some of it.
_DETAILS = (
    "n_unweighted", "n_effective", "standard_error", "ci_low", "ci_high", "marker", "reason_code",
    "comparable_wave_id", "change", "change_ci_low", "change_ci_high", "change_direction", "break_id",
)  # fmt: skip


class ReleaseNotReadable(Exception):
    """A release whose ``marts.duckdb`` is absent, damaged or of another shape."""

    exit_code = 2


@dataclass(frozen=True)
class CellDifference:
    """A cell of ``mart_trend`` that is not the same in two releases.

    ``difference`` is that of the published, rounded estimates; ``is_within_interval``: whether the new one
    lies in the interval of the earlier release (None without one). Where the new cell is suppressed or
    absent there are no figures at all.
    """

    kind: str
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
    previous_ci_low: float | None
    previous_ci_high: float | None
    is_within_interval: bool | None


def compare_releases(earlier: Path, later: Path) -> list[CellDifference]:
    """The cells that differ between two release folders, by kind and key. Raises ``ReleaseNotReadable``."""
    with duckdb.connect(":memory:") as connection:
        for name, release in (("earlier", earlier), ("later", later)):
            _attach(connection, name, release)
        columns = [_columns(connection, name) for name in ("earlier", "later")]
        rows = connection.execute(_sql(columns[0] & columns[1])).fetchall()
    found = [CellDifference(*row) for row in rows]
    order = list(KINDS)
    # Totals before parts, then the largest move: what a person wants to see first.
    return sorted(
        found,
        key=lambda cell: (
            order.index(cell.kind),
            cell.is_within_interval is not False,
            cell.breakdown_id != "total",
            -abs(cell.difference or 0.0),
            *(getattr(cell, key) for key in _KEYS),
        ),
    )


def diff_csv(cells: Iterable[CellDifference]) -> str:
    """The differences as CSV: nothing is an empty field, booleans are ``true`` and ``false``, LF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([one.name for one in fields(CellDifference)])
    for cell in cells:
        writer.writerow([str(v).lower() if isinstance(v, bool) else v for v in astuple(cell)])
    return text.getvalue()


def headline(cells: Iterable[CellDifference]) -> str:
    """One sentence of counts, such as ``3 moved (1 beyond their interval), 2 appeared``."""
    cells = list(cells)
    counts = Counter(cell.kind for cell in cells)
    beyond = sum(cell.is_within_interval is False for cell in cells if cell.kind == MOVED)
    parts = []
    for kind, words in KINDS.items():
        if counts[kind]:
            more = f" ({beyond} beyond their interval)" if kind == MOVED else ""
            parts.append(f"{counts[kind]} {words}{more}")
    return ", ".join(parts) or "no published figure moved"


def cell_text(cell: CellDifference) -> str:
    """One cell in words: what it is, and what became of it."""
    part = "" if cell.breakdown_id == "total" else f", {cell.breakdown_id}={cell.breakdown_code}"
    name = f"{cell.indicator_id}, {cell.population_id}{part}, {cell.wave_id}"
    if cell.kind == MOVED and cell.difference is not None:
        place = {True: "within its interval", False: "beyond its interval", None: "no interval"}
        return (
            f"{name}: {cell.previous_estimate:g} -> {cell.estimate:g} ({cell.difference:+g}, "
            f"{place[cell.is_within_interval]})"
        )
    if cell.kind in (APPEARED, PUBLISHED):
        shown = f": {cell.estimate:g}" if cell.estimate is not None else ": suppressed"
        return f"{name}{shown}, {cell.kind}"
    if cell.kind == STATUS:
        return f"{name}: {cell.previous_status} -> {cell.status}"
    return f"{name}: {KINDS[cell.kind] if cell.kind != DETAILS else 'another interval, n or change'}"


def write_diff(release: Path, earlier: Path | None) -> None:
    """Write ``diff/`` of a release that is being made, against the one that is current (None: there is none).

    A damaged earlier release is no reason not to publish: the summary says so.
    """
    folder = release / FOLDER
    folder.mkdir(exist_ok=True)
    cells: list[CellDifference] = []
    if earlier is None:
        told = "This is the first release: there is nothing to compare it with.\n"
    else:
        try:
            cells = compare_releases(earlier, release)
            told = summary_text(earlier.name, cells)
        except ReleaseNotReadable as fault:
            told = f"Not compared with {earlier.name}: {fault}.\n"
    (folder / CSV_FILE).write_text(diff_csv(cells), encoding="utf-8", newline="\n")
    text = f"# What changed since the release before\n\n{told}"
    (folder / SUMMARY_FILE).write_text(text, encoding="utf-8", newline="\n")


def summary_text(earlier_id: str, cells: list[CellDifference]) -> str:
    """The summary as Markdown, the first cells of each kind."""
    lines = [f"Compared with release `{earlier_id}`: {headline(cells)}.", ""]
    for kind, words in KINDS.items():
        of_kind = [cell for cell in cells if cell.kind == kind]
        if of_kind:
            lines += [f"## {len(of_kind)} {words}", ""]
            lines += [f"- {cell_text(cell)}" for cell in of_kind[:SUMMARY_ROWS]]
            if (rest := len(of_kind) - SUMMARY_ROWS) > 0:
                lines.append(f"- and {rest} more in `{CSV_FILE}`")
            lines.append("")
    lines.append("A figure that is suppressed now is not repeated here.")
    return "\n".join(lines) + "\n"


def _attach(connection: duckdb.DuckDBPyConnection, name: str, release: Path) -> None:
    path = release / DUCKDB_FILE
    if not path.is_file():
        raise ReleaseNotReadable(f"{release.name} has no {DUCKDB_FILE}")
    try:
        connection.execute(f"attach {literal(path)} as {name} (read_only)")
    except duckdb.Error:
        raise ReleaseNotReadable(f"{DUCKDB_FILE} of {release.name} cannot be read") from None


def _columns(connection: duckdb.DuckDBPyConnection, name: str) -> set[str]:
    found = {
        row[0]
        for row in connection.execute(
            "select column_name from duckdb_columns() "
            f"where database_name = '{name}' and table_name = 'mart_trend'"
        ).fetchall()
    }
    if not {*_KEYS, "estimate", "publication_status"} <= found:
        raise ReleaseNotReadable(
            f"{DUCKDB_FILE} of the {name} release has no mart_trend as the contract has it"
        )
    return found


def _sql(columns: set[str]) -> str:
    keys = ", ".join(_KEYS)
    details = [name for name in _DETAILS if name in columns]
    differs = " or ".join(f"old.{name} is distinct from new.{name}" for name in details) or "false"
    has_interval = {"ci_low", "ci_high"} <= columns
    low, high = ("old.ci_low", "old.ci_high") if has_interval else ("null::double", "null::double")
    unit = "coalesce(new.unit, old.unit, '')" if "unit" in columns else "''"
    # Nothing is shown of a cell that the later release withholds or lacks.
    shown = "new.publication_status is distinct from 'suppress' and new.publication_status is not null"
    is_old_shown = "old.publication_status <> 'suppress'"
    return f"""
        with paired as (
            select
                {keys}, {unit} as unit,
                case
                    when old.publication_status is null then '{APPEARED}'
                    when new.publication_status is null then '{VANISHED}'
                    when new.publication_status = 'suppress' and {is_old_shown} then '{SUPPRESSED}'
                    when new.publication_status <> 'suppress' and not ({is_old_shown}) then '{PUBLISHED}'
                    when old.estimate is distinct from new.estimate then '{MOVED}'
                    when old.publication_status <> new.publication_status then '{STATUS}'
                    when {differs} then '{DETAILS}'
                end as kind,
                old.publication_status as previous_status,
                new.publication_status as status,
                if({shown}, old.estimate, null) as previous_estimate,
                if({shown}, new.estimate, null) as estimate,
                if({shown}, {low}, null) as ci_low,
                if({shown}, {high}, null) as ci_high
            from earlier.main.mart_trend as old
            full join later.main.mart_trend as new using ({keys})
        )
        select
            kind, {keys}, unit, previous_status, status, previous_estimate, estimate,
            round(estimate - previous_estimate, 6), ci_low, ci_high,
            if(kind = '{MOVED}', estimate between ci_low and ci_high, null)
        from paired
        where kind is not null
    """
