"""The headline trend as a picture.

``python -m orchestration.publication.trend_picture FILE.png`` draws the first headline of the release that is
current.
"""

from __future__ import annotations

import io
import sys
from itertools import pairwise
from pathlib import Path

from orchestration.publication.headline_trend import TrendCell, TrendLine, TrendTable, read_summary
from orchestration.settings import load_settings

# Told apart in print and by the colour-blind (Okabe and Ito's palette, darkest first).
_COLOURS = ("#0b3c5d", "#d55e00", "#009e73", "#0072b2", "#8c5a9e", "#b8860b", "#56b4e9", "#555555")
_INK, _FAINT, _WARNING = "#22303c", "#8a97a3", "#b3261e"
_LABEL_DISTANCE = 0.045


def draw_trend(trend: TrendTable, is_synthetic: bool) -> bytes:
    """PNG of one indicator: a line per population with its 95 % interval, broken where a segment ends.

    A picture of synthetic figures says so.
    """
    # The object interface, not pyplot: no window system and no state that outlives the step.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 5.2), dpi=120, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    ends = []
    for number, line in enumerate(trend.lines):
        colour = _COLOURS[number % len(_COLOURS)]
        runs = comparable_runs(line)
        for run in runs:
            years = [cell.year for cell in run]
            low = [_or(cell.ci_low, cell.estimate) for cell in run]
            high = [_or(cell.ci_high, cell.estimate) for cell in run]
            if len(run) > 1:
                axes.fill_between(years, low, high, color=colour, alpha=0.13, linewidth=0)
            else:
                axes.vlines(years, low, high, color=colour, alpha=0.3, linewidth=5)
            axes.plot(
                years,
                [cell.estimate for cell in run],
                color=colour, marker="o", markersize=5.5, linewidth=2.2, solid_capstyle="round",
                markeredgecolor="white", markeredgewidth=0.9, zorder=3,
            )  # fmt: skip
        if runs:
            ends.append((runs[-1][-1], line.label, colour))
    _dress(axes, trend)
    _mark_breaks(axes, trend)
    _label_ends(axes, trend, ends)
    foot = "Onderbroken lijn: trendbreuk, niet vergelijkbaar. Band: 95%-betrouwbaarheidsinterval."
    figure.supxlabel(foot, fontsize=8, color=_FAINT, x=0.01, ha="left")
    if is_synthetic:
        axes.set_title("SYNTHETISCH", loc="right", fontsize=10, fontweight="bold", color=_WARNING, pad=14)
    image = io.BytesIO()
    # No program name and date in the file: the same release draws the same bytes.
    figure.savefig(image, format="png", metadata={"Software": None})
    return image.getvalue()


def comparable_runs(line: TrendLine) -> list[list[TrendCell]]:
    """The cells of a line in runs that may be joined: comparable, and none without a figure between them."""
    runs: list[list[TrendCell]] = []
    for year in sorted(line.cells):
        cell = line.cells[year]
        if cell.estimate is None:
            runs.append([])
        elif not runs or cell.starts_segment:
            runs.append([cell])
        else:
            runs[-1].append(cell)
    return [run for run in runs if run]


def _or(value: float | None, otherwise: float | None) -> float | None:
    return otherwise if value is None else value


def _dress(axes, trend: TrendTable) -> None:
    unit = "%" if trend.unit == "percent" else trend.unit
    axes.set_title(f"{trend.label} ({unit})", loc="left", fontsize=13, fontweight="bold", color=_INK, pad=14)
    axes.set_xticks(list(trend.years))
    axes.set_ylim(bottom=0)
    axes.set_xlim(min(trend.years) - 0.5, max(trend.years) + 0.5)
    axes.tick_params(length=0, labelcolor=_INK, labelsize=10)
    axes.grid(axis="y", color="#e4e8ec", linewidth=0.9)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)


def _mark_breaks(axes, trend: TrendTable) -> None:
    """A dotted line where every population starts a segment: the break of the whole series."""
    for before, year in pairwise(trend.years):
        cells = [line.cells[year] for line in trend.lines if year in line.cells]
        if len(cells) > 1 and all(cell.starts_segment for cell in cells):
            place = (before + year) / 2
            axes.axvline(place, color=_FAINT, linewidth=1, linestyle=(0, (2, 3)))
            axes.annotate("trendbreuk", (place, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
                          textcoords="offset points", ha="center", fontsize=8, color=_FAINT)  # fmt: skip


def _label_ends(axes, trend: TrendTable, ends: list[tuple[TrendCell, str, str]]) -> None:
    """Each line's name and last value beside its end, pushed apart where they would touch."""
    top = axes.get_ylim()[1]
    place = float("-inf")
    for cell, label, colour in sorted(ends, key=lambda end: end[0].estimate or 0.0):
        place = max((cell.estimate or 0.0) / top, place + _LABEL_DISTANCE)
        text = f"{label} {int((cell.estimate or 0.0) + 0.5)}"
        axes.annotate(text, (1.0, place), xycoords="axes fraction", xytext=(4, 0), textcoords="offset points",
                      va="center", fontsize=10, color=colour, annotation_clip=False)  # fmt: skip


def main(arguments: list[str]) -> None:
    """Draw the first headline of the current release into the file that is named."""
    summary = read_summary(load_settings().published / "current")
    Path(arguments[0]).write_bytes(draw_trend(summary.trends[0], summary.manifest.is_synthetic))


if __name__ == "__main__":
    main(sys.argv[1:])
