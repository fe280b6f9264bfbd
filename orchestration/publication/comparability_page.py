"""The comparability matrix as one page: static, without anything to fetch, readable on screen and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path

import duckdb

from orchestration.publication.comparability_matrix import (
    STATES,
    Matrix,
    MatrixRow,
    has_matrix,
    read_matrices,
)
from orchestration.publication.comparability_words import (
    ASSUMED,
    ASSUMED_MEANING,
    MEANINGS,
    SIGNS,
    WITHHELD,
    WITHHELD_MEANING,
    cell_text,
    lines_of,
    note_text,
)

FILE = "comparability.html"
STYLE = (Path(__file__).parent / "comparability_page.css").read_text(encoding="utf-8")


def write_page(
    connection: duckdb.DuckDBPyConnection, folder: Path, release_id: str, notice: str = ""
) -> Path | None:
    """Write ``comparability.html`` from the tables of the connection; nothing when they are not there.

    ``notice``: what synthetic input says of itself; '' when there is none.
    """
    if not has_matrix(connection):
        return None
    folder.mkdir(exist_ok=True)
    path = folder / FILE
    path.write_text(page(read_matrices(connection), release_id, notice), encoding="utf-8", newline="\n")
    return path


def page(matrices: list[Matrix], release_id: str, notice: str = "") -> str:
    """The page as text."""
    banner = f'<p class="notice">{escape(notice)}</p>' if notice else ""
    return "\n".join(
        [
            '<!doctype html>\n<html lang="nl">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Vergelijkbaarheid · uitgave {escape(release_id)}</title>",
            f"<style>\n{STYLE}</style>\n</head>\n<body>",
            f'<header>\n<h1>Wat is gevraagd, en wat mag worden vergeleken</h1>\n<p class="release">Uitgave '
            f"<code>{escape(release_id)}</code> · tabel <code>mart_comparability</code></p>\n{banner}",
            f"{_legend()}\n</header>",
            _contents(matrices),
            "<main>",
            *(_section(number, matrix) for number, matrix in enumerate(matrices, start=1)),
            "</main>\n</body>\n</html>\n",
        ]
    )


def _legend() -> str:
    items = [
        f'<li><span class="key {state}"><b>{SIGNS[state]}</b></span>{escape(MEANINGS[state])}</li>'
        for state in sorted(STATES, key=list(MEANINGS).index)
    ]
    items.append(
        f'<li><span class="key comparable withheld"><b>{WITHHELD}</b></span>{escape(WITHHELD_MEANING)}</li>'
    )
    items.append(f'<li><span class="key">{ASSUMED}</span>{escape(ASSUMED_MEANING)}</li>')
    return f'<ul class="legend" aria-label="Legenda">\n{"".join(items)}\n</ul>'


def _contents(matrices: list[Matrix]) -> str:
    links = [
        f'<li><a href="#m{number}">{escape(_title(matrix))}</a> <span>{len(matrix.rows)}</span></li>'
        for number, matrix in enumerate(matrices, start=1)
    ]
    return f'<nav aria-label="Groepen">\n<ol>\n{"".join(links)}\n</ol>\n</nav>'


def _title(matrix: Matrix) -> str:
    return " · ".join(label for _, label in matrix.populations)


def _section(number: int, matrix: Matrix) -> str:
    notes = {note: place for place, note in enumerate(matrix.notes, start=1)}
    head = "".join(
        f'<th scope="col">{wave.year}<small>{escape(wave.programme_id)}{_assumed(matrix, wave.wave_id)}</small></th>'
        for wave in matrix.waves
    )
    ids = ", ".join(f"<code>{escape(population)}</code>" for population, _ in matrix.populations)
    parts = [
        f'<section id="m{number}">\n<h2>{escape(_title(matrix))} <small>{ids}</small></h2>',
        f'<table>\n<thead><tr><th scope="col" class="corner">Indicator</th>{head}</tr></thead>',
    ]
    for (theme, block), rows in groupby(
        matrix.rows, key=lambda row: (row.theme_label_nl, row.block_label_nl)
    ):
        parts.append(
            f'<tbody>\n<tr class="block"><th scope="rowgroup">{escape(block)} <small>{escape(theme)}</small></th>'
            f'<td colspan="{len(matrix.waves)}"></td></tr>'
        )
        parts += [_table_row(matrix, row, notes) for row in rows]
        parts.append("</tbody>")
    parts.append("</table>")
    if notes:
        parts += ['<h3>Breuken</h3>\n<ol class="notes">', *_notes(matrix), "</ol>"]
    parts.append("</section>")
    return "\n".join(parts)


def _assumed(matrix: Matrix, wave_id: str) -> str:
    return f' <b title="{escape(ASSUMED_MEANING)}">{ASSUMED}</b>' if wave_id in matrix.assumed else ""


def _table_row(matrix: Matrix, row: MatrixRow, notes: dict) -> str:
    cells = []
    for cell, (left, right) in zip(row.cells, lines_of(matrix, row), strict=True):
        classes = [cell.state, *(["withheld"] if cell.is_withheld else [])]
        classes += [name for name, is_there in (("l", left), ("r", right)) if is_there]
        sign = WITHHELD if cell.is_withheld else SIGNS[cell.state]
        mark = f"<sup>{notes[cell.note]}</sup>" if cell.note else ""
        cells.append(
            f'<td class="{" ".join(classes)}" title="{escape(cell_text(cell, notes))}"><b>{sign}</b>{mark}</td>'
        )
    name = f"{escape(row.label_nl)}<small>{escape(row.indicator_id)}</small>"
    return f'<tr><th scope="row">{name}</th>{"".join(cells)}</tr>'


def _notes(matrix: Matrix) -> Iterator[str]:
    for note in matrix.notes:
        waves = ", ".join(f"{wave.year} ({wave.programme_id})" for wave in matrix.waves_of(note))
        yield f"<li><strong>{escape(waves)}</strong> {escape(note_text(note))}</li>"
