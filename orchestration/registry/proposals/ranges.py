"""Ranges of numbers of a bucketed variable, taken from earlier waves; bounds that are years move with the wave."""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.registry.load import Registry, Row
from orchestration.registry.proposals.rules import Rules
from orchestration.registry.years import is_year


def ranges_for(
    registry: Registry, rules: Rules, concept_id: str, instrument_id: str, year: int, without: str
) -> list[tuple[str, str, str, str]]:
    """Lower, upper, code and a note of each range; none when no earlier wave buckets this concept.

    Which bounds move is seen from the two latest waves with as many ranges: a bound that kept its distance
    to its wave moves on, one that stayed the same stays. With a single earlier wave, recent years move.
    """
    sets = _sets(registry, concept_id, instrument_id, without)
    if not sets:
        return []
    (latest, rows), *older = sets
    before = next((pair for pair in older if len(pair[1]) == len(rows)), None)
    step = year - latest
    found = []
    for index, row in enumerate(rows):
        bounds = []
        for side in ("lower", "upper"):
            value = row[side]
            earlier = (before[0], before[1][index][side]) if before else None
            bounds.append(_moved(value, latest, step, earlier, rules))
        note = "jaren schuiven met de meting mee" if bounds != [row["lower"], row["upper"]] else ""
        found.append((*bounds, row["code"], note))
    return found


def _moved(value: str, wave_year: int, step: int, earlier: tuple[int, str] | None, rules: Rules) -> str:
    if not is_year(value):
        return value
    if earlier is None or not earlier[1].isdigit():
        moves = int(value) > wave_year - rules.recent_years
    else:
        moves = int(value) - wave_year == int(earlier[1]) - earlier[0]
    return str(int(value) + step) if moves else value


def _sets(
    registry: Registry, concept_id: str, instrument_id: str, without: str
) -> list[tuple[int, list[Row]]]:
    """Year and ranges of each earlier wave, the latest first; of this instrument where it has any."""
    grouped: dict[tuple[str, ...], list[Row]] = {}
    for row in registry.accepted().table("xw_buckets"):
        if row["concept_id"] == concept_id and row["wave_id"] != without:
            key = (row["wave_id"], row["instrument_id"], row["file_id"], row["source_variable"])
            grouped.setdefault(key, []).append(row)
    own = {key: rows for key, rows in grouped.items() if key[1] == instrument_id}
    sets = [
        (int(registry.waves[key[0]].year), sorted(rows, key=lambda row: float(row["lower"])))
        for key, rows in (own or grouped).items()
    ]
    return sorted(sets, key=lambda pair: -pair[0])


def covered(ranges: Sequence[tuple[str, str, str, str]], code: str) -> bool:
    """Whether a code is a number in one of the ranges; text is in none."""
    try:
        number = float(code)
    except ValueError:
        return False
    return any(float(low) <= number <= float(high) for low, high, _, _ in ranges)
