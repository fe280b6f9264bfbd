"""Markdown for Dagster's metadata: tables, codebooks, trend pictures. Never an answer of a respondent."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from orchestration.publication.headline_trend import TrendTable
from orchestration.publication.trend_picture import draw_trend

CODEBOOK_ROWS = 60


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; pipes and line ends inside a cell are made harmless."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")


def codebook(folders: Iterable[Path]) -> str:
    """The variables of landed files (one folder each) with their number of codes, as a Markdown table."""
    with duckdb.connect() as connection:
        rows = [row for folder in folders for row in _codebook_rows(connection, folder)]
    shown = table(("file", "variable", "label", "type", "use", "codes", "MR set"), rows[:CODEBOOK_ROWS])
    hidden = len(rows) - CODEBOOK_ROWS
    return shown + (f"\n\n… and {hidden} more variables" if hidden > 0 else "")


def _codebook_rows(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[tuple]:
    return connection.execute(
        """
        select v.file_id, v.variable_name, v.variable_label, v.storage_type, v.use,
            (select count(*) from read_parquet($labels) as l where l.variable_name = v.variable_name),
            v.mr_set
        from read_parquet($variables) as v order by v.position
        """,
        {"variables": str(folder / "variables.parquet"), "labels": str(folder / "values.parquet")},
    ).fetchall()


def deliveries(folders: Iterable[Path]) -> str:
    """Origin and design of landed files (one folder each): version, supplier, hash, weight and strata."""
    columns = (
        "file_id", "delivery_version", "supplier", "received_on", "is_synthetic", "weight_variable",
        "stratum_variables", "psu_variable", "sha256",
    )  # fmt: skip
    return table(columns, _rows(folders, "delivery.parquet", columns))


def response(folders: Iterable[Path]) -> str:
    """How many members of each population were invited, by landed file (one folder each)."""
    columns = ("file_id", "population_id", "invited", "note")
    return table(columns, _rows(folders, "response.parquet", columns))


def _rows(folders: Iterable[Path], name: str, columns: Sequence[str]) -> list[tuple]:
    files = [str(folder / name) for folder in folders]
    with duckdb.connect() as connection:
        return connection.execute(
            f"select {', '.join(columns)} from read_parquet(?) order by all", [files]
        ).fetchall()


def trend_table(trend: TrendTable) -> str:
    """A headline trend as a Markdown table; a suppressed cell shows its marker."""

    def shown(line, year: int) -> str:
        cell = line.cells.get(year)
        if cell is None:
            return ""
        return cell.marker if cell.estimate is None else f"{cell.estimate:.1f}"

    rows = [[line.label, *[shown(line, year) for year in trend.years]] for line in trend.lines]
    return table([f"{trend.label} ({trend.unit})", *[str(year) for year in trend.years]], rows)


def trend_picture(trend: TrendTable, is_synthetic: bool) -> str:
    """A headline trend as an embedded picture: Markdown with a data URI."""
    image = base64.b64encode(draw_trend(trend, is_synthetic)).decode()
    return f"![{trend.label}](data:image/png;base64,{image})"
