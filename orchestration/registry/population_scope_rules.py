"""Who belongs to a population, and what is published of it: no population is everybody by mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orchestration.deliveries.problems import Problem
from orchestration.registry.load import Registry
from orchestration.registry.places import place

Rule = Callable[[Registry], Iterator[Problem]]
TOTAL = "total"


def _codes(registry: Registry) -> dict[str, dict[str, set[str]]]:
    """Codes that a member must have, by population and concept."""
    found: dict[str, dict[str, set[str]]] = {}
    for row in registry.table("population_rules"):
        found.setdefault(row["population_id"], {}).setdefault(row["concept_id"], set()).add(row["code"])
    return found


def instruments_of_concepts(registry: Registry) -> dict[str, set[str]]:
    """Instruments that ask a concept, or what it is derived from, in some wave."""
    asked: dict[str, set[str]] = {}
    for row in registry.table("xw_variables"):
        if row["verb"] != "not_asked":
            asked.setdefault(row["concept_id"], set()).add(row["instrument_id"])
    for row in registry.table("derived_inputs"):
        asked.setdefault(row["concept_id"], set()).update(asked.get(row["input_concept_id"], ()))
    return asked


def _asked_of_members(registry: Registry) -> Iterator[Problem]:
    """What sets a population apart is asked by the instrument that reaches it: else nobody belongs to it."""
    asked, codes = instruments_of_concepts(registry), _codes(registry)
    for index, row in enumerate(registry.table("populations")):
        for concept in codes.get(row["population_id"], {}):
            if row["instrument_id"] not in asked.get(concept, ()):
                yield Problem(
                    "population_rule_not_asked",
                    f"{row['population_id']} is set apart by {concept}, which {row['instrument_id']} asks in no wave",
                    "correct instrument_id, or the concept in registry/population_rules.csv",
                    file=place(registry, "populations", index),
                )


def _part_of_parent(registry: Registry) -> Iterator[Problem]:
    """A part needs a rule that sets it apart, and one that agrees with its parent's on the same concept."""
    codes = _codes(registry)
    for index, row in enumerate(registry.table("populations")):
        name, parent = row["population_id"], row["parent_population_id"]
        if not parent:
            continue
        where = place(registry, "populations", index)
        if name not in codes:
            yield Problem(
                "population_without_rule",
                f"{name} is a part of {parent}, and nothing says which: everyone who was reached would belong to it",
                f"add {name},<concept>,<code> to registry/population_rules.csv, or empty parent_population_id",
                file=where,
            )
        for concept, wanted in codes.get(name, {}).items():
            allowed = codes.get(parent, {}).get(concept)
            if allowed is not None and not wanted <= allowed:
                yield Problem(
                    "population_outside_parent",
                    f"{name} has {concept} {', '.join(sorted(wanted - allowed))}, which {parent} has not",
                    f"correct {name} or {parent} in registry/population_rules.csv, or parent_population_id",
                    file=where,
                )


def _one_is_everyone(registry: Registry) -> Iterator[Problem]:
    """Of an instrument, one population at most is everyone whom it reached."""
    codes = _codes(registry)
    whole: dict[str, str] = {}
    for index, row in enumerate(registry.table("populations")):
        name, instrument = row["population_id"], row["instrument_id"]
        if name in codes or row["parent_population_id"]:
            continue
        other = whole.setdefault(instrument, name)
        if other != name:
            yield Problem(
                "two_whole_populations",
                f"{name} and {other} are both everyone whom {instrument} reached: neither has a rule",
                f"add {name},<concept>,<code> (or one of {other}) to registry/population_rules.csv",
                file=place(registry, "populations", index),
            )


def _totals(registry: Registry) -> Iterator[Problem]:
    """What is published of a population has a total."""
    shown: dict[str, set[str]] = {}
    for row in registry.table("population_breakdowns"):
        shown.setdefault(row["population_id"], set()).add(row["breakdown_id"])
    for index, row in enumerate(registry.table("populations")):
        name = row["population_id"]
        if TOTAL not in shown.get(name, ()):
            yield Problem(
                "population_without_total",
                f"{name} has no total, so no figure of it is made",
                f"add {name},{TOTAL} to registry/population_breakdowns.csv",
                file=place(registry, "populations", index),
            )


def _themes_of_waves(registry: Registry) -> Iterator[Problem]:
    """A wave that maps a concept covers its theme."""
    covered = {(row["wave_id"], row["theme_id"]) for row in registry.table("wave_themes")}
    themes = {row["concept_id"]: row["theme_id"] for row in registry.table("concepts")}
    told: set[tuple[str, str]] = set()
    for index, row in enumerate(registry.table("xw_variables")):
        pair = (row["wave_id"], themes[row["concept_id"]])
        if row["verb"] == "not_asked" or not pair[1] or pair in covered or pair in told:
            continue
        told.add(pair)
        yield Problem(
            "theme_of_wave",
            f"{row['wave_id']} maps {row['concept_id']}, and by registry/wave_themes.csv it has nothing on {pair[1]}",
            f"add {pair[0]},{pair[1]},accepted to registry/wave_themes.csv, or remove the row",
            file=place(registry, "xw_variables", index),
            variable=row["source_variable"],
        )


POPULATION_SCOPE_RULES: tuple[Rule, ...] = (
    _asked_of_members,
    _part_of_parent,
    _one_is_everyone,
    _totals,
    _themes_of_waves,
)
