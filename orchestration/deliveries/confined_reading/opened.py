"""A delivered file, opened once inside its delivery folder: what is checked is what is read.

A path that was checked may lead elsewhere a moment later. So the folders on the way are opened one by one, from
the delivery folder down and never through a symlink, and everything after goes by the descriptor.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PosixPath

from orchestration.deliveries.file_faults import ABSENT, unreadable
from orchestration.deliveries.problems import DeliveryProblems

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""Without O_NONBLOCK, opening a pipe that was put there after the check waits for its other end for ever."""

MOST_BYTES_AT_ONCE = 1 << 24
"""Of files that are text written by a person or by this program; who parses them has a bound of its own."""


@contextmanager
def opened_inside(folder: Path, relative: str) -> Iterator[int]:
    """Descriptor of the regular file at ``relative`` below ``folder``.

    Symlinks may be part of the path as long as they stay inside. Raises ``DeliveryProblems`` (exit code 2) when
    there is no such file, it is a folder, pipe, socket or device, or the path leads out of the folder.
    """
    path = folder / relative
    descriptor = _opened(folder, path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read_inside(folder: Path, relative: str) -> bytes:
    """The bytes of a file that is small by nature, such as a manifest; raises as ``opened_inside``."""
    with opened_inside(folder, relative) as descriptor, open(descriptor, "rb", closefd=False) as stream:
        return stream.read(MOST_BYTES_AT_ONCE)


def _opened(folder: Path, path: Path) -> int:
    try:
        root = folder.resolve(strict=True)
        parts = path.resolve(strict=True).relative_to(root).parts
    except (FileNotFoundError, NotADirectoryError):
        raise unreadable(path, "missing_file", "the file is not there", ABSENT) from None
    except (ValueError, RuntimeError):
        raise _outside(path) from None
    except OSError as error:
        raise _refused(path, error) from None
    try:
        at = os.open(root, FOLDER)
    except OSError as error:
        raise _refused(path, error) from None
    try:
        for part in parts[:-1]:
            below = os.open(part, FOLDER, dir_fd=at)
            os.close(at)
            at = below
        last = parts[-1] if parts else "."
        # A device may act on being opened; it is looked at first, and again once it is open.
        _check_kind(path, os.stat(last, dir_fd=at, follow_symlinks=False))
        descriptor = os.open(last, FILE, dir_fd=at)
    except FileNotFoundError:
        raise unreadable(path, "missing_file", "the file is not there", ABSENT) from None
    except NotADirectoryError:
        raise _outside(path) from None
    except OSError as error:
        raise _refused(path, error) from None
    finally:
        os.close(at)
    try:
        _check_kind(path, os.fstat(descriptor))
    except DeliveryProblems:
        os.close(descriptor)
        raise
    return descriptor


def _check_kind(path: Path, found: os.stat_result) -> None:
    if stat.S_ISREG(found.st_mode):
        return
    if stat.S_ISLNK(found.st_mode):
        raise _outside(path)
    what = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe, a socket or a device"
    raise unreadable(path, "unreadable_file", f"is {what}, not a file", "put the file itself there")


def _outside(path: Path) -> DeliveryProblems:
    return unreadable(
        path,
        "path_outside_delivery",
        "leads out of the delivery's folder through a symlink, or changes while it is read",
        "put the file itself in the delivery's folder",
    )


def _refused(path: Path, error: OSError) -> DeliveryProblems:
    # ELOOP: a symlink has taken the place of what was a folder or a file when the path was resolved.
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return _outside(path)
    return unreadable(
        path, "unreadable_file", f"cannot be opened: {error.strerror or error}", "make it a readable file"
    )


class DescriptorPath(PosixPath):
    """The path of an open descriptor that goes by the name of the file, so that messages name the file."""

    shown_name: str

    @classmethod
    def of(cls, descriptor: int, name: str) -> DescriptorPath:
        path = cls(f"/proc/self/fd/{descriptor}")
        path.shown_name = name
        return path

    @property
    def name(self) -> str:
        return self.shown_name


class OpenedFolder:
    """Stands in for the delivery folder where a reader writes ``folder / path``: only opened files are in it."""

    def __init__(self, descriptors: dict[str, int]) -> None:
        self.descriptors = descriptors

    def __truediv__(self, relative: str) -> Path:
        return DescriptorPath.of(self.descriptors[relative], relative.rpartition("/")[2])
