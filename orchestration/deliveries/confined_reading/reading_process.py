"""The process that reads one file: takes its limits upon itself, reads, writes the outcome and is gone."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
from typing import Any, NoReturn

from orchestration.deliveries.confined_reading.exchange import Outcome, Request, TableSize
from orchestration.deliveries.confined_reading.opened import OpenedFolder
from orchestration.deliveries.confined_reading.wire import write_result
from orchestration.deliveries.problems import DeliveryProblems

OUT_OF_MEMORY = 77
"""Exit code of a process that met its limit on memory and could still say so."""
MAPPED_BESIDES = 1 << 30
"""Address space on top of the memory, for libraries that are loaded on first use; it costs nothing."""
OPEN_FILES = 64
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
LIBC = ctypes.CDLL(None)


def die_with(parent: int) -> None:
    """Have the system end this process when ``parent``, which has one thread, ends; leave when it has already."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def read_and_leave(request: Request, exchange: int, files: list[int]) -> NoReturn:
    """Do the task that stands in ``exchange`` on the opened ``files``, leave the outcome there, and exit."""
    try:
        task = json.loads(os.pread(exchange, request.length, 0))
        os.ftruncate(exchange, 0)
        confine(request)
        _write(exchange, _done(task, files))
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    except BaseException:
        code = 1
    os._exit(code)


def confine(request: Request) -> None:
    """Limits on what is used from here on; the readers, which are loaded already, come on top."""
    page = resource.getpagesize()
    with open("/proc/self/statm", "rb") as stream:
        sizes = [int(pages) * page for pages in stream.read().split()]
    address_space, data = sizes[0], sizes[5]
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = int(used.ru_utime + used.ru_stime) + request.cpu
    # At the hard limit the system kills without saying why; the soft one, a little before, has a signal of its own.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, data + request.memory),
        (resource.RLIMIT_AS, address_space + request.memory + MAPPED_BESIDES),
        (resource.RLIMIT_FSIZE, request.memory),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        # A limit that stands lower already, set by who started the program, stays.
        hard = resource.getrlimit(limit)[1]
        lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (lowest, lowest))
    # A core goes to a program that keeps it, on some systems, whatever the limit: it would hold answers.
    _prctl(PR_SET_DUMPABLE, 0)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def _done(task: dict[str, Any], files: list[int]) -> Outcome:
    try:
        return _do(task, dict(zip(task["paths"], files, strict=True)))
    except DeliveryProblems as found:
        return Outcome(problems=found.problems)
    except MemoryError:
        raise
    except BaseException as error:
        return Outcome(exception=_type_of(error))


def _do(task: dict[str, Any], descriptors: dict[str, int]) -> Outcome:
    folder: Any = OpenedFolder(descriptors)
    if task["name"] == "codebook_size":
        from orchestration.deliveries.codebook import codebook_size

        return Outcome(size=TableSize(*codebook_size(folder / task["paths"][0], task["encoding"])))
    from orchestration.deliveries.manifest import DeliveredFile
    from orchestration.deliveries.readers import read_source

    return Outcome(table=read_source(folder, DeliveredFile.model_validate(task["entry"])))


def _write(exchange: int, outcome: Outcome) -> None:
    try:
        write_result(exchange, outcome)
    except MemoryError:
        raise
    except OSError:
        raise MemoryError from None  # the result is larger than the limit on the size of a file
    except Exception as error:
        write_result(exchange, Outcome(exception=_type_of(error)))


def _type_of(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


def _prctl(option: int, value: int) -> None:
    # Where the C library lacks it, the limits and the end of the pipe still hold.
    with contextlib.suppress(AttributeError, OSError):
        LIBC.prctl(option, value, 0, 0, 0)
