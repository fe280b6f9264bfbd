"""``peilstok comparability``: per population, what each wave asked and what may be compared with what."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from orchestration.lineage.release_reader import Unknown, known, open_release
from orchestration.publication.comparability_matrix import (
    APART,
    BROKEN,
    COMPARABLE,
    FIRST,
    STATES,
    WARNED,
    Matrix,
    MatrixCell,
    has_matrix,
    read_matrices,
)
from orchestration.publication.comparability_words import (
    ASSUMED,
    ASSUMED_MEANING,
    MEANINGS,
    PLAIN_SIGNS,
    PLAIN_WITHHELD,
    SIGNS,
    WITHHELD,
    WITHHELD_MEANING,
    lines_of,
    note_text,
)
from orchestration.settings import Settings

# Okabe and Ito's colours, which the colour-blind tell apart; each state has a sign of its own as well.
STYLES = {
    COMPARABLE: "#56b4e9",
    FIRST: "#56b4e9",
    WARNED: "#e69f00",
    BROKEN: "#d55e00 bold",
    APART: "#cc79a7",
}
FAINT = "dim"
WIDEST, NARROWEST = 8, 5
SHORTEST_LABEL = 24
SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def show_comparability(
    settings: Settings,
    console: Console,
    theme: str | None = None,
    population: str | None = None,
    release: str | None = None,
    as_json: bool = False,
) -> int:
    """Print a matrix per population (those that agree share one); returns the exit code.

    Raises ``Unknown`` (exit code 2) for a theme or population that the release does not have.
    """
    with open_release(settings, release) as reader:
        if not has_matrix(reader.connection):
            raise Unknown(
                f"{reader.folder} is older than this matrix: mart_comparability lacks columns; run `peilstok refresh`"
            )
        if theme is not None:
            known(theme, reader.names("mart_comparability", "theme"), "theme")
        if population is not None:
            known(population, reader.names("mart_comparability", "population_id"), "population")
        matrices = read_matrices(reader.connection, theme, population)
    if as_json:
        console.file.write(
            json.dumps([_told(matrix) for matrix in matrices], ensure_ascii=False, indent=2) + "\n"
        )
        return 0
    for matrix in matrices:
        print_matrix(console, matrix)
    if not matrices:
        console.print(Text("niets gevraagd van deze groep over dit thema"))
    return 0


def print_matrix(console: Console, matrix: Matrix) -> None:
    """One matrix with its legend and the reasons of its breaks."""
    is_rich = console.encoding.startswith("utf")
    labels = [row.label_nl for row in matrix.rows]
    wanted = max(map(len, labels))
    width = _column_width(console, matrix, wanted)
    room = (
        wanted
        if not console.is_terminal
        else max(SHORTEST_LABEL, console.width - width * len(matrix.waves) - 1)
    )
    room = min(room, wanted)
    title = ", ".join(f"{label} ({name})" for name, label in matrix.populations)
    console.print(Text(title, style="bold"), soft_wrap=True)
    programmes = [
        f"{wave.programme_id} {ASSUMED}" if wave.wave_id in matrix.assumed else wave.programme_id
        for wave in matrix.waves
    ]
    for heads in ([str(wave.year) for wave in matrix.waves], programmes):
        line = " " * (room + 1) + "".join(head.center(width) for head in heads)
        console.print(Text(line.rstrip(), style=FAINT), soft_wrap=True)
    numbers = {note: number for number, note in enumerate(matrix.notes, start=1)}
    for (theme, block), rows in groupby(
        matrix.rows, key=lambda row: (row.theme_label_nl, row.block_label_nl)
    ):
        console.print(Text(f"{block} ({theme})", style="italic"), soft_wrap=True)
        for row in rows:
            line = Text(_shortened(row.label_nl, room).ljust(room + 1))
            for cell, (left, right) in zip(row.cells, lines_of(matrix, row), strict=True):
                line.append_text(_drawn(cell, left, right, width, numbers, is_rich))
            line.rstrip()
            console.print(line, soft_wrap=True)
    _print_legend(console, matrix, is_rich)
    for note, number in numbers.items():
        waves = ", ".join(f"{wave.year} {wave.programme_id}" for wave in matrix.waves_of(note))
        console.print(Text(f"{number:>3}  {waves}: {note_text(note)}"), soft_wrap=not console.is_terminal)
    console.print()


def _column_width(console: Console, matrix: Matrix, label_width: int) -> int:
    if not console.is_terminal:
        return WIDEST
    room = console.width - 1 - min(label_width, max(SHORTEST_LABEL, console.width // 2))
    return max(NARROWEST, min(WIDEST, room // len(matrix.waves)))


def _drawn(cell: MatrixCell, left: bool, right: bool, width: int, numbers: dict, is_rich: bool) -> Text:
    """A sign in the middle of its column, with the line of its series, the edge of a break and its number."""
    line, edge = ("─", "┃") if is_rich else ("-", "|")
    sign = (SIGNS if is_rich else PLAIN_SIGNS)[cell.state]
    if cell.is_withheld:
        sign = WITHHELD if is_rich else PLAIN_WITHHELD
    before, after = (width - 1) // 2, width // 2
    style = STYLES.get(cell.state, FAINT)
    drawn = Text()
    if cell.state == BROKEN:
        drawn.append(" " * (before - 1) + edge, style=STYLES[BROKEN])
    else:
        drawn.append((line if left else " ") * before, style=FAINT)
    drawn.append(sign, style=style)
    number = str(numbers[cell.note]) if cell.note else ""
    drawn.append(number.translate(SUPERSCRIPT) if is_rich else number, style=style)
    drawn.append((line if right else " ") * (after - len(number)), style=FAINT)
    return drawn


def _print_legend(console: Console, matrix: Matrix, is_rich: bool) -> None:
    cells = [cell for row in matrix.rows for cell in row.cells]
    states = {cell.state for cell in cells}
    signs = SIGNS if is_rich else PLAIN_SIGNS
    for state in sorted(STATES, key=list(MEANINGS).index):
        if state in states:
            line = Text(f"  {signs[state]}", style=STYLES.get(state, FAINT))
            console.print(line.append(f"  {MEANINGS[state]}", style=FAINT), soft_wrap=True)
    if any(cell.is_withheld for cell in cells):
        sign = WITHHELD if is_rich else PLAIN_WITHHELD
        console.print(Text(f"  {sign}  {WITHHELD_MEANING}", style=FAINT), soft_wrap=True)
    if matrix.assumed:
        console.print(Text(f"  {ASSUMED}  {ASSUMED_MEANING}", style=FAINT), soft_wrap=True)


def _shortened(label: str, room: int) -> str:
    return label if len(label) <= room else label[: room - 1] + "…"


def _told(matrix: Matrix) -> dict[str, Any]:
    return {
        "populations": [{"population_id": name, "label_nl": label} for name, label in matrix.populations],
        "waves": [{**asdict(wave), "is_assumed": wave.wave_id in matrix.assumed} for wave in matrix.waves],
        "rows": [
            {
                "indicator_id": row.indicator_id,
                "label_nl": row.label_nl,
                "theme": row.theme,
                "block": row.block,
                "cells": {
                    wave.wave_id: {
                        "state": cell.state,
                        "is_withheld": cell.is_withheld,
                        "marker": cell.marker or None,
                        "comparable_wave_id": cell.comparable_wave_id or None,
                        "break": asdict(cell.note) if cell.note else None,
                        "reason": cell.reason or None,
                    }
                    for wave, cell in zip(matrix.waves, row.cells, strict=True)
                },
            }
            for row in matrix.rows
        ],
    }
