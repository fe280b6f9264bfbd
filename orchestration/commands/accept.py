"""``peilstok accept``: proposed rows of a wave, looked at by a person, begin to count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from orchestration.commands.choice import WrongUse
from orchestration.deliveries.problems import DeliveryProblems, closest, raise_when_any
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.registry import Registry
    from orchestration.registry.declaration import Table
    from orchestration.registry.load import Row


@dataclass(frozen=True)
class Choice:
    """Which proposed rows are meant. ``variables``: names, with the instrument and a slash before it where several
    questionnaires have one. ``is_sure``: those that score as high as ``proposal_rules`` calls sure."""

    tables: Sequence[str] = ()
    variables: Sequence[str] = ()
    is_sure: bool = False
    is_all: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.tables or self.variables or self.is_sure or self.is_all)


def accept(
    settings: Settings,
    console: Console,
    wave: str,
    choice: Choice,
    dry_run: bool = False,
    with_all: bool = False,
) -> int:
    """Set the chosen rows of ``wave`` to accepted, and say what still waits; returns the exit code.

    Without a choice it only shows what waits; ``with_all`` shows every row of it. Exit code 1: rows that were
    chosen are not finished. Raises ``DeliveryProblems`` when the registry is not in order as it is.
    """
    from orchestration.commands.accept_showing import count, print_waiting
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
        print_waiting(console, registry, wave, sure, with_all)
        return 0

    def is_chosen(table: Table, row: Row) -> bool:
        return (
            choice.is_all
            or table.name in choice.tables
            or bool(_names(row) & set(choice.variables))
            or (choice.is_sure and bool(row.get("score")) and float(row["score"]) >= sure)
        )

    found = accept_rows(settings.registry, wave, is_chosen)
    if found.contents and not dry_run:
        replace_files(settings.registry, found.contents)
    for name, number in Counter(table.name for table, _ in found.taken).items():
        console.print(Text(f"  {number:>5}  {name}"), soft_wrap=True)
    verb = "would be accepted" if dry_run else "accepted"
    console.print(Text(f"{count(found.taken)} of {wave} {verb}", style="bold"))
    for problem in found.left:
        console.print(Text(str(problem)), soft_wrap=True)
    if not dry_run:
        print_waiting(console, load_registry(settings.registry), wave, sure, with_all)
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
    instruments: dict[str, set[str]] = {}
    for _, row in waiting:
        for name in _names(row):
            instruments.setdefault(name, set()).add(row["instrument_id"])
    for name in choice.variables:
        if name not in instruments:
            raise WrongUse(f"no row about variable '{name}' waits{closest(name, instruments)}")
        if len(instruments[name]) > 1:
            ways = ", ".join(f"--variable {one}/{name}" for one in sorted(instruments[name]))
            raise WrongUse(f"'{name}' is another question in each questionnaire; say which: {ways}")


def _names(row: Row) -> set[str]:
    """What a person may call the variable of a row: its name, and its name after that of the instrument."""
    name = row.get("source_variable")
    return {name, f"{row['instrument_id']}/{name}"} if name else set()
