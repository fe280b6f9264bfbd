"""``peilstok access-log``: who read answers of respondents, and when."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from orchestration.commands.choice import WrongUse
from orchestration.settings import Settings


def show_accesses(settings: Settings, console: Console, waves: Sequence[str] = ()) -> int:
    """Print each reading, oldest first, or those of the named waves; returns the exit code.

    A reading of all of landing is one of every wave.
    """
    from orchestration.deliveries.access_log import SHOWN, read_accesses
    from orchestration.registry import load_registry

    accesses, damaged = read_accesses(settings.home)
    known = set(load_registry(settings.registry).waves) | {wave for row in accesses for wave in row.waves}
    for wave in waves:
        if wave not in known:
            raise WrongUse(
                f"wave {wave!r} is not in the registry; known: {', '.join(sorted(known)) or 'none'}"
            )
    shown = [row for row in accesses if not waves or not row.waves or set(waves) & set(row.waves)]
    for row in shown:
        told = ", ".join(row.waves) or "all waves"
        line = f"{row.time}  {row.user:<12} {row.command:<20} {row.purpose:<14} {told}  ({', '.join(row.tables)})"
        console.print(Text(line), soft_wrap=True)
    if damaged:
        console.print(Text(f"{damaged} lines of {SHOWN} cannot be understood", style="yellow"))
    if not shown and not damaged:
        console.print(Text("no reading is logged"))
    return 0
