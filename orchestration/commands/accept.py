"""``peilstok accept``: proposed rows of a wave, looked at by a person, begin to count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from orchestration.commands.choice import WrongUse
from orchestration.deliveries.problems import DeliveryProblems, closest, printable, raise_when_any
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.registry import Registry
    from orchestration.registry.declaration import Table
    from orchestration.registry.load import Row

ROWS_SHOWN = 20


@dataclass(frozen=True)
class Choice:
    """Which proposed rows are meant. ``is_sure``: those that score as high as ``proposal_rules`` calls sure."""

    tables: Sequence[str] = ()
    variables: Sequence[str] = ()
    is_sure: bool = False
    is_all: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.tables or self.variables or self.is_sure or self.is_all)


def accept(settings: Settings, console: Console, wave: str, choice: Choice, dry_run: bool = False) -> int:
    """Set the chosen rows of ``wave`` to accepted, and say what still waits; returns the exit code.

    Without a choice it only shows what waits. Exit code 1: rows that were chosen are not finished. Raises
    ``DeliveryProblems`` when the registry is not in order as it is.
    """
    from orchestration.registry import load_registry, validate_registry
    from orchestration.registry.acceptance import proposed_rows
    from orchestration.registry.accepting import accept_rows
    from orchestration.registry.proposals.rules import rules_of
    from orchestration.registry.replacing import replace_files

    registry = load_registry(settings.registry)
    raise_when_any(validate_registry(registry))
    waiting = [(table, row) for table, _, row in proposed_rows(registry, wave)]
    sure = rules_of(registry).sure
    _check(registry, wave, waiting, choice)
    if choice.is_empty or not waiting:
        _print_waiting(console, wave, waiting, sure)
        return 0

    def is_chosen(table: Table, row: Row) -> bool:
        return (
            choice.is_all
            or table.name in choice.tables
            or row.get("source_variable") in choice.variables
            or (choice.is_sure and bool(row.get("score")) and float(row["score"]) >= sure)
        )

    found = accept_rows(settings.registry, wave, is_chosen)
    if found.contents and not dry_run:
        replace_files(settings.registry, found.contents)
    for name, count in Counter(table.name for table, _ in found.taken).items():
        console.print(Text(f"  {count:>5}  {name}"), soft_wrap=True)
    verb = "would be accepted" if dry_run else "accepted"
    console.print(Text(f"{_count(found.taken)} of {wave} {verb}", style="bold"))
    for problem in found.left:
        console.print(Text(str(problem)), soft_wrap=True)
    if not dry_run:
        rest = proposed_rows(load_registry(settings.registry), wave)
        _print_waiting(console, wave, [(table, row) for table, _, row in rest], sure)
    return DeliveryProblems(found.left).exit_code if found.left else 0


def _check(registry: Registry, wave: str, waiting: list[tuple[Table, Row]], choice: Choice) -> None:
    from orchestration.registry.acceptance import wave_column
    from orchestration.registry.schema import TABLES

    known = {row["wave_id"] for row in registry.table("waves")}
    if wave not in known:
        raise WrongUse(f"the registry knows no wave '{wave}'{closest(wave, known)}")
    of_waves = [name for name, table in TABLES.items() if wave_column(table) and table.status_column]
    for name in choice.tables:
        if name not in of_waves:
            raise WrongUse(f"rows of '{name}' are never proposed; tables of a wave are {', '.join(of_waves)}")
    variables = {row["source_variable"] for _, row in waiting if "source_variable" in row}
    for name in choice.variables:
        if name not in variables:
            raise WrongUse(f"no row about variable '{name}' waits{closest(name, variables)}")


def _print_waiting(console: Console, wave: str, waiting: list[tuple[Table, Row]], sure: float) -> None:
    if not waiting:
        console.print(Text(f"nothing of {wave} waits for a person", style="bold green"))
        return
    console.print(Text(f"{_count(waiting)} of {wave} still proposed", style="bold"))
    by_table: dict[str, list[Row]] = {}
    for table, row in waiting:
        by_table.setdefault(table.name, []).append(row)
    for name, rows in by_table.items():
        certain = sum(1 for row in rows if row.get("score") and float(row["score"]) >= sure)
        console.print(Text(f"  {len(rows):>5}  {name}" + (f", {certain} of them sure" if certain else "")))
    doubtful = sorted(
        ((table, row) for table, row in waiting if row.get("score") and float(row["score"]) < sure),
        key=lambda waits: float(waits[1]["score"]),
    )
    for table, row in doubtful[:ROWS_SHOWN]:
        told = printable(f"  {float(row['score']):.2f}  {_told(table, row)}")
        console.print(Text(told, style="yellow"), soft_wrap=True)
    if len(doubtful) > ROWS_SHOWN:
        console.print(Text(f"  and {len(doubtful) - ROWS_SHOWN} more below {sure:g}", style="yellow"))
    console.print(
        Text(
            f"accept them with `peilstok accept {wave}` and --sure, --variable NAME, --table NAME or --all; or set "
            "their status in a spreadsheet"
        ),
        soft_wrap=True,
    )


def _count(rows: Sequence[object]) -> str:
    return f"{len(rows)} row{'' if len(rows) == 1 else 's'}"


def _told(table: Table, row: Row) -> str:
    if not row.get("source_variable"):
        what = {"not_asked": "not asked", "impossible": "asked in another form"}.get(
            row.get("verb"), table.name
        )
        return f"{row.get('concept_id', '')}  ({what})"
    code = f" {row['source_code']}" if row.get("source_code") else ""
    becomes = row.get("concept_id") or row.get("code") or row.get("missing_kind") or "?"
    return f"{row['source_variable']}{code} '{row.get('source_label', '')}' → {becomes}"
