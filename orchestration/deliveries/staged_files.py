"""The raw folder as git would commit it: the index, not what lies in the checkout."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from pathlib import Path

from orchestration.deliveries.committable import RAW, CommittedFile
from orchestration.deliveries.manifest import MANIFEST_NAME

SYMLINK, PLAIN = "120000", "100644"


class NoRepository(Exception):
    """There is no git checkout here, or no git."""

    exit_code = 2


def repository_of(folder: Path) -> Path:
    """The top of the checkout that ``folder`` is in. Raises ``NoRepository``."""
    return Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").rstrip(b"\n")))


def staged_files(root: Path) -> list[CommittedFile]:
    """Everything below ``raw/`` in the index, with modes and contents as they are staged."""
    # git hands a temporary index to the hooks of `git commit FILE`; it stands in the environment, and is used.
    listed = _git(root, "ls-files", "--stage", "-z", "--", f":(icase){RAW}/")
    files = []
    for record in filter(None, listed.split(b"\0")):
        head, path = record.split(b"\t", 1)
        mode, digest, _ = head.decode("ascii").split(" ")
        files.append(CommittedFile(os.fsdecode(path), mode, partial(_git, root, "cat-file", "blob", digest)))
    return files


def committed_manifests(root: Path) -> dict[str, bytes]:
    """By wave folder, the manifest of the last commit; nothing before the first one."""
    try:
        listed = _git(root, "ls-tree", "-r", "-z", "HEAD", "--", f"{RAW}/")
    except NoRepository:
        return {}
    found = {}
    for record in filter(None, listed.split(b"\0")):
        head, path = record.split(b"\t", 1)
        folder, _, name = os.fsdecode(path).rpartition("/")
        if name == MANIFEST_NAME:
            found[folder] = _git(root, "cat-file", "blob", head.decode("ascii").split(" ")[2])
    return found


def files_on_disk(root: Path) -> list[CommittedFile]:
    """Everything below ``raw/`` of a folder, as if all of it were staged."""
    found = []
    for folder, folders, names in os.walk(root / RAW):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in sorted([*names, *links]):
            path = Path(folder) / name
            found.append(file_on_disk(root, path.relative_to(root).as_posix()))
    return found


def file_on_disk(root: Path, path: str) -> CommittedFile:
    """A file of the checkout as ``git add`` would stage it."""
    place = root / path
    return CommittedFile(path, SYMLINK if place.is_symlink() else PLAIN, place.read_bytes)


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, stdin=subprocess.DEVNULL, check=False
        )
    except OSError:
        raise NoRepository("git cannot be run; check-commit looks at what git would commit") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NoRepository(said[0] if said else f"git {arguments[0]} failed")
    return done.stdout
