"""Reading a delivered file in a process of its own, with limits on memory and time.

A parser that crashes, hangs or unfolds a bomb is a problem of that delivery, never the end of the run.
"""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

from orchestration.deliveries.confined_reading.exchange import Ending, Outcome
from orchestration.deliveries.confined_reading.fork_server import SERVER, ZygoteLost
from orchestration.deliveries.confined_reading.limits import FileLimits, ReadingLimits, default_limits
from orchestration.deliveries.confined_reading.opened import opened_inside
from orchestration.deliveries.confined_reading.reading_process import OUT_OF_MEMORY
from orchestration.deliveries.confined_reading.wire import WireFault
from orchestration.deliveries.file_faults import unreadable
from orchestration.deliveries.manifest import DeliveredFile
from orchestration.deliveries.problems import DeliveryProblems
from orchestration.deliveries.source_table import SourceTable

__all__ = ["ReadingLimits", "codebook_size", "default_limits", "read_source"]

ASK_AGAIN = "ask the supplier for the file again, saved anew by the program that it comes from"


def read_source(folder: Path, entry: DeliveredFile, limits: ReadingLimits | None = None) -> SourceTable:
    """Read the file of a manifest entry as ``readers.read_source`` does, in a process with ``limits``.

    Safe to call from several threads. Raises ``DeliveryProblems``: those of the reader, and (exit code 2)
    ``reader_crashed``, ``reader_out_of_memory`` or ``reader_timeout`` when the process did not live to tell.
    """
    paths = [entry.path, *([entry.codebook_path] if entry.codebook_path else [])]
    task = {"name": "read_source", "entry": entry.model_dump(mode="json"), "paths": paths}
    outcome = _read(folder, task, limits)
    if outcome.table is None:
        raise _crashed(folder / entry.path, "what it wrote is no table")
    return outcome.table


def codebook_size(
    folder: Path, path: str, encoding: str | None, limits: ReadingLimits | None = None
) -> tuple[int, int]:
    """Rows and columns of a CSV codebook, counted in a process with ``limits``; raises as ``read_source``."""
    outcome = _read(folder, {"name": "codebook_size", "encoding": encoding, "paths": [path]}, limits)
    if outcome.size is None:
        raise _crashed(folder / path, "what it wrote is no count")
    return outcome.size.rows, outcome.size.columns


def _read(folder: Path, task: dict[str, Any], limits: ReadingLimits | None) -> Outcome:
    path = folder / task["paths"][0]
    with ExitStack() as stack:
        files = [stack.enter_context(opened_inside(folder, relative)) for relative in task["paths"]]
        allowed = (limits or default_limits()).for_file(sum(os.fstat(file).st_size for file in files))
        try:
            outcome, ending = SERVER.run(task, files, allowed)
        except ZygoteLost as lost:
            raise _no_reader(path, lost) from None
    if outcome is None:
        _explain(path, ending, allowed)
    if isinstance(outcome, WireFault):
        raise _crashed(path, f"its result is damaged: {outcome}")
    if outcome.problems is not None:
        raise DeliveryProblems(outcome.problems)
    if outcome.exception is not None:
        raise _crashed(path, f"it stopped with {outcome.exception}")
    return outcome


def _explain(path: Path, ending: Ending, allowed: FileLimits) -> NoReturn:
    """Why a reading process ended without a result."""
    if ending.is_timeout or ending.exit_code == -signal.SIGXCPU:
        spent = f"{allowed.wall:.0f} seconds" if ending.is_timeout else f"{allowed.cpu} seconds of computing"
        raise unreadable(
            path,
            "reader_timeout",
            f"was not read within {spent}: it is damaged, or far larger than it looks",
            f"{ASK_AGAIN}; for a file that is right, raise cpu_base in registry/reading_limits.csv",
        )
    # Killed by none of ours: the system does that when memory runs out.
    if ending.exit_code in (OUT_OF_MEMORY, -signal.SIGKILL):
        raise unreadable(
            path,
            "reader_out_of_memory",
            f"takes more than {allowed.memory >> 20} MB to read: it is damaged, or unfolds to far more than it "
            "looks",
            f"{ASK_AGAIN}; for a file that is right, raise memory_base in registry/reading_limits.csv",
        )
    if ending.exit_code < 0:
        raise _crashed(path, f"it was ended by {_signal_name(-ending.exit_code)}")
    raise _crashed(path, "it stopped without a result")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _crashed(path: Path, said: str) -> DeliveryProblems:
    return unreadable(path, "reader_crashed", f"crashes the reader ({said}): it is damaged", ASK_AGAIN)


def _no_reader(path: Path, lost: ZygoteLost) -> DeliveryProblems:
    return unreadable(
        path,
        "reader_unavailable",
        f"cannot be read: the reading process does not start or stay (exit code {lost.exit_code})",
        "see whether the machine has memory to spare and the installation is whole (make warehouse installs it)",
    )
