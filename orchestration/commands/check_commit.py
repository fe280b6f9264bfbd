"""``peilstok check-commit``: would this commit put answers of real persons under version control?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from orchestration.commands.choice import WrongUse


def check_commit(console: Console, folder: Path, files: Sequence[str] = ()) -> int:
    """Look at what is staged below ``raw/``, and at ``files`` as if they were; returns the exit code.

    ``folder``: any folder of the checkout; ``files`` are relative to it.
    """
    from orchestration.deliveries.committable import uncommittable
    from orchestration.deliveries.staged_files import (
        committed_manifests,
        file_on_disk,
        repository_of,
        staged_files,
    )

    root = repository_of(folder)
    entries = {file.path: file for file in staged_files(root)}
    for name in files:
        path = (folder / name).absolute()
        if not path.parent.resolve().is_relative_to(root.resolve()):
            raise WrongUse(f"{name} is not in this checkout")
        # The folder is resolved and the name is not: a symlink would be committed as one.
        shown = (path.parent.resolve() / path.name).relative_to(root.resolve()).as_posix()
        if shown in entries:
            continue
        if not path.is_symlink() and not path.is_file():
            raise WrongUse(f"{name} is neither staged nor a file")
        entries[shown] = file_on_disk(root, shown)
    problems = uncommittable(entries.values(), committed_manifests(root))
    for problem in problems:
        console.print(Text(str(problem), style="red"), soft_wrap=True)
    if problems:
        return 1
    console.print(Text("nothing below raw/ but manifests, locks, corrections and synthetic deliveries"))
    return 0
