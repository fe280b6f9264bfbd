"""The comparability matrix: every state from the tables, and the same signs on the screen and on the page."""

from __future__ import annotations

import io
import re
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from orchestration.commands.comparability import print_matrix
from orchestration.publication.comparability_matrix import BreakNote, Matrix, has_matrix, read_matrices
from orchestration.publication.comparability_page import page, write_page
from orchestration.publication.comparability_words import cell_text, lines_of, note_text

WAVES = {"w10": 2010, "w12": 2012, "w14": 2014, "w16": 2016, "w18": 2018}
BREAKS = {
    "block": ("b1", "block", "contractor", "ander bureau", "colofon"),
    "warn": ("b2", "warn", "scope", "andere <afbakening>", None),
    "wave_apart": ("b3", "wave_apart", "mode", "per telefoon", None),
}

OTHER = "b4 (frame, warn): ander kader"

# Indicator, population, wave: asked, comparable with, effect of the break, what was left out, status of the cell.
CELLS = {
    ("i1", "p1", "w10"): ("asked", None, None, None, "publish"),
    ("i1", "p1", "w12"): ("asked", "w10", None, None, "publish"),
    ("i1", "p1", "w14"): ("asked", None, "block", None, "suppress"),
    ("i1", "p1", "w16"): ("asked", None, "wave_apart", None, "publish"),
    ("i1", "p1", "w18"): ("asked", "w14", "warn", None, "flag"),
    ("i2", "p1", "w10"): ("not asked", None, None, "form", None),
    ("i2", "p1", "w12"): ("not asked", None, None, "theme", None),
    ("i2", "p1", "w14"): ("not asked", None, None, "population", None),
    ("i2", "p1", "w16"): ("not asked", None, None, "instrument", None),
    ("i2", "p1", "w18"): ("asked", None, None, None, None),
    ("i3", "p1", "w10"): ("not asked", None, None, "question", None),
}


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return build_tables()


def build_tables() -> duckdb.DuckDBPyConnection:
    """The two tables, of three populations and three indicators."""
    made = duckdb.connect(":memory:", config={"threads": 1})
    made.execute(
        """
        create table mart_comparability (
            indicator_id varchar, indicator_label_nl varchar, theme varchar, block varchar, population_id varchar,
            population_label_nl varchar, programme_id varchar, wave_id varchar, year integer, asked varchar,
            is_comparable boolean, comparable_wave_id varchar, break_id varchar, break_effect varchar,
            reason varchar, not_asked_of varchar, break_kind varchar, break_source varchar, theme_label_nl varchar,
            block_label_nl varchar, indicator_sort_order integer, population_sort_order integer, is_assumed boolean,
            other_breaks varchar
        );
        create table mart_trend (
            indicator_id varchar, population_id varchar, wave_id varchar, breakdown_id varchar,
            publication_status varchar, marker varchar
        );
        """
    )
    # A second population that agrees in every cell, and a third that differs in one.
    for population, order in (("p1", 1), ("p2", 2), ("p3", 3)):
        for (indicator, _, wave), (asked, with_wave, effect, left_out, status) in CELLS.items():
            break_id, _, kind, reason, source = BREAKS.get(effect or "", (None,) * 5)
            shown = "suppress" if (population, indicator, wave) == ("p3", "i1", "w10") else status
            made.execute(
                f"insert into mart_comparability values ({', '.join('?' * 24)})",
                [
                    indicator, f"label {indicator}", "t", "b", population, f"groep {population}", "ag", wave,
                    WAVES[wave], asked, with_wave is not None, with_wave, break_id, effect,
                    reason or (f"reden {left_out}" if left_out else None), left_out, kind, source, "Thema", "Blok",
                    int(indicator[1]), order, wave == "w10" and asked == "asked",
                    OTHER if effect == "block" else None,
                ],
            )  # fmt: skip
            if shown:
                marker = "[c]" if shown == "suppress" else None
                made.execute(
                    "insert into mart_trend values (?, ?, ?, 'total', ?, ?), (?, ?, ?, 'gender', 'suppress', '[u]')",
                    [indicator, population, wave, shown, marker, indicator, population, wave],
                )
    return made


@pytest.fixture
def matrix(connection: duckdb.DuckDBPyConnection) -> Matrix:
    return read_matrices(connection)[0]


def test_every_state_comes_from_the_tables(matrix: Matrix):
    first, second = matrix.rows
    assert [cell.state for cell in first.cells] == ["first", "comparable", "broken", "apart", "warned"]
    assert [cell.is_withheld for cell in first.cells] == [False, False, True, False, False]
    assert [cell.state for cell in second.cells] == [
        "other_form",
        "not_asked",
        "not_of_population",
        "not_of_population",
        "first",
    ]
    # Asked, and nobody answered.
    assert second.cells[4].is_withheld
    assert matrix.assumed == {"w10"}


def test_breaks_that_another_outranks_stand_behind_it(matrix: Matrix):
    broken, warned = (cell.note for cell in matrix.rows[0].cells if cell.state in ("broken", "warned"))
    assert (broken.others, warned.others) == (OTHER, "")
    assert note_text(broken).endswith("· colofon · in dezelfde stap ook steekproefkader: ander kader")
    assert "in dezelfde stap" not in note_text(warned)


def test_breaks_that_say_the_same_are_told_once():
    others = (
        "b1 (scope, warn): groter; en anders; b2 (scope, warn): groter; en anders; "
        "b3 (frame, block): ander kader; b4 (mode, warn): telefoon"
    )
    note = BreakNote("frame", "block", "ander kader", "colofon", others)
    assert note_text(note) == (
        "steekproefkader: ander kader (verandering niet berekend) · colofon · in dezelfde stap ook "
        "afbakening: groter; en anders; wijze van afnemen: telefoon"
    )


def test_populations_share_a_matrix_only_where_every_cell_agrees(connection: duckdb.DuckDBPyConnection):
    assert [[name for name, _ in matrix.populations] for matrix in read_matrices(connection)] == [
        ["p1", "p2"],
        ["p3"],
    ]
    assert [m.populations for m in read_matrices(connection, population="p3")] == [(("p3", "groep p3"),)]
    assert read_matrices(connection, theme="other") == []


def test_what_was_never_asked_of_a_population_is_left_out(matrix: Matrix):
    assert [row.indicator_id for row in matrix.rows] == ["i1", "i2"]


def test_lines_run_past_waves_between_two_that_compare(matrix: Matrix):
    assert lines_of(matrix, matrix.rows[0]) == [
        (False, True),
        (True, False),
        (False, True),
        (True, True),
        (True, False),
    ]


def test_breaks_are_numbered_in_the_order_of_the_waves(matrix: Matrix):
    assert [(note.kind, [wave.wave_id for wave in matrix.waves_of(note)]) for note in matrix.notes] == [
        ("contractor", ["w14"]),
        ("mode", ["w16"]),
        ("scope", ["w18"]),
    ]


def printed(
    matrix: Matrix, encoding: str = "utf-8", width: int = 100, is_terminal: bool = False
) -> list[str]:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    console = Console(
        file=stream, width=width, force_terminal=is_terminal, color_system=None, highlight=False
    )
    print_matrix(console, matrix)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding).splitlines()


def test_the_screen_shows_signs_lines_and_numbers(matrix: Matrix):
    lines = printed(matrix)
    assert lines[0] == "groep p1 (p1), groep p2 (p2)"
    assert lines[1].split() == ["2010", "2012", "2014", "2016", "2018"]
    assert lines[2].split() == ["ag", "?", "ag", "ag", "ag", "ag"]
    assert lines[3] == "Blok (Thema)"
    assert lines[4] == "label i1    ○───────●      ┃×¹──────◇²──────◐³"
    assert lines[5] == "label i2    ≠       ·       –       –       ×"
    first = "  1  2014 ag: uitvoerder: ander bureau (verandering niet berekend) · colofon"
    assert f"{first} · in dezelfde stap ook steekproefkader: ander kader" in lines
    assert "  3  2018 ag: afbakening: andere <afbakening> (verandering wel berekend, met [b])" in lines
    assert "  ◇  gevraagd, een reeks op zichzelf" in lines
    assert any(line.startswith("  ×  ") for line in lines)
    assert any(line.startswith("  ?  aangenomen") for line in lines)


def test_a_screen_without_unicode_gets_other_signs(matrix: Matrix):
    lines = printed(matrix, "latin-1")
    assert lines[4] == "label i1    o-------*      |x1------^2------~3"


def test_a_narrow_screen_shortens_labels_and_keeps_columns(matrix: Matrix):
    lines = printed(matrix, width=60, is_terminal=True)
    assert max(map(len, lines[1:6])) <= 60
    assert lines[4].startswith("label i1")


def test_the_page_needs_nothing_from_elsewhere_and_escapes_what_it_shows(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
):
    path = write_page(connection, tmp_path / "quality", "0123abcd", "SYNTHETISCH: <niet echt>")
    assert path == tmp_path / "quality" / "comparability.html"
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"https?:|//[a-z]|<script|<link|<img|@import|url\(", text)
    assert "SYNTHETISCH: &lt;niet echt&gt;" in text
    assert "andere &lt;afbakening&gt;" in text
    assert "0123abcd" in text
    assert text.count("<section ") == 2
    # Cells in their order, with class, sign and words.
    row = text[text.index("label i1") :].split("</tr>")[0]
    assert re.findall(r'<td class="([^"]*)"', row) == [
        "first r",
        "comparable l",
        "broken withheld r",
        "apart l r",
        "warned l",
    ]
    assert 'title="vergelijkbaar met w10"' in row
    assert 'title="gevraagd, trendbreuk vóór deze meting (breuk 1); niet gepubliceerd [c]"' in row
    assert 'title="niet gevraagd: reden population"' in text
    assert 'title="anders gevraagd: reden form"' in text
    assert "position: sticky" in text
    assert "A4 landscape" in text


def test_equal_tables_give_an_equal_page(connection: duckdb.DuckDBPyConnection):
    assert page(read_matrices(connection), "x") == page(read_matrices(connection), "x")
    assert "notice" not in page(read_matrices(connection), "x").split("</style>")[1]


def test_without_the_columns_there_is_no_page(tmp_path: Path):
    connection = build_tables()
    assert has_matrix(connection)
    connection.execute("alter table mart_comparability drop column not_asked_of")
    assert not has_matrix(connection)
    assert write_page(connection, tmp_path, "x") is None
    assert list(tmp_path.iterdir()) == []


def test_a_cell_in_words(matrix: Matrix):
    numbers = {note: number for number, note in enumerate(matrix.notes, start=1)}
    assert cell_text(matrix.rows[0].cells[4], numbers) == "vergelijkbaar met w14 (breuk 3)"
    assert cell_text(matrix.rows[1].cells[4], numbers).endswith("niemand antwoordde")
