"""One writer at a time: refresh, publish and rollback hold ``<home>/.lock`` while they work.

The lock is the kernel's (``flock``): it frees itself when the process ends, however it ends, so a stale file
never has to be removed by hand.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

LOCK_FILE = ".lock"

# Home -> open lock file and number of users. flock belongs to an open file, so a second open in this very
# process would be refused by itself: a refresh that holds the lock publishes under it.
_held: dict[Path, tuple[int, int]] = {}
_guard = threading.Lock()


class WarehouseBusy(Exception):
    """Another process is writing this warehouse."""

    exit_code = 2


@contextmanager
def writer_lock(home: Path, action: str) -> Iterator[None]:
    """Hold the warehouse in ``home`` for ``action``; nested use in one process is allowed.

    Raises ``WarehouseBusy`` at once, naming the holder, when another process has it.
    """
    home = Path(home).resolve()
    home.mkdir(parents=True, exist_ok=True)
    with _guard:
        handle, users = _held.get(home) or (_acquire(home, action), 0)
        _held[home] = (handle, users + 1)
    try:
        yield
    finally:
        with _guard:
            handle, users = _held.pop(home)
            if users > 1:
                _held[home] = (handle, users - 1)
            else:
                os.close(handle)


def _acquire(home: Path, action: str) -> int:
    handle = os.open(home / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = _describe_holder(handle)
        os.close(handle)
        raise WarehouseBusy(
            f"{home} is in use by another peilstok run{holder}.\n"
            "Wait until it is done and try again; if it hangs, end that process: the lock frees itself."
        ) from None
    note = {
        "pid": os.getpid(),
        "action": action,
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(note).encode(), 0)
    return handle


def _describe_holder(handle: int) -> str:
    try:
        note = json.loads(os.pread(handle, 4096, 0))
        return f" ({note['action']}, process {note['pid']}, since {note['since']})"
    except (ValueError, KeyError, TypeError, OSError):
        return ""
