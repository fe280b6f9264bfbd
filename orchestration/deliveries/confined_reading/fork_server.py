"""The program's side of the zygote: starts it on first use, hands files over, ends it with the program."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestration.deliveries.confined_reading.exchange import (
    Ending,
    Outcome,
    Request,
    exchange_file,
    read_all,
    write_task,
)
from orchestration.deliveries.confined_reading.limits import FileLimits
from orchestration.deliveries.confined_reading.wire import WireFault, read_result

PACKAGE_ROOT = Path(__file__).resolve().parents[3]
ZYGOTE = "orchestration.deliveries.confined_reading.zygote"
INHERITED = ("LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
"""All that a reader needs of the environment; keys and passwords in it are none of its business."""
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""Only a process with one thread can be forked safely."""
LOADING_SECONDS = 120.0
"""What the program waits on top of a file's own limit, for a zygote that is still loading the readers."""
LEAVING_SECONDS = 5.0
ATTEMPTS = 2


class ZygoteLost(Exception):
    """The zygote ended before the file was read; ``exit_code`` as of ``subprocess``."""

    def __init__(self, exit_code: int | None) -> None:
        self.exit_code = exit_code
        super().__init__(exit_code)


class ForkServer:
    """One zygote for this process, whichever threads ask; a forked copy of this process starts its own."""

    def __init__(self, module: str = ZYGOTE) -> None:
        self._module = module
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the zygote, when one was started."""
        return self._process.pid if self._process is not None else None

    def run(
        self, task: dict[str, Any], files: Sequence[int], limits: FileLimits
    ) -> tuple[Outcome | WireFault | None, Ending]:
        """Have ``task`` done on opened files in a process of its own; its outcome, and how it ended.

        The outcome is ``None`` where the process ended without one. Raises ``ZygoteLost`` when no zygote stays
        alive long enough.
        """
        for attempt in range(ATTEMPTS):
            exchange = exchange_file()
            try:
                ending = self._ending(task, exchange, files, limits)
                return (self._outcome(exchange, limits) if ending.exit_code == 0 else None), ending
            except ZygoteLost:
                # The system may have ended it for want of memory, on account of another file.
                if attempt == ATTEMPTS - 1:
                    raise
            finally:
                os.close(exchange)
        raise AssertionError

    def stop(self) -> None:
        """End the zygote and whatever it reads at the moment."""
        with self._lock:
            process, control = self._process, self._control
            self._process = self._control = None
        if control is not None:
            control.close()
        if process is not None:
            try:
                process.wait(LEAVING_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def forget(self) -> None:
        """In a forked copy of the program: the zygote is the other one's."""
        if self._control is not None:
            with contextlib.suppress(OSError):
                self._control.close()
        if self._process is not None:
            self._process.returncode = 0  # nothing to wait for, and nothing to warn of
        self.__init__(self._module)

    def _ending(
        self, task: dict[str, Any], exchange: int, files: Sequence[int], limits: FileLimits
    ) -> Ending:
        request = Request(write_task(exchange, task), limits.memory, limits.cpu, limits.wall)
        process, control = self._started()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # Closing our end, however this is left, has the zygote end the process.
        with ours:
            with theirs:
                try:
                    socket.send_fds(control, [request.encoded()], [theirs.fileno(), exchange, *files])
                except OSError:
                    raise self._lost(process) from None
            # What it takes to understand the result is loaded meanwhile.
            import pandas  # noqa: F401

            ours.settimeout(limits.wall + LOADING_SECONDS)
            try:
                message = ours.recv(4096)
            except TimeoutError:
                process.kill()
                raise self._lost(process) from None
            except OSError:
                message = b""
        if not message:
            raise self._lost(process)
        return Ending(**json.loads(message))

    def _outcome(self, exchange: int, limits: FileLimits) -> Outcome | WireFault:
        data = read_all(exchange, limits.memory)
        if data is None:
            return WireFault("more was written than may be")
        try:
            return read_result(data, Outcome)
        except WireFault as fault:
            return fault

    def _started(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        with self._lock:
            if self._process is None or self._control is None or self._process.poll() is not None:
                if self._control is not None:
                    self._control.close()
                self._process, self._control = _start(self._module)
            return self._process, self._control

    def _lost(self, process: subprocess.Popen[bytes]) -> ZygoteLost:
        try:
            code = process.wait(LEAVING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        return ZygoteLost(code)


def _start(module: str) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    paths = [str(PACKAGE_ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        **ONE_THREAD,
        "LC_ALL": "C.UTF-8",
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-m", module, str(os.getpid())],
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            # A parser may print what it chokes on: answers.
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
            # Ctrl-C is for the program, which then ends what it waits for.
            start_new_session=True,
        )
    return process, ours


SERVER = ForkServer()
atexit.register(SERVER.stop)
os.register_at_fork(after_in_child=SERVER.forget)
