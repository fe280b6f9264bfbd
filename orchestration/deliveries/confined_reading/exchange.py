"""What goes between the program, the zygote and the process that reads one file: the forms of the messages."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import Any

from orchestration.deliveries.problems import Problem
from orchestration.deliveries.source_table import SourceTable


@dataclass(frozen=True)
class TableSize:
    """Rows and columns of a codebook, its header left out."""

    rows: int
    columns: int


@dataclass(frozen=True)
class Outcome:
    """What a reading process writes; exactly one of the four is there.

    ``problems``: what the reader says of a file that it refuses. ``exception``: the type of an exception that
    the reader should have turned into a problem; its text may hold answers, so it is never told.
    """

    table: SourceTable | None = None
    size: TableSize | None = None
    problems: list[Problem] | None = None
    exception: str | None = None


@dataclass(frozen=True)
class Request:
    """The message with which a file is handed over; the task itself stands in the exchange file."""

    length: int
    memory: int
    cpu: int
    wall: float

    def encoded(self) -> bytes:
        return json.dumps(asdict(self)).encode("ascii")


@dataclass(frozen=True)
class Ending:
    """How a reading process ended, as the zygote tells once it has reaped it."""

    exit_code: int
    """Negative: the signal that ended it."""
    is_timeout: bool
    memory: int
    """Bytes that it held at most, the readers themselves included."""
    cpu: float

    def encoded(self) -> bytes:
        return json.dumps(asdict(self)).encode("ascii")


def exchange_file() -> int:
    """A file in memory, without a name: the task goes out in it and the result comes back.

    So answers of respondents touch no disk before landing.
    """
    return os.memfd_create("peilstok-reading", os.MFD_CLOEXEC)


def write_task(descriptor: int, task: dict[str, Any]) -> int:
    """Write what is to be done at the beginning of the exchange file; returns its length."""
    data = json.dumps(task).encode("ascii")
    written = 0
    while written < len(data):
        written += os.pwrite(descriptor, data[written:], written)
    return len(data)


def read_all(descriptor: int, most: int) -> bytearray | None:
    """Everything that stands in the file, as it is now; ``None`` when that is more than ``most`` bytes."""
    size = os.fstat(descriptor).st_size
    if size > most:
        return None
    data, at = bytearray(size), 0
    while at < size and (count := os.preadv(descriptor, [memoryview(data)[at : at + (1 << 30)]], at)):
        at += count
    return data
