"""Folders and files for their owner alone, from the moment that they exist."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

OWNER_ONLY = 0o077
"""The umask under which folders are made 0700 and files 0600."""


@contextlib.contextmanager
def owner_only() -> Iterator[None]:
    """Whatever is made meanwhile is its maker's alone: no moment between making a file and closing it off."""
    before = os.umask(OWNER_ONLY)
    try:
        yield
    finally:
        os.umask(before)


def private_folder(folder: Path) -> None:
    """Make a folder with mode 0700, or give it that mode."""
    with owner_only():
        folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def private_home(home: Path) -> None:
    """Make the folder of all state, or close it: others may pass through it to what is published, and see no more.

    A folder of somebody else's, or one that is everybody's by its nature (``/tmp``), keeps its mode; what is
    private inside it is closed by itself.
    """
    if not home.exists():
        private_folder(home)
    found = home.stat()
    if found.st_uid == os.getuid() and not found.st_mode & stat.S_ISVTX:
        home.chmod(0o711)
