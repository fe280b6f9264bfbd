"""The made-up side of the sample: questionnaires, scales, levels and shares, read from the files in
``parameters/``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.sample_data.targets import read_rows

FOLDER = Path(__file__).resolve().parent / "parameters"
FROM_PUBLISHED = "*"
LEVEL_KEYS = ("instrument_id", "concept_id", "code", "population_id", "among")


@dataclass(frozen=True)
class Level:
    """A made-up level of one answer in one wave; ``value`` is None where only published figures set it."""

    concept_id: str
    code: str
    population_id: str
    among: str
    value: float | None


@cache
def read_yaml(name: str) -> Any:
    """The content of ``parameters/<name>.yml``; shared, so nobody may change it."""
    return yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))


@cache
def _level_rows() -> list[dict[str, str]]:
    return read_rows(FOLDER / "levels.csv")


@cache
def _frame_rows() -> list[dict[str, str]]:
    return read_rows(FOLDER / "frame.csv")


@cache
def organisation_register() -> list[dict[str, str]]:
    """The fictional organisations: code, layer, size class, first and last year, the code they merged
    into."""
    return read_rows(FOLDER / "organisations.csv")


def levels(wave_id: str, instrument_id: str) -> list[Level]:
    """What was asked in a wave, and how often each answer was given, as far as nobody published it."""
    found = []
    for row in _level_rows():
        if row["instrument_id"] == instrument_id and row[wave_id]:
            value = None if row[wave_id] == FROM_PUBLISHED else float(row[wave_id])
            found.append(Level(row["concept_id"], row["code"], row["population_id"], row["among"], value))
    return found


def asked(wave_id: str, instrument_id: str) -> set[str]:
    """Concepts that a wave has a level for, derived ones included."""
    return {level.concept_id for level in levels(wave_id, instrument_id)}


def frame(wave_id: str, instrument_id: str) -> list[dict[str, str]]:
    """Groups of the sampling frame with the numbers invited and answered."""
    return [
        row for row in _frame_rows() if row["wave_id"] == wave_id and row["instrument_id"] == instrument_id
    ]


def shares() -> dict[str, Any]:
    """Shares and log-odds behind the drawn background."""
    return read_yaml("shares")


def by_year(points: dict[int, Any], year: int) -> Any:
    """A number, or a dictionary of numbers, between the first and the last year given."""
    (first, low), (last, high) = sorted(points.items())
    part = min(max((year - first) / (last - first), 0.0), 1.0)
    if isinstance(low, dict):
        return {key: low[key] + part * (high[key] - low[key]) for key in low}
    return low + part * (high - low)
