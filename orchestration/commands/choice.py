"""Which waves a command is about, and faults of use."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path


class WrongUse(Exception):
    """A command that was given something it cannot work with."""

    exit_code = 2


def choose_waves(
    asked: Sequence[str], known: Collection[str], delivered: Collection[str]
) -> list[str] | None:
    """The waves asked for, each once; None when none was named, which means all of them.

    ``known``: the waves of the registry; ``delivered``: those with a folder under raw.
    Raises ``WrongUse`` naming the waves that can be chosen.
    """
    if not asked:
        return None
    for wave in asked:
        if wave not in known:
            raise WrongUse(
                f"wave {wave!r} is not in the registry; known: {', '.join(sorted(known)) or 'none'}"
            )
        if wave not in delivered:
            there = ", ".join(sorted(delivered)) or "none"
            raise WrongUse(f"wave {wave!r} has no delivery under the raw folder; delivered: {there}")
    return sorted(set(asked))


def wave_folders(raw: Path) -> dict[str, Path]:
    """The folder of each delivered wave, ``<raw>/<programme>/<wave_id>``, by wave."""
    if not raw.is_dir():
        return {}
    return {path.name: path for path in sorted(raw.glob("*/*")) if path.is_dir() and path.name[0] != "."}
