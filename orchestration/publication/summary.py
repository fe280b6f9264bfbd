"""The ending of a run on the screen: what was released, and what it says.

On a terminal with colours, lines and sparklines; elsewhere, or on a narrow one, plain ASCII that reads well
in a log file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from orchestration.publication.aligned import print_aligned
from orchestration.publication.headline_trend import (
    BREAK_MARKER,
    ReleaseSummary,
    TrendCell,
    TrendLine,
    TrendTable,
)

MINIMUM_WIDTH = 70
_SPARKS = "▁▂▃▄▅▆▇█"
_BAR_WIDTH = 24
_UNLIMITED = 10_000
_PLAIN_PUNCTUATION = str.maketrans({"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"'})


@dataclass(frozen=True)
class Signs:
    """The characters of one style of output."""

    gap: str
    edge: str
    up: str
    down: str
    stable: str
    minus: str
    bar: str
    has_sparks: bool


RICH = Signs(gap="–", edge="┊", up="▲", down="▼", stable="=", minus="−", bar="━", has_sparks=True)
PLAIN = Signs(gap="-", edge="|", up="+", down="-", stable="=", minus="-", bar="#", has_sparks=False)


def signs_for(console: Console) -> Signs:
    """Rich signs on a terminal that is wide enough and speaks UTF-8, else plain ones."""
    is_rich = console.is_terminal and console.width >= MINIMUM_WIDTH and console.encoding.startswith("utf")
    return RICH if is_rich else PLAIN


def print_summary(
    console: Console,
    summary: ReleaseSummary,
    status: str = "",
    steps: Mapping[str, float] | None = None,
) -> None:
    """Print the ending of a run.

    ``status``: what happened (``published``, ``no_change``, …); ``steps``: seconds per step of this run.
    """
    signs = signs_for(console)
    if summary.manifest.is_synthetic:
        _print_banner(console, summary, signs)
    _print_heading(console, summary, status, signs)
    for trend in summary.trends:
        console.print()
        console.print(_title(trend, signs))
        _print_trend(console, trend, signs)
    if summary.trends:
        _print_legend(console, summary.trends, signs)
    console.print()
    _print_quality(console, summary, signs)
    if steps:
        console.print()
        _print_steps(console, steps, signs)


def sparkline(values: list[float | None], breaks: list[bool]) -> str:
    """One block per value, scaled to their own range; a space per gap, ``┊`` before a new segment."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    steps = len(_SPARKS) - 1
    drawn = ""
    for value, starts in zip(values, breaks, strict=True):
        drawn += RICH.edge if starts else ""
        height = steps // 2 if value is None or high == low else round((value - low) / (high - low) * steps)
        drawn += " " if value is None else _SPARKS[height]
    return drawn


def column_texts(cells: list[TrendCell | None], unit: str, signs: Signs) -> list[str]:
    """One year's figures under each other: whole per cent, or the marker of a suppressed one.

    The edge of a segment stands before the figure, ``[b]`` and ``[u]`` behind it, each in a column of its own
    where the year needs one, so that the figures stay aligned.
    """
    figures = [_figure(cell, unit, signs) for cell in cells]
    edges = [signs.edge if cell and cell.starts_segment else "" for cell in cells]
    flags = [_flag(cell) for cell in cells]
    width = max(map(len, figures), default=0)
    edge_width = 2 if any(edges) else 0
    flag_width = max(map(len, flags), default=0)
    return [
        f"{edge:<{edge_width}}{figure:>{width}}{flag:<{flag_width}}"
        for edge, figure, flag in zip(edges, figures, flags, strict=True)
    ]


def _flag(cell: TrendCell | None) -> str:
    if cell is None or cell.estimate is None:
        return ""
    marks = (BREAK_MARKER if cell.is_warned else "") + ("[u]" if cell.is_flagged else "")
    return f" {marks}" if marks else ""


def _figure(cell: TrendCell | None, unit: str, signs: Signs) -> str:
    if cell is None:
        return signs.gap
    return (cell.marker or signs.gap) if cell.estimate is None else _number(cell.estimate, unit, signs)


def change_text(line: TrendLine, unit: str, signs: Signs) -> str:
    """The change of the last wave of a line, and since when; '' when there is no comparable earlier wave."""
    if not line.cells:
        return ""
    last = line.cells[max(line.cells)]
    since = f" sinds {last.change_from_year}" if last.change_from_year else ""
    if last.change_direction in ("up", "down") and last.change is not None:
        arrow = signs.up if last.change_direction == "up" else signs.down
        return f"{arrow}{_number(abs(last.change), unit, signs)}{since}"
    if last.change_direction == "stable":
        return f"{signs.stable}{since}"
    return ""


def _print_banner(console: Console, summary: ReleaseSummary, signs: Signs) -> None:
    words = "SYNTHETISCH - geen uitkomst van een echte meting / synthetic sample data"
    notice = _words(summary.manifest.notice, signs)
    if signs is PLAIN:
        console.print(Text(f"*** {words} ***\n{notice}" if notice else f"*** {words} ***"), soft_wrap=True)
        return
    body = Text(words.replace(" - ", " – "), style="bold yellow", justify="center")
    if notice:
        body.append(f"\n{notice}", style="yellow not bold")
    console.print(Panel(body, border_style="yellow", box=box.HEAVY))


def _print_heading(console: Console, summary: ReleaseSummary, status: str, signs: Signs) -> None:
    manifest = summary.manifest
    line = Text()
    words = {
        "no_change": "no change: release ",
        "published": "published release ",
        "switched": "switched to release ",
        "rolled_back": "rolled back to release ",
    }
    line.append(words.get(status, "release "), style="bold")
    line.append(manifest.release_id, style="bold cyan")
    line.append(f"  ({sum(manifest.tables.values()):,} rows in {len(manifest.tables)} tables)", style="dim")
    console.print(line)
    console.print(Text(_near(summary.path), style="cyan"), soft_wrap=True)


def _near(path: Path) -> str:
    """A path as one would type it from here."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _title(trend: TrendTable, signs: Signs) -> Text:
    unit = {"percent": " (%)", "mean": " (gemiddelde)", "count": " (aantal)"}.get(trend.unit, "")
    return Text(_words(trend.label, signs) + unit, style="bold")


def _print_trend(console: Console, trend: TrendTable, signs: Signs) -> None:
    if signs.has_sparks:
        table = _trend_table(trend, signs)
        # A table that does not fit would be cut off in the middle of its figures.
        if console.measure(table, options=console.options.update(width=_UNLIMITED)).maximum <= console.width:
            console.print(table)
            return
    rows = [["", *(str(year) for year in trend.years), ""]]
    columns = _columns(trend, signs)
    for number, line in enumerate(trend.lines):
        figures = [column[number] for column in columns]
        rows.append([_words(line.label, signs), *figures, change_text(line, trend.unit, signs)])
    print_aligned(console, rows, left=(0, len(trend.years) + 1))


def _columns(trend: TrendTable, signs: Signs) -> list[list[str]]:
    return [
        column_texts([line.cells.get(year) for line in trend.lines], trend.unit, signs)
        for year in trend.years
    ]


def _trend_table(trend: TrendTable, signs: Signs) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    for year in trend.years:
        table.add_column(str(year), justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, style="cyan")
    table.add_column("", no_wrap=True)
    columns = _columns(trend, signs)
    for number, line in enumerate(trend.lines):
        cells = [line.cells.get(year) for year in trend.years]
        values = [cell.estimate if cell else None for cell in cells]
        breaks = [bool(cell and cell.starts_segment) for cell in cells]
        table.add_row(
            Text(line.label),
            *(_styled(cell, column[number]) for cell, column in zip(cells, columns, strict=True)),
            sparkline(values, breaks),
            Text(change_text(line, trend.unit, signs), style="dim"),
            style="bold" if number == 0 else "",
        )
    return table


def _styled(cell: TrendCell | None, shown: str) -> Text:
    # rich strips plain spaces at the end of a cell, which are what keeps the figures aligned.
    return Text(shown.replace(" ", "\u00a0"), style="dim" if cell is None or cell.estimate is None else "")


def _print_legend(console: Console, trends: tuple[TrendTable, ...], signs: Signs) -> None:
    line = ""
    for part in _legend(trends, signs):
        if line and len(line) + len(part) + 3 > console.width:
            console.print(Text(line, style="dim"), soft_wrap=True)
            line = ""
        line += f"   {part}" if line else part
    console.print(Text(line, style="dim"), soft_wrap=True)


def _legend(trends: tuple[TrendTable, ...], signs: Signs) -> list[str]:
    """What the signs mean, of those that were used."""
    parts = [f"{signs.gap} niet gevraagd of niet bekend"]
    cells = [cell for trend in trends for line in trend.lines for cell in line.cells.values()]
    if any(cell.starts_segment for cell in cells):
        parts.append(f"{signs.edge} trendbreuk")
    if any(cell.is_warned and cell.estimate is not None for cell in cells):
        parts.append("[b] anders gemeten dan de vorige keer")
    if any(cell.change_direction == "stable" for cell in cells):
        parts.append(f"{signs.stable} geen aantoonbare verandering")
    if any(cell.estimate is None and "c" in cell.marker for cell in cells):
        parts.append("[c] vertrouwelijk")
    if any(cell.is_flagged or (cell.estimate is None and "u" in cell.marker) for cell in cells):
        parts.append("[u] onbetrouwbaar")
    return parts


def _print_quality(console: Console, summary: ReleaseSummary, signs: Signs) -> None:
    line = Text("checks: ")
    line.append(f"{summary.checks_passed} passed", style="green")
    line.append(f", {len(summary.flagged)} flagged", style="yellow" if summary.flagged else "")
    console.print(line, soft_wrap=True)
    for flag in summary.flagged:
        told = f"  ! {flag.asset} {flag.check}: {flag.observed} (owner {flag.owner}, until {flag.expires_on})"
        console.print(Text(_words(told, signs), style="yellow"), soft_wrap=True)
    if summary.reconciled is not None:
        met, of_all, hidden = summary.reconciled
        not_shown = f", {hidden} of them with a figure that may not be shown" if hidden else ""
        console.print(
            Text("reconciliation: ").append(
                f"{met} of {of_all} published figures met{not_shown}",
                style="green" if met == of_all else "yellow",
            ),
            soft_wrap=True,
        )


def _print_steps(console: Console, steps: Mapping[str, float], signs: Signs) -> None:
    longest = max(steps.values()) or 1.0
    rows = [
        [_words(name, signs), f"{seconds:.1f} s", signs.bar * round(seconds / longest * _BAR_WIDTH)]
        for name, seconds in steps.items()
    ]
    rows.append(["total", f"{sum(steps.values()):.1f} s", ""])
    print_aligned(console, rows, left=(0, 2))


def _number(value: float, unit: str, signs: Signs) -> str:
    # Half away from zero, as a reader rounds; Python's own rounding would show 26.5 as 26.
    digits = 0 if unit in ("percent", "count") else 2
    scaled = abs(value) * 10**digits
    whole = int(scaled + 0.5 + 1e-9)
    shown = f"{whole / 10**digits:.{digits}f}".replace(".", ",")
    return f"{signs.minus}{shown}" if value < 0 and whole else shown


def _words(text: str, signs: Signs) -> str:
    if signs is RICH:
        return text
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN_PUNCTUATION))
    return plain.encode("ascii", "ignore").decode("ascii")
