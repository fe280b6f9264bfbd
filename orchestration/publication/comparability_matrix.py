"""Indicators against waves, per population: what was asked, and what may be compared with the wave before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

TABLES = ("mart_comparability", "mart_trend")
NEEDED = {
    "not_asked_of",
    "break_kind",
    "break_source",
    "block_label_nl",
    "indicator_sort_order",
    "is_assumed",
    "other_breaks",
}
"""Columns of mart_comparability without which there is no matrix; older releases lack them."""

COMPARABLE = "comparable"
WARNED = "warned"
BROKEN = "broken"
APART = "apart"
FIRST = "first"
NOT_ASKED = "not_asked"
OTHER_FORM = "other_form"
NOT_OF_POPULATION = "not_of_population"
STATES = (COMPARABLE, WARNED, BROKEN, APART, FIRST, OTHER_FORM, NOT_ASKED, NOT_OF_POPULATION)
ASKED_STATES = (COMPARABLE, WARNED, BROKEN, APART, FIRST)

# A population is left out as a whole (its survey was not held) or by a question that was for others; a form was asked
# of everybody, and fits no other wave. Anything else was not asked.
_LEFT_OUT = {
    "instrument": NOT_OF_POPULATION,
    "population": NOT_OF_POPULATION,
    "base": NOT_OF_POPULATION,
    "form": OTHER_FORM,
}


@dataclass(frozen=True)
class Wave:
    """A column of the matrix."""

    wave_id: str
    programme_id: str
    year: int


@dataclass(frozen=True)
class BreakNote:
    """Why a series breaks, once for all cells that it touches; ``others``: what else lies in the same step."""

    kind: str
    effect: str
    reason: str
    source: str
    others: str = ""


@dataclass(frozen=True)
class MatrixCell:
    """One indicator in one wave. ``is_withheld``: it was asked, and the total of the population is not shown.

    ``note`` is the break, of cells that have one; ``reason`` why it was not asked, of cells that were not.
    """

    state: str
    is_withheld: bool = False
    marker: str = ""
    note: BreakNote | None = None
    reason: str = ""
    comparable_wave_id: str = ""


@dataclass(frozen=True)
class MatrixRow:
    """One indicator; ``cells`` are in the order of the waves."""

    indicator_id: str
    label_nl: str
    theme: str
    theme_label_nl: str
    block: str
    block_label_nl: str
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True)
class Matrix:
    """The matrix of one population, or of several of which every cell is the same.

    ``assumed``: waves in which it is only assumed that this population was asked.
    """

    populations: tuple[tuple[str, str], ...]
    waves: tuple[Wave, ...]
    rows: tuple[MatrixRow, ...]
    assumed: frozenset[str] = frozenset()

    @property
    def notes(self) -> list[BreakNote]:
        """Every break of the matrix once, in the order in which its cells are read: by wave, then downwards."""
        found: dict[BreakNote, None] = {}
        for place in range(len(self.waves)):
            for row in self.rows:
                if row.cells[place].note:
                    found[row.cells[place].note] = None
        return list(found)

    def waves_of(self, note: BreakNote) -> list[Wave]:
        """The waves before which a break lies."""
        return [
            wave
            for place, wave in enumerate(self.waves)
            if any(row.cells[place].note == note for row in self.rows)
        ]


def has_matrix(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the tables at hand have what a matrix needs."""
    columns: dict[str, set[str]] = {}
    for table, column in connection.execute(
        "select table_name, column_name from duckdb_columns() where schema_name = 'main'"
    ).fetchall():
        columns.setdefault(table, set()).add(column)
    return columns.keys() >= set(TABLES) and columns["mart_comparability"] >= NEEDED


def read_matrices(
    connection: duckdb.DuckDBPyConnection, theme: str | None = None, population: str | None = None
) -> list[Matrix]:
    """The matrices of ``mart_comparability``, in the order of the populations.

    Populations that agree in every cell share a matrix. Indicators that were never asked of a population are
    left out of its matrix.
    """
    waves = tuple(
        Wave(*row)
        for row in connection.execute(
            "select distinct wave_id, programme_id, year from mart_comparability order by year, wave_id"
        ).fetchall()
    )
    places = {wave.wave_id: place for place, wave in enumerate(waves)}
    found = connection.execute(
        """
        select comparability.*, trend.publication_status, trend.marker
        from mart_comparability as comparability
        left join mart_trend as trend
            on comparability.indicator_id = trend.indicator_id
            and comparability.population_id = trend.population_id
            and comparability.wave_id = trend.wave_id
            and trend.breakdown_id = 'total'
        where ($theme is null or comparability.theme = $theme)
            and ($population is null or comparability.population_id = $population)
        order by population_sort_order, comparability.population_id, indicator_sort_order, comparability.indicator_id
        """,
        {"theme": theme, "population": population},
    )
    names = [column[0] for column in found.description or []]
    populations: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    for values in found.fetchall():
        row = dict(zip(names, values, strict=True))
        key = (row["population_id"], row["population_label_nl"])
        populations.setdefault(key, {}).setdefault(row["indicator_id"], []).append(row)
    shared: dict[tuple[tuple[MatrixRow, ...], frozenset[str]], list[tuple[str, str]]] = {}
    for key, indicators in populations.items():
        rows = tuple(
            _row(of_indicator, places)
            for of_indicator in indicators.values()
            if any(row["asked"] == "asked" for row in of_indicator)
        )
        assumed = frozenset(
            row["wave_id"]
            for of_indicator in indicators.values()
            for row in of_indicator
            if row["is_assumed"]
        )
        if rows:
            shared.setdefault((rows, assumed), []).append(key)
    return [Matrix(tuple(keys), waves, rows, assumed) for (rows, assumed), keys in shared.items()]


def _row(found: list[dict[str, Any]], places: dict[str, int]) -> MatrixRow:
    first = found[0]
    cells = [MatrixCell(NOT_ASKED)] * len(places)
    for row in found:
        cells[places[row["wave_id"]]] = _cell(row)
    return MatrixRow(
        first["indicator_id"],
        first["indicator_label_nl"],
        first["theme"],
        first["theme_label_nl"] or first["theme"],
        first["block"],
        first["block_label_nl"] or first["block"],
        tuple(cells),
    )


def _cell(row: dict[str, Any]) -> MatrixCell:
    if row["asked"] != "asked":
        return MatrixCell(_LEFT_OUT.get(row["not_asked_of"], NOT_ASKED), reason=row["reason"] or "")
    # Asked without a cell, as older releases have it: nobody answered. There is nothing to show either.
    is_withheld = row["publication_status"] in (None, "suppress")
    marker = (row["marker"] or "") if is_withheld else ""
    note = None
    if row["break_id"]:
        note = BreakNote(
            row["break_kind"] or "",
            row["break_effect"],
            row["reason"] or "",
            row["break_source"] or "",
            row["other_breaks"] or "",
        )
    state = {"block": BROKEN, "wave_apart": APART, "warn": WARNED}.get(row["break_effect"])
    if state is None:
        state = COMPARABLE if row["is_comparable"] else FIRST
    return MatrixCell(state, is_withheld, marker, note, comparable_wave_id=row["comparable_wave_id"] or "")
