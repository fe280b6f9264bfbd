"""``peilstok trace``: where a published cell comes from, and what becomes of a delivered variable."""

from __future__ import annotations

import json

from rich.console import Console
from rich.text import Text

from orchestration.lineage.address import CELL_FORM, parse_cell, parse_source
from orchestration.lineage.backward import trace_cell
from orchestration.lineage.cell_tree import cell_tree
from orchestration.lineage.forward import trace_source
from orchestration.lineage.release_reader import Unknown, open_release
from orchestration.lineage.source_tree import source_tree
from orchestration.registry import Registry, load_registry
from orchestration.settings import Settings

UNLIMITED = 10_000


def trace(
    settings: Settings,
    console: Console,
    cell: str | None,
    source: str | None,
    release: str | None = None,
    with_all: bool = False,
    as_json: bool = False,
) -> int:
    """Print the trace of one cell, or of one variable; returns the exit code.

    Raises ``Unknown`` (exit code 2) for a name that is not known, or when not exactly one of both is asked.
    """
    if (cell is None) == (source is None):
        raise Unknown(f"name one cell ({CELL_FORM}), or one variable with --from")
    registry = _registry(settings)
    with open_release(settings, release) as reader:
        if cell is not None:
            told = trace_cell(settings, reader, registry, parse_cell(cell))
            tree = cell_tree
        else:
            told = trace_source(settings, reader, registry, parse_source(str(source)))
            tree = source_tree
    if as_json:
        # Not through the console: that would break lines where a screen ends.
        console.file.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
        return 0
    if not console.is_terminal:
        # A log or a pipe has no width: lines are left whole.
        console.width = UNLIMITED
    console.print(tree(told, with_all))
    for gap in told["not_shown"]:
        console.print(Text(f"not shown: {gap}", style="dim"), soft_wrap=True)
    return 0


def _registry(settings: Settings) -> Registry | None:
    from orchestration.deliveries import DeliveryProblems

    try:
        return load_registry(settings.registry)
    except DeliveryProblems:
        # A release can be read without the registry that it was made from; the trace says what it then lacks.
        return None
