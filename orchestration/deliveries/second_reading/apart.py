"""A second reading in a process of its own, as the first has: a crash or a bomb is an error of that delivery.

What comes back is JSON: nothing that a damaged process sends is ever run.
"""

from __future__ import annotations

import json
import os
import select
import signal
from collections.abc import Callable
from threading import Thread
from typing import Any, NoReturn

from orchestration.deliveries.confined_reading.exchange import Request
from orchestration.deliveries.confined_reading.limits import FileLimits
from orchestration.deliveries.confined_reading.reading_process import OUT_OF_MEMORY, confine
from orchestration.deliveries.second_reading.second_table import CannotReadAgain

PRELOADED = "orchestration.deliveries.second_reading.reading_again"
MOST_BYTES = 1 << 26
"""Of an answer: counts, names and labels of the variables that differ."""


def apart(work: Callable[..., Any], *arguments: Any, limits: FileLimits) -> Any:
    """``work(*arguments)``, a function of a module whose result is JSON, done by another process.

    Programs that the work starts have the same limits. Raises ``CannotReadAgain``: that of the work, and when the
    process did not live to tell.
    """
    from multiprocessing import get_context

    context = get_context("forkserver")
    context.set_forkserver_preload([PRELOADED])
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(sender, work, arguments, limits), daemon=True)
    process.start()
    sender.close()
    try:
        if not receiver.poll(limits.wall):
            raise CannotReadAgain(f"it was not read within {limits.wall:.0f} seconds")
        told = json.loads(receiver.recv_bytes(MOST_BYTES))
    except (EOFError, OSError, ValueError):
        process.join(limits.wall)
        raise _ended(process.exitcode, limits) from None
    finally:
        receiver.close()
        if process.is_alive():
            process.join(1)
        if process.is_alive():
            process.kill()
            process.join()
    if "refused" in told:
        raise CannotReadAgain(str(told["refused"]))
    if "exception" in told:
        raise CannotReadAgain(f"it stopped the reader with {told['exception']}")
    return told["result"]


def _ended(exit_code: int | None, limits: FileLimits) -> CannotReadAgain:
    if exit_code == -signal.SIGXCPU:
        return CannotReadAgain(f"it was not read within {limits.cpu} seconds of computing")
    if exit_code in (OUT_OF_MEMORY, -signal.SIGKILL):
        return CannotReadAgain(f"it takes more than {limits.memory >> 20} MB to read")
    return CannotReadAgain("it crashes the reader")


def _leave_with_the_asker(descriptor: int) -> None:
    """End this process when nobody listens to it any more. Its parent is the fork server, which lives on: a signal at
    the end of the parent would never come."""
    listening = select.poll()
    listening.register(descriptor, select.POLLERR)
    listening.poll()
    os._exit(1)


def _work(sender: Any, work: Callable[..., Any], arguments: tuple[Any, ...], limits: FileLimits) -> NoReturn:
    code = 0
    try:
        Thread(target=_leave_with_the_asker, args=(sender.fileno(),), daemon=True).start()
        confine(Request(0, limits.memory, limits.cpu, limits.wall))
        try:
            told = {"result": work(*arguments)}
        except CannotReadAgain as said:
            told = {"refused": str(said)}
        except MemoryError:
            raise
        except Exception as error:
            # Its text may hold answers.
            told = {"exception": type(error).__name__}
        sender.send_bytes(json.dumps(told).encode())
    except MemoryError:
        code = OUT_OF_MEMORY
    except BaseException:
        code = 1
    os._exit(code)
