"""Folders and files for their owner alone, from the moment that they exist."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "peilstok-"
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


@contextlib.contextmanager
def private_temporary_folder(purpose: str) -> Iterator[Path]:
    """A folder (0700) below the system's temporary one, as long as the block lasts.

    Folders of earlier processes that were killed before they could remove theirs are swept away first: they may
    hold answers.
    """
    sweep_temporary_folders()
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{purpose}-{os.getpid()}-") as name:
        yield Path(name)


def sweep_temporary_folders() -> None:
    """Remove what processes of this user that live no longer have left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*-*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[1]
        with contextlib.suppress(OSError):
            found = folder.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not _lives(owner):
                shutil.rmtree(folder)


def _lives(process: str) -> bool:
    """Whether a process of that number exists; what is no number is taken for one that does."""
    if not (process.isascii() and process.isdigit()):
        return True
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


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
