"""Writing that survives an interruption: a file or a link is there whole, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

_BLOCK = 1 << 20


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, as hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def write_json(path: Path, content: Any) -> None:
    """Replace ``path`` by ``content`` as JSON in one step (UTF-8, sorted keys, LF)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Ask the file system to remember the names in ``folder``."""
    sync_file(folder)


def sync_file(path: Path) -> None:
    """Ask the file system to remember the content of ``path``."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """fsync every file and folder below ``folder``, deepest first, then ``folder`` itself."""
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync_file(Path(parent) / name)
        sync_folder(Path(parent))


def point_link(link: Path, target: str) -> None:
    """Let the symbolic link ``link`` point to ``target``: readers see the old place or the new one.

    The new link is made beside the old one and moved over it, because replacing a link in place
    (unlink, then symlink) leaves a moment without one.
    """
    temporary = link.with_name(f".{link.name}-{secrets.token_hex(4)}")
    os.symlink(target, temporary)
    try:
        os.replace(temporary, link)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(link.parent)
