"""The register of breaks, as rules and drift ask it: what a question makes, and what of that a break hits."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from orchestration.registry.csv_text import csv_line
from orchestration.registry.load import Registry, Row
from orchestration.registry.schema import TABLES

TABLE = "series_breaks"


def indicators_by_concept(registry: Registry) -> dict[str, list[str]]:
    """The indicators that count a concept, or divide by it, directly or through what is derived from it."""
    inputs: dict[str, set[str]] = {}
    for row in registry.table("derived_inputs"):
        inputs.setdefault(row["concept_id"], set()).add(row["input_concept_id"])
    found: dict[str, list[str]] = {}
    for row in sorted(registry.table("indicators"), key=lambda row: row["indicator_id"]):
        counted = {row["concept_id"], row["denominator_concept_id"]} - {""}
        waiting = list(counted)
        while waiting:
            more = inputs.get(waiting.pop(), set()) - counted
            counted |= more
            waiting += more
        for concept in counted:
            found.setdefault(concept, []).append(row["indicator_id"])
    return found


def accepted_breaks(registry: Registry, is_meant: Callable[[Row, int, int], bool]) -> list[Row]:
    """The accepted breaks for which ``is_meant(row, first, last)`` holds; both are years of the waves between which
    it lies."""
    return [
        row
        for row in registry.table(TABLE)
        if row["status"] == "accepted"
        and is_meant(row, registry.waves[row["from_wave_id"]].year, registry.waves[row["to_wave_id"]].year)
    ]


def hits(
    registry: Registry, breaks: Iterable[Row], instrument_id: str, indicator_id: str, block_id: str | None
) -> bool:
    """Whether these breaks together hit an indicator (or a block, without one) of everyone whom the instrument asks.

    A break of a part, or of the whole alone, leaves the other parts what they were.
    """
    reached = {
        row["population_id"]
        for row in breaks
        if row["indicator_id"] in ("", indicator_id)
        and row["block_id"] in ("", block_id)
        and row["whole_only"] != "true"
    }
    return "" in reached or set(everybody(registry, instrument_id)) <= reached


def everybody(registry: Registry, instrument_id: str) -> list[str]:
    """The populations of an instrument that are a part of no other."""
    return [
        row["population_id"]
        for row in registry.table("populations")
        if row["instrument_id"] == instrument_id and not row["parent_population_id"]
    ]


def break_row(**cells: str) -> str:
    """A row to add to the register, with what a person has to fill in left open."""
    given = {
        **{"break_id": "<break_id>", "kind": "<kind>", "effect": "<effect>"},
        **{"reason": "<reason>", "source": "<source>", "status": "accepted"},
        **cells,
    }
    line = csv_line([given.get(name, "") for name in TABLES[TABLE].column_names])
    return f"{line} to {TABLES[TABLE].path}"
