"""A zygote whose reader does what the file says: how parsers crash, hang, eat memory and lie, on demand."""

from __future__ import annotations

import ctypes
import os
import sys
import time

from orchestration.deliveries import readers
from orchestration.deliveries.confined_reading import zygote

ANSWER = "a respondent's answer"


def read_source(folder, entry):
    path = folder / entry.path
    words = path.read_bytes().split()
    deed = words[0].decode()
    if deed == "segfault":
        ctypes.string_at(0)
    elif deed == "abort":
        os.abort()
    elif deed == "spin":
        while True:
            pass
    elif deed == "sleep":
        time.sleep(600)
    elif deed == "eat":
        hoard = []
        while True:
            hoard.append(bytearray(1 << 24))
    elif deed == "raise":
        print(ANSWER, file=sys.stderr)
        raise KeyError(ANSWER)
    elif deed == "leave":
        os._exit(0)
    elif deed == "exit":
        sys.exit(ANSWER)
    elif deed == "scribble":
        # What a parser that was taken over could do: write a result of its own.
        (exchange,) = (int(name) for name in os.listdir("/proc/self/fd") if "peilstok" in _target(name))
        os.pwrite(exchange, words[1] * 1000, 0)
        os._exit(0)
    elif deed == "pid":
        with open(words[1], "w") as stream:
            stream.write(f"{os.getppid()} {os.getpid()}")
        time.sleep(600)
    return _read(folder, entry)


def _target(name: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        return ""


_read = readers.read_source
readers.read_source = read_source

if __name__ == "__main__":
    sys.exit(zygote.main())
