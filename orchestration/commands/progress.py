"""Progress on the screen: a spinner with the time that runs on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

_NAME_WIDTH = 22


class StepEvent(Protocol):
    """What is told about a step: ``status`` is start, success, failure, or item for a part of it."""

    @property
    def step(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def seconds(self) -> float: ...


class StepProgress:
    """Shows the steps of a run as they come; use as a context manager and call it with each event."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        # Until the first step the libraries are imported and the job is put together.
        self._step = "start"
        self._item = ""
        self._items = 0
        self._began = time.perf_counter()

    def __enter__(self) -> StepProgress:
        if self._console.is_terminal:
            self._live = Live(
                console=self._console,
                get_renderable=self._running,
                refresh_per_second=8,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def __call__(self, event: StepEvent) -> None:
        """Take one event; anything that is not known is ignored."""
        try:
            self._show(event)
        except BrokenPipeError:
            # Who was reading (`| head`) went away. The run goes on: nobody asked it to stop.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _show(self, event: StepEvent) -> None:
        if event.status == "start":
            self._step, self._item, self._items, self._began = event.step, "", 0, time.perf_counter()
            if self._live is None:
                self._console.print(f"{event.step} ...", markup=False, highlight=False)
        elif event.status == "item":
            self._item, self._items = event.name, self._items + 1
        elif event.status in ("success", "failure"):
            self._finish(event)

    def _finish(self, event: StepEvent) -> None:
        done = event.status == "success"
        parts = f"  ({self._items} parts)" if event.step == self._step and self._items > 1 else ""
        self._step = ""
        if self._live is None:
            word = "done" if done else "FAILED"
            self._console.print(
                f"{event.step} {word} in {event.seconds:.1f} s{parts}", markup=False, highlight=False
            )
            return
        line = Text("✓ " if done else "✗ ", style="green" if done else "bold red")
        line.append(f"{event.step:<{_NAME_WIDTH}}", style="default")
        line.append(f"{event.seconds:6.1f} s", style="dim")
        line.append(parts, style="dim")
        self._console.print(line)

    def _running(self) -> Table:
        grid = Table.grid(padding=(0, 1))
        if self._step:
            text = Text(f"{self._step:<{_NAME_WIDTH}}")
            text.append(f"{time.perf_counter() - self._began:6.1f} s", style="dim")
            text.append(f"  {self._item}", style="dim")
            text.no_wrap, text.overflow = True, "ellipsis"
            grid.add_row(Spinner("dots", style="cyan"), text)
        return grid
