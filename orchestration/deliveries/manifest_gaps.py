"""Fields of a manifest that only a person can fill in: how they are marked, and where they still stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MARK = "TO BE FILLED IN"
Location = tuple[str | int, ...]


def gap(asked: str) -> str:
    """The text that stands in the place of a value that a person has to give."""
    return f"{MARK}: {asked}"


def to_be_filled_in(data: Any, location: Location = ()) -> Iterator[tuple[Location, str]]:
    """Where a gap stands in a parsed manifest, and what is asked there."""
    if isinstance(data, str):
        if data.strip().upper().startswith(MARK):
            yield location, data.strip()[len(MARK) :].lstrip(" :") or "a value"
    elif isinstance(data, dict):
        for name, value in data.items():
            yield from to_be_filled_in(value, (*location, str(name)))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from to_be_filled_in(value, (*location, index))
