"""Rules about breaks: what can be followed instead, and what a break reaches through a base."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orchestration.deliveries.problems import Problem
from orchestration.registry.crosswalk_tables import UNFED
from orchestration.registry.load import Registry, Row
from orchestration.registry.places import place

Rule = Callable[[Registry], Iterator[Problem]]

CHANGES_WHO_IS_COUNTED = frozenset({"wording", "answer_list", "scale", "reference_period"})
"""Kinds of break after which another group gives the same answer: a base of that answer is another group too."""


def _constant_scope(registry: Registry) -> Iterator[Problem]:
    """What is to be followed instead is a part of what broke, and is not broken by it."""
    parents = {row["population_id"]: row["parent_population_id"] for row in registry.table("populations")}
    codes: dict[str, dict[str, set[str]]] = {}
    for row in registry.table("population_rules"):
        codes.setdefault(row["population_id"], {}).setdefault(row["concept_id"], set()).add(row["code"])
    breaks = registry.table("series_breaks")
    for index, row in enumerate(breaks):
        name, broken = row["constant_scope_population_id"], row["population_id"]
        if not name:
            continue
        where = place(registry, "series_breaks", index)
        if _reaches(row, name, parents):
            yield Problem(
                "constant_scope_broken",
                f"{row['break_id']} names {name} as a population of constant scope, and breaks it too"
                + ("" if broken else ": it names no population, so it touches all"),
                "name one that this break leaves alone, set whole_only, or empty constant_scope_population_id",
                file=where,
            )
        elif registry.populations[name].instrument_id != registry.populations[broken].instrument_id or any(
            not codes.get(name, {}).get(concept, {""}) <= allowed
            for concept, allowed in codes.get(broken, {}).items()
        ):
            yield Problem(
                "constant_scope_elsewhere",
                f"{row['break_id']} names {name} to be followed instead of {broken}, and it is no part of it",
                f"name a part of {broken}, or empty constant_scope_population_id",
                file=where,
            )
        elif also := next((other for other in breaks if _stops(registry, other, row, parents)), None):
            yield Problem(
                "constant_scope_broken",
                f"{row['break_id']} names {name} to be followed instead, and {also['break_id']} blocks all that it was "
                "asked between the same waves",
                "empty constant_scope_population_id, or name one that goes on",
                file=where,
            )


def _stops(registry: Registry, also: Row, row: Row, parents: dict[str, str]) -> bool:
    """Whether another break stops every series of the population that ``row`` says goes on, where ``row`` lies."""
    (first, last), (also_first, also_last) = _span(registry, row), _span(registry, also)
    indicator = registry.indicators.get(row["indicator_id"])
    return (
        also["effect"] == "block"
        and also["indicator_id"] in ("", row["indicator_id"])
        and also["block_id"] in ("", indicator.block_id if indicator else row["block_id"])
        and _reaches(also, row["constant_scope_population_id"], parents)
        and also_first <= first
        and also_last >= last
    )


def _breaks_of_no_series(registry: Registry) -> Iterator[Problem]:
    """A break of one indicator lies in its series or behind: before the first wave that asked it there is no step.

    One of a block tells what is known of all that a wave asked, also where a question was not yet in it.
    """
    for index, row in enumerate(registry.table("series_breaks")):
        indicator = registry.indicators.get(row["indicator_id"])
        if indicator is None or row["effect"] == "wave_apart":
            continue
        instrument = row["population_id"] and registry.populations[row["population_id"]].instrument_id
        asked = years_of_concepts(registry, instrument).get(indicator.concept_id)
        if asked and min(asked) >= _span(registry, row)[1]:
            yield Problem(
                "break_before_series",
                f"{row['break_id']} lies before {min(asked)}, the year from which {row['indicator_id']} was asked",
                "remove it, or correct its waves or indicator_id",
                file=place(registry, "series_breaks", index),
            )


def _breaks_of_bases(registry: Registry) -> Iterator[Problem]:
    """A break of an answer is a break of what has those who gave it as its base."""
    parents = {row["population_id"]: row["parent_population_id"] for row in registry.table("populations")}
    rows = registry.table("series_breaks")
    years = years_of_concepts(registry)
    resting_on = _resting_on(registry)
    for index, row in enumerate(rows):
        indicator = registry.indicators.get(row["indicator_id"])
        if indicator is None or row["kind"] not in CHANGES_WHO_IS_COUNTED or row["effect"] == "wave_apart":
            continue
        first, last = _span(registry, row)
        for other in resting_on.get(indicator.concept_id, ()):
            asked = years.get(other["concept_id"], set())
            if not (any(year <= first for year in asked) and any(year >= last for year in asked)):
                continue
            if other["indicator_id"] != row["indicator_id"] and not any(
                _touches(registry, also, other, row, parents) for also in rows
            ):
                yield Problem(
                    "break_of_base",
                    f"{row['break_id']} breaks {row['indicator_id']}, and the base of {other['indicator_id']} is made "
                    f"of those answers: nothing marks its step from {row['from_wave_id']} to {row['to_wave_id']}",
                    f"add a break of {other['indicator_id']} with the same waves and effect {row['effect']}",
                    file=place(registry, "series_breaks", index),
                )


def _reaches(row: Row, name: str, parents: dict[str, str]) -> bool:
    """Whether a break touches a population: itself, or one above it unless only the whole is broken."""
    if not row["population_id"] or row["population_id"] == name:
        return True
    while row["whole_only"] != "true" and (name := parents.get(name, "")):
        if name == row["population_id"]:
            return True
    return False


def _touches(registry: Registry, also: Row, indicator: Row, row: Row, parents: dict[str, str]) -> bool:
    """Whether a break marks for an indicator whatever ``row`` marks, and weighs no less."""
    (first, last), (also_first, also_last) = _span(registry, row), _span(registry, also)
    return (
        also["indicator_id"] in ("", indicator["indicator_id"])
        and also["block_id"] in ("", indicator["block_id"])
        and (not also["population_id"] or _reaches(also, row["population_id"], parents))
        and also_first <= first
        and also_last >= last
        and also["effect"] in ("block", row["effect"])
    )


def _span(registry: Registry, row: Row) -> tuple[int, int]:
    return registry.waves[row["from_wave_id"]].year, registry.waves[row["to_wave_id"]].year


def _resting_on(registry: Registry) -> dict[str, list[Row]]:
    """Indicators by each concept whose answers decide who is in their base; not where every answer is let in."""
    let_in: dict[tuple[str, str], set[str]] = {}
    for row in registry.table("base_rules"):
        let_in.setdefault((row["base_id"], row["concept_id"]), set()).add(row["code"])
    found: dict[str, list[Row]] = {}
    for (base, concept), codes in let_in.items():
        if codes < set(registry.codes_of(concept)):
            found.setdefault(concept, []).extend(
                row for row in registry.table("indicators") if row["base_id"] == base
            )
    return found


def years_of_concepts(registry: Registry, instrument: str = "") -> dict[str, set[int]]:
    """Years of the waves that ask a concept, or what it is derived from; by every instrument unless one is named."""
    found: dict[str, set[int]] = {}
    for row in registry.table("xw_variables"):
        if row["verb"] not in UNFED and instrument in ("", row["instrument_id"]):
            found.setdefault(row["concept_id"], set()).add(registry.waves[row["wave_id"]].year)
    for row in registry.table("derived_inputs"):
        found.setdefault(row["concept_id"], set()).update(found.get(row["input_concept_id"], ()))
    return found


BREAK_RULES: tuple[Rule, ...] = (_constant_scope, _breaks_of_bases, _breaks_of_no_series)
