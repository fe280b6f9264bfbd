"""What ``peilstok accept`` shows of the rows that wait: the least sure first, and changed answer lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from orchestration.deliveries.problems import printable

if TYPE_CHECKING:
    from orchestration.registry import Registry
    from orchestration.registry.declaration import Table
    from orchestration.registry.load import Row

    Waiting = list[tuple[Table, Row]]

ROWS_SHOWN = 20
LEFT_OUT = "xw_left_out"


def print_waiting(console: Console, registry: Registry, wave: str, sure: float, with_all: bool) -> None:
    """How many rows of each table wait, those that need a look, and how to accept them.

    ``with_all``: every one of them, and the variables that are left out with the concept that they are nearest to.
    """
    from orchestration.registry.acceptance import proposed_rows
    from orchestration.registry.proposals.waiting import changed_lists

    waiting = [(table, row) for table, _, row in proposed_rows(registry, wave)]
    if not waiting:
        _line(console, f"nothing of {wave} waits for a person", "bold green")
        return
    _line(console, f"{count(waiting)} of {wave} still proposed", "bold")
    _by_table(console, waiting, sure)
    doubtful = sorted(
        ((table, row) for table, row in waiting if row.get("score") and float(row["score"]) < sure),
        key=lambda waits: float(waits[1]["score"]),
    )
    for table, row in doubtful if with_all else doubtful[:ROWS_SHOWN]:
        _line(console, f"  {_score(row)}  {_told(table, row)}", "yellow")
    if len(doubtful) > ROWS_SHOWN and not with_all:
        _line(
            console,
            f"  and {len(doubtful) - ROWS_SHOWN} more below {sure:g}; --list shows them all",
            "yellow",
        )
    changed = changed_lists(registry, wave)
    if changed:
        _line(console, "an answer more or fewer than then:", "bold")
    for (instrument, name), lines in changed.items():
        _line(console, f"  {instrument}/{name}", "yellow")
        for line in lines:
            _line(console, f"        {line}", "yellow")
    left_out = [row for table, row in waiting if table.name == LEFT_OUT]
    _left_out(console, registry, left_out, with_all)
    _line(
        console,
        f"accept them with `peilstok accept {wave}` and --sure, --variable [INSTRUMENT/]NAME, --table NAME or --all; "
        "or set their status in a spreadsheet",
    )


def count(rows: Sequence[object]) -> str:
    """How many rows, in words."""
    return f"{len(rows)} row{'' if len(rows) == 1 else 's'}"


def _by_table(console: Console, waiting: Waiting, sure: float) -> None:
    by_table: dict[str, list[Row]] = {}
    for table, row in waiting:
        by_table.setdefault(table.name, []).append(row)
    for name, rows in by_table.items():
        certain = sum(1 for row in rows if row.get("score") and float(row["score"]) >= sure)
        _line(console, f"  {len(rows):>5}  {name}" + (f", {certain} of them sure" if certain else ""))


def _left_out(console: Console, registry: Registry, rows: Sequence[Row], with_all: bool) -> None:
    """Variables that are like no earlier one; ``with_all``: every one, the nearest to a concept first."""
    from orchestration.registry.proposals.crosswalk_rows import NEW
    from orchestration.registry.proposals.waiting import nearest_concepts

    new = [row for row in rows if row["reason"].startswith(NEW)]
    if new and not with_all:
        _line(console, "left out, and never asked before (--list shows all that is left out):", "bold")
        for row in new:
            _line(console, f"  {_named(row)}  {row['reason']}", "yellow")
    if rows and with_all:
        _line(console, "left out, with the concept that the text is nearest to:", "bold")
        near = zip(rows, nearest_concepts(registry, rows), strict=True)
        for row, (concepts, likeness) in sorted(near, key=lambda pair: pair[1][1], reverse=True):
            nearest = f"nearest {concepts} ({likeness})" if concepts else "nearest none"
            _line(console, f"  {_named(row)}  {nearest}; {row['reason']}", "yellow" if row in new else "")


def _named(row: Row) -> str:
    return f"{row['instrument_id']}/{row['source_variable']} '{row['source_label']}'"


def _score(row: Row) -> str:
    from orchestration.registry.proposals.crosswalk_rows import two_decimals

    return two_decimals(float(row["score"]))


def _told(table: Table, row: Row) -> str:
    where = f"  ({row['instrument_id']})" if row.get("instrument_id") else ""
    if not row.get("source_variable"):
        what = {"not_asked": "not asked", "impossible": "asked in another form"}.get(
            row.get("verb"), table.name
        )
        return f"{row.get('concept_id', '')}  ({what})"
    code = f" {row['source_code']}" if row.get("source_code") else ""
    becomes = row.get("concept_id") or row.get("code") or row.get("missing_kind") or "?"
    return f"{row['source_variable']}{code} '{row.get('source_label', '')}' → {becomes}{where}"


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(printable(text), style=style), soft_wrap=True)
