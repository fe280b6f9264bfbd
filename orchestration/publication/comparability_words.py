"""Signs and words of the comparability matrix, the same on the screen and on the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from orchestration.publication.comparability_matrix import (
    APART,
    BROKEN,
    COMPARABLE,
    FIRST,
    NOT_ASKED,
    NOT_OF_POPULATION,
    OTHER_FORM,
    WARNED,
    BreakNote,
    Matrix,
    MatrixCell,
    MatrixRow,
)

SIGNS = {
    COMPARABLE: "●",
    WARNED: "◐",
    BROKEN: "◆",
    APART: "◇",
    FIRST: "○",
    OTHER_FORM: "≠",
    NOT_ASKED: "·",
    NOT_OF_POPULATION: "–",
}
PLAIN_SIGNS = {
    COMPARABLE: "*",
    WARNED: "~",
    BROKEN: "#",
    APART: "^",
    FIRST: "o",
    OTHER_FORM: "!",
    NOT_ASKED: ".",
    NOT_OF_POPULATION: "-",
}
WITHHELD, PLAIN_WITHHELD = "×", "x"

MEANINGS = {
    FIRST: "gevraagd, eerste van een reeks",
    COMPARABLE: "gevraagd en vergelijkbaar met de meting waarmee de lijn het verbindt",
    WARNED: "vergelijkbaar, met een waarschuwing",
    BROKEN: "gevraagd, trendbreuk vóór deze meting",
    APART: "gevraagd, een reeks op zichzelf",
    OTHER_FORM: "in een andere vorm gevraagd, die niet te vergelijken is",
    NOT_ASKED: "niet gevraagd in deze meting",
    NOT_OF_POPULATION: "niet aan deze groep gevraagd",
}
ASSUMED = "?"
ASSUMED_MEANING = "aangenomen: geen bron zegt dat deze meting de groep bevroeg"
WITHHELD_MEANING = "gevraagd, maar het totaal van de groep is niet gepubliceerd"

KINDS = {
    "wording": "vraagstelling",
    "answer_list": "antwoordlijst",
    "scale": "schaal",
    "reference_period": "referentieperiode",
    "frame": "steekproefkader",
    "mode": "wijze van afnemen",
    "contractor": "uitvoerder",
    "weighting": "weging",
    "scope": "afbakening",
}
EFFECTS = {
    "block": "verandering niet berekend",
    "warn": "verandering wel berekend, met [b]",
    "wave_apart": "de meting staat apart",
}


OTHER_BREAK = re.compile(r"\b\w+ \((\w+), (?:block|warn)\): ")
"""How ``mart_comparability.other_breaks`` names a break."""


def note_text(note: BreakNote) -> str:
    """A break as a line under the matrix: kind, reason, effect, source, and what else lies in the same step."""
    said = f"{KINDS.get(note.kind, note.kind)}: {note.reason}"
    told = f"{said} ({EFFECTS.get(note.effect, note.effect)})"
    told = f"{told} · {note.source}" if note.source else told
    others = "; ".join(other for other in _others(note) if other != said)
    return f"{told} · in dezelfde stap ook {others}" if others else told


def _others(note: BreakNote) -> list[str]:
    """The further breaks of a step, each text once: breaks that say the same differ in their names alone."""
    starts = [found.start() for found in OTHER_BREAK.finditer(note.others)]
    parts = [note.others[start:end] for start, end in pairwise([*starts, len(note.others)])]
    # Kinds in words instead of the names and English kinds of the register.
    in_words = (OTHER_BREAK.sub(lambda found: f"{KINDS.get(found[1], found[1])}: ", part) for part in parts)
    return list(dict.fromkeys(text.removesuffix("; ") for text in in_words))


def cell_text(cell: MatrixCell, numbers: Mapping[BreakNote, int]) -> str:
    """What a cell says, in words; a break by its number below the matrix."""
    if cell.reason:
        return f"{'anders' if cell.state == OTHER_FORM else 'niet'} gevraagd: {cell.reason}"
    told = f"vergelijkbaar met {cell.comparable_wave_id}" if cell.comparable_wave_id else MEANINGS[cell.state]
    if cell.note:
        told += f" (breuk {numbers[cell.note]})"
    if cell.is_withheld:
        told += f"; {'niet gepubliceerd ' + cell.marker if cell.marker else 'niemand antwoordde'}"
    return told


def lines_of(matrix: Matrix, row: MatrixRow) -> list[tuple[bool, bool]]:
    """Per wave, whether a line runs into the cell from the left and out of it to the right."""
    places = {wave.wave_id: place for place, wave in enumerate(matrix.waves)}
    left, right = [False] * len(places), [False] * len(places)
    for place, cell in enumerate(row.cells):
        if cell.comparable_wave_id in places:
            start = places[cell.comparable_wave_id]
            for other in range(start, place):
                right[other] = left[other + 1] = True
    return list(zip(left, right, strict=True))
