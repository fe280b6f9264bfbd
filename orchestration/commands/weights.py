"""``peilstok weights``: how much the weights vary, and what recalibrating them would change."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from orchestration.publication.aligned import print_aligned
from orchestration.settings import Settings
from orchestration.warehouse.weighting_report import Row, WeightingReport, read_report

NO_MOVE = 0.0005
"""An estimate that moves less than this, relative to its scale, is not listed: it rounds to no move at all."""


def show_weights(settings: Settings, console: Console, waves: Sequence[str] = ()) -> int:
    """Print the weighting report of ``waves`` (none: all) from the private warehouse; returns the exit code."""
    report = read_report(settings, waves)
    _print_weights(console, report)
    for _, rows in groupby(
        report.margins, key=lambda row: (row["wave_id"], row["instrument_id"], row["concept_id"])
    ):
        _print_margin(console, list(rows))
    if report.effects:
        _print_effects(console, report.effects)
    console.print(
        Text(
            "private: from the warehouse at full precision; estimates use the delivered weight", style="dim"
        ),
        soft_wrap=True,
    )
    return 0


def _print_weights(console: Console, report: WeightingReport) -> None:
    header = ("wave", "instrument", "weight", "n", "sum", "lowest", "highest", "cv", "highest/median")
    header += ("deff", "effective n", "heaviest 1 %", "new/delivered", "at a bound")
    rows = [header]
    for row in report.weights:
        factors = "" if row["factor_min"] is None else f"{row['factor_min']:.3f}-{row['factor_max']:.3f}"
        rows.append(
            (
                str(row["wave_id"]),
                str(row["instrument_id"]),
                str(row["weight_kind"]),
                f"{row['respondents_n']:,}",
                f"{row['weight_sum']:,.0f}",
                f"{row['weight_min']:.3f}",
                f"{row['weight_max']:.3f}",
                f"{row['weight_cv']:.3f}",
                f"{row['largest_over_median'] or 0:.2f}",
                f"{row['kish_design_effect']:.3f}",
                f"{row['effective_n']:,.0f}",
                f"{100 * row['heaviest_hundredth_share']:.1f} %",
                factors,
                "" if row["at_bound_n"] is None else str(row["at_bound_n"]),
            )
        )
    print_aligned(console, rows, left=(0, 1, 2), styles=("dim",))


def _print_margin(console: Console, rows: list[Row]) -> None:
    first = rows[0]
    console.print()
    title = f"{first['wave_id']} {first['instrument_id']}: {first['concept_id']}, shares in percent"
    if first["unanswered_n"]:
        kept = f"{100 * first['unanswered_share']:.1f} % of the weight"
        title += f"; {first['unanswered_n']:,} without an answer keep {kept}"
    console.print(Text(title, style="bold"), soft_wrap=True)
    shares = ("population_share", "unweighted_share", "delivered_share", "recalibrated_share")
    lines = [("", "n", "population", "unweighted", "delivered", "recalibrated")]
    for row in rows:
        shown = ("" if row[name] is None else f"{100 * row[name]:.2f}" for name in shares)
        lines.append((str(row["label_nl"] or row["code"]), f"{row['respondents_n']:,}", *shown))
    print_aligned(console, lines, left=(0,), styles=("dim",))


def _print_effects(console: Console, rows: list[Row]) -> None:
    moved = [row for row in rows if abs(row["difference"]) / _scale_of(row) >= NO_MOVE]
    console.print()
    title = "headline indicators that would move with the recalibrated weight"
    console.print(Text(title if moved else f"no {title}", style="bold"), soft_wrap=True)
    if moved:
        lines = [("wave", "indicator", "population", "delivered", "recalibrated", "difference", "error")]
        for row in moved:
            factor = 100 if row["statistic"] == "proportion" else 1
            error = row["delivered_standard_error"]
            lines.append(
                (
                    str(row["wave_id"]),
                    str(row["indicator_id"]),
                    str(row["population_id"]),
                    f"{factor * row['delivered_estimate']:.1f}",
                    f"{factor * row['recalibrated_estimate']:.1f}",
                    f"{factor * row['difference']:+.2f}",
                    "" if error is None else f"{factor * error:.2f}",
                )
            )
        print_aligned(console, lines, left=(0, 1, 2), styles=("dim",))
    console.print(
        Text(f"{len(rows) - len(moved)} of {len(rows)} move by less than {NO_MOVE:.2%}", style="dim"),
        soft_wrap=True,
    )


def _scale_of(row: Row) -> float:
    """One for a share; the estimate itself for a mean, a total or a ratio."""
    return 1.0 if row["statistic"] == "proportion" else abs(row["delivered_estimate"]) or 1.0
