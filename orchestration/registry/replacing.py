"""Files of the registry replaced together: all of them, or none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path


def replace_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Replace files by their paths below ``folder``: all, or none when one of them cannot be written."""
    with replaced(folder, contents):
        pass


@contextlib.contextmanager
def replaced(folder: Path, contents: Mapping[str, bytes]) -> Iterator[None]:
    """Replace files by their paths below ``folder``; when the block fails, they get back what they had.

    New content is written beside the old and renamed, so that no file is ever half written.
    """
    before = {path: (folder / path).read_bytes() for path in contents}
    beside = {path: (folder / path).with_suffix(f".csv.{os.getpid()}") for path in contents}
    try:
        for path, content in contents.items():
            beside[path].write_bytes(content)
        for path in contents:
            os.replace(beside[path], folder / path)
        yield
    except BaseException:
        for path, content in before.items():
            if (folder / path).read_bytes() != content:
                beside[path].write_bytes(content)
                os.replace(beside[path], folder / path)
        raise
    finally:
        for path in beside.values():
            path.unlink(missing_ok=True)
