"""The process that has the readers loaded and forks once per file: ``python -m`` this module, never by hand.

It is started by ``fork_server``, has one thread, holds no data and reads no file itself. Its standard input is a
socket on which files are handed over; it ends, and everything that it forked, when that socket or its parent does.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass

from orchestration.deliveries.confined_reading.exchange import Ending, Request
from orchestration.deliveries.confined_reading.reading_process import LIBC, die_with, read_and_leave

LOADED = (
    "charset_normalizer",
    "ftfy.badness",
    "numpy",
    "pandas",
    "pyarrow",
    "pyarrow.pandas_compat",
    "pyreadstat",
    "openpyxl.reader.excel",
    "openpyxl.chartsheet",
    "orchestration.deliveries.codebook",
    "orchestration.deliveries.confined_reading.wire",
    "orchestration.deliveries.manifest",
    "orchestration.deliveries.readers",
)
CANNOT_LOAD = 3
LOOK_UP_SECONDS = 1.0
"""How often it sees for itself whether its parent lives: a process that the parent forked may hold the socket."""
MOST_DESCRIPTORS = 16
CLONE_NEWNET = 0x40000000


@dataclass
class Reading:
    """A process that reads a file, and the socket on which somebody waits for its end."""

    pid: int
    handle: int
    status: socket.socket
    deadline: float
    is_timeout: bool = False

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


class Zygote:
    """Serves requests on ``control`` until its other end is closed."""

    def __init__(self, control: socket.socket, parent: int) -> None:
        self.control, self.parent = control, parent
        self.readings: dict[int, Reading] = {}
        """By the descriptor of the process and by that of its status socket."""

    def serve(self) -> None:
        while self._parent_lives():
            for descriptor in self._ready():
                if descriptor == self.control.fileno():
                    if not self._accept():
                        return
                elif descriptor in self.readings:
                    self._look_at(descriptor)
            self._end_overdue()

    def end_all(self) -> None:
        for reading in self.readings.values():
            reading.kill()

    def _parent_lives(self) -> bool:
        return os.getppid() == self.parent

    def _ready(self) -> list[int]:
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        for descriptor in self.readings:
            poll.register(descriptor, select.POLLIN)
        now = time.monotonic()
        waits = [reading.deadline - now for reading in self.readings.values() if not reading.is_timeout]
        return [found for found, _ in poll.poll(1000 * max(0.0, min([LOOK_UP_SECONDS, *waits])))]

    def _accept(self) -> bool:
        """Fork for one request; false when there will be no other."""
        message, descriptors, flags, _ = socket.recv_fds(self.control, 4096, MOST_DESCRIPTORS)
        if not message:
            return False
        if flags & socket.MSG_CTRUNC or len(descriptors) < 2:
            for descriptor in descriptors:
                os.close(descriptor)
            return True
        request = Request(**json.loads(message))
        status, exchange, *files = descriptors
        zygote = os.getpid()
        pid = os.fork()
        if pid == 0:
            die_with(zygote)
            self._let_go_of_the_rest(keep={exchange, *files})
            read_and_leave(request, exchange, files)
        for descriptor in (exchange, *files):
            os.close(descriptor)
        reading = Reading(
            pid, os.pidfd_open(pid), socket.socket(fileno=status), time.monotonic() + request.wall
        )
        self.readings[reading.handle] = self.readings[status] = reading
        return True

    def _let_go_of_the_rest(self, keep: set[int]) -> None:
        """In a new process: close what belongs to the zygote and to other files; stdin becomes /dev/null."""
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2 and int(name) not in keep:
                with contextlib.suppress(OSError):
                    os.close(int(name))

    def _look_at(self, descriptor: int) -> None:
        reading = self.readings[descriptor]
        if descriptor != reading.handle:
            # Nobody writes on a status socket from the other side: that it is readable means that it is closed.
            reading.kill()
            del self.readings[descriptor]
            return
        _, wait_status, usage = os.wait4(reading.pid, 0)
        ending = Ending(
            os.waitstatus_to_exitcode(wait_status),
            reading.is_timeout,
            usage.ru_maxrss * 1024,
            usage.ru_utime + usage.ru_stime,
        )
        self.readings.pop(descriptor)
        self.readings.pop(reading.status.fileno(), None)
        os.close(reading.handle)
        with contextlib.suppress(OSError), reading.status:
            reading.status.send(ending.encoded(), socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT)

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for reading in self.readings.values():
            if reading.deadline <= now and not reading.is_timeout:
                reading.is_timeout = True
                reading.kill()


def main() -> int:
    parent = int(sys.argv[1])
    try:
        for name in LOADED:
            importlib.import_module(name)
    except ImportError:
        return CANNOT_LOAD
    # Readers need no network. Where the system does not allow giving it up, there is no harm in keeping it.
    with contextlib.suppress(AttributeError, OSError):
        LIBC.unshare(CLONE_NEWNET)
    # Pages that the collector never touches stay shared with every process that is forked.
    gc.collect()
    gc.freeze()
    zygote = Zygote(socket.socket(fileno=os.dup(0)), parent)
    try:
        zygote.serve()
    finally:
        zygote.end_all()
    return 0


if __name__ == "__main__":
    sys.exit(main())
