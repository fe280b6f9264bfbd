"""Rows of text as columns that survive a narrow screen and a log file."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.console import Console
from rich.text import Text


def print_aligned(
    console: Console, rows: Sequence[Sequence[str]], left: Collection[int], styles: Sequence[str] = ()
) -> None:
    """Print columns two spaces apart, never wrapped or cut by rich; the columns ``left`` are flush left.

    ``styles``: one rich style per row, where a row has one.
    """
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        style = styles[number] if number < len(styles) else ""
        console.print(Text("  ".join(cells).rstrip(), style=style), soft_wrap=True)
