"""The few lines of a release that everybody asks for first, read from its own ``marts.duckdb``.

Values stand in the SQL text and are never bound: binding makes DuckDB import pandas, which takes longer than
all the rest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.publication.duckdb_file import FILE as DUCKDB_FILE
from orchestration.publication.manifest import ReleaseManifest, read_manifest
from orchestration.publication.tables import literal

# A screen, not a report: the registry's first headlines, each with a handful of populations.
_INDICATORS = 4
_POPULATIONS = 8
BREAK_MARKER = "[b]"


@dataclass(frozen=True)
class TrendCell:
    """One wave of a line. ``estimate`` is None where it is suppressed (then ``marker`` says why).

    ``starts_segment``: not comparable with the cell before it; ``is_warned``: comparable across a break that
    only warns. ``change`` goes to ``change_from_year``.
    """

    year: int
    wave_id: str
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    marker: str
    is_flagged: bool
    starts_segment: bool
    is_warned: bool
    change: float | None
    change_direction: str
    change_from_year: int | None


@dataclass(frozen=True)
class TrendLine:
    """One population of one indicator; ``cells`` by year, years without an estimate left out."""

    population_id: str
    label: str
    cells: dict[int, TrendCell]


@dataclass(frozen=True)
class TrendTable:
    """One indicator over the years; ``unit`` as in the release (percent, mean, count)."""

    indicator_id: str
    label: str
    unit: str
    years: tuple[int, ...]
    lines: tuple[TrendLine, ...]


@dataclass(frozen=True)
class FlaggedCheck:
    """A check that failed without blocking, with who answers for it and until when."""

    asset: str
    check: str
    observed: str
    owner: str
    expires_on: str


@dataclass(frozen=True)
class ReleaseSummary:
    """What the ending of a run prints.

    ``reconciled``: (met, of how many, met but not shown), None without published figures.
    """

    manifest: ReleaseManifest
    path: Path
    trends: tuple[TrendTable, ...]
    checks_passed: int
    flagged: tuple[FlaggedCheck, ...]
    reconciled: tuple[int, int, int] | None


def read_summary(release: Path) -> ReleaseSummary:
    """Read the summary of the release in folder ``release`` (its real folder or ``published/current``)."""
    manifest = read_manifest(release)
    folder = release.resolve()
    with duckdb.connect(str(folder / DUCKDB_FILE), read_only=True) as connection:
        trends = tuple(_read_trend(connection, indicator, wanted) for indicator, wanted in _lines(connection))
        reconciled = _read_reconciliation(connection) if "mart_reconciliation" in manifest.tables else None
    checks = json.loads((folder / "quality" / "checks.json").read_text(encoding="utf-8"))
    return ReleaseSummary(
        manifest=manifest,
        path=release,
        trends=tuple(trend for trend in trends if trend.lines),
        checks_passed=sum(1 for check in checks if check["passed"]),
        flagged=tuple(_flagged(check) for check in checks if not check["passed"]),
        reconciled=reconciled,
    )


def _lines(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, tuple[str, ...]]]:
    """The indicators and populations to show: those of the registry's headlines, in their order.

    A study without headlines shows its longest series.
    """
    columns = _columns(connection, "mart_headlines")
    if {"indicator_id", "population_id", "sort_order"} <= columns:
        rows = connection.execute(
            f"""
            select indicator_id, list(population_id order by sort_order, population_id)
            from (
                select indicator_id, population_id, min(cast(sort_order as integer)) as sort_order
                from mart_headlines group by all
            )
            group by indicator_id
            order by min(sort_order), indicator_id
            limit {_INDICATORS}
            """
        ).fetchall()
        if rows:
            return [(indicator, tuple(populations[:_POPULATIONS])) for indicator, populations in rows]
    rows = connection.execute(
        f"""
        select indicator_id, list(distinct population_id order by population_id)
        from mart_trend where breakdown_id = 'total'
        group by indicator_id
        order by count(distinct wave_id) desc, count(estimate) desc, indicator_id
        limit {_INDICATORS}
        """
    ).fetchall()
    return [(indicator, tuple(populations[:_POPULATIONS])) for indicator, populations in rows]


def _read_trend(
    connection: duckdb.DuckDBPyConnection, indicator: str, populations: tuple[str, ...]
) -> TrendTable:
    rows = _rows(
        connection,
        f"""
        select trend.*, earlier.year as change_from_year
        from mart_trend as trend
        left join (select distinct wave_id, year from mart_trend) as earlier
            on trend.comparable_wave_id = earlier.wave_id
        where trend.indicator_id = {literal(indicator)} and trend.breakdown_id = 'total'
        order by trend.year, trend.wave_id
        """,
    )
    segments = _segments(connection, indicator)
    years: set[int] = set()
    lines = []
    for population in populations:
        own = [row for row in rows if row["population_id"] == population]
        cells: dict[int, TrendCell] = {}
        previous: str | None = None
        for row in own:
            segment = segments.get(
                (population, row["wave_id"]), row["wave_id"] if row["break_id"] else previous
            )
            cell = _cell(row, starts_segment=previous is not None and segment != previous)
            # Two programmes may have a wave in one year; the one with a figure is shown.
            if row["year"] not in cells or cells[row["year"]].estimate is None:
                cells[row["year"]] = cell
            previous = segment or ""
        if cells:
            years |= cells.keys()
            lines.append(TrendLine(population, own[0]["population_label_nl"] or population, cells))
    first = rows[0] if rows else {}
    return TrendTable(
        indicator,
        first.get("indicator_label_nl") or indicator,
        first.get("unit", ""),
        tuple(sorted(years)),
        tuple(lines),
    )


def _segments(connection: duckdb.DuckDBPyConnection, indicator: str) -> dict[tuple[str, str], str]:
    if not {"indicator_id", "population_id", "wave_id", "segment_id"} <= _columns(
        connection, "mart_comparability"
    ):
        return {}
    return {
        (population, wave): str(segment)
        for population, wave, segment in connection.execute(
            "select population_id, wave_id, segment_id from mart_comparability "
            f"where indicator_id = {literal(indicator)} and segment_id is not null"
        ).fetchall()
    }


def _cell(row: dict[str, Any], starts_segment: bool) -> TrendCell:
    return TrendCell(
        year=row["year"],
        wave_id=row["wave_id"],
        estimate=row["estimate"],
        ci_low=row["ci_low"],
        ci_high=row["ci_high"],
        marker=row["marker"] or "",
        is_flagged=row["publication_status"] == "flag",
        starts_segment=starts_segment,
        is_warned=BREAK_MARKER in (row["marker"] or "") and not starts_segment,
        change=row["change"],
        change_direction=row["change_direction"] or "not_tested",
        change_from_year=row["change_from_year"],
    )


def _read_reconciliation(connection: duckdb.DuckDBPyConnection) -> tuple[int, int, int]:
    return connection.execute(
        """
        select
            count(*) filter (
                coalesce(is_within_rounding, false) or status in ('met', 'reconciled, not shown')
            ),
            count(*),
            count(*) filter (status = 'reconciled, not shown')
        from mart_reconciliation
        where kind in ('estimate', 'response_count')
          and cast(is_followed as boolean)
        """
    ).fetchone()


def _flagged(check: dict[str, Any]) -> FlaggedCheck:
    return FlaggedCheck(
        asset=f"{check['layer']}/{check['asset']}",
        check=check["check"],
        observed="" if check["observed"] is None else str(check["observed"]),
        owner=check["owner"] or "",
        expires_on=check["expires_on"] or "",
    )


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    rows = connection.execute(
        f"select column_name from duckdb_columns() where table_name = {literal(table)}"
    ).fetchall()
    return {name for [name] in rows}


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    result = connection.execute(query)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
