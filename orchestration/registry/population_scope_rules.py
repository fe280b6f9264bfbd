"""Who belongs to a population, and what is published of it: no population is everybody by mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orchestration.deliveries.problems import Problem
from orchestration.registry.crosswalk_tables import UNFED
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
        if row["verb"] not in UNFED:
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


def _roots_apart(registry: Registry) -> Iterator[Problem]:
    """A population without parent is everyone whom its instrument reached, or there are more, each with a rule."""
    codes = _codes(registry)
    roots: dict[str, list[str]] = {}
    for row in registry.table("populations"):
        if not row["parent_population_id"]:
            roots.setdefault(row["instrument_id"], []).append(row["population_id"])
    for index, row in enumerate(registry.table("populations")):
        name, beside = row["population_id"], roots.get(row["instrument_id"], [])
        if name in beside and name not in codes and len(beside) > 1:
            others = ", ".join(other for other in beside if other != name)
            yield Problem(
                "population_without_rule",
                f"{name} has no rule, so it is everyone whom {row['instrument_id']} reached, {others} included",
                f"add {name},<concept>,<code> to registry/population_rules.csv",
                file=place(registry, "populations", index),
            )


def _breakdowns_between(registry: Registry) -> Iterator[Problem]:
    """What is broken down above and below a population is broken down for it too."""
    shown = _breakdowns(registry)
    parts: dict[str, list[str]] = {}
    for row in registry.table("populations"):
        parts.setdefault(row["parent_population_id"], []).append(row["population_id"])
    for index, row in enumerate(registry.table("populations")):
        name, parent = row["population_id"], row["parent_population_id"]
        below = {breakdown for part in parts.get(name, ()) for breakdown in shown.get(part, ())}
        for breakdown in sorted((shown.get(parent, set()) & below) - shown.get(name, set()) - {TOTAL}):
            yield Problem(
                "breakdown_left_out",
                f"{name} is not broken down by {breakdown}, and {parent} above and its own parts are",
                f"add {name},{breakdown} to registry/population_breakdowns.csv",
                file=place(registry, "populations", index),
            )


def _told_by_subtraction(registry: Registry) -> Iterator[Problem]:
    """A population that joins parts of its parent tells the other parts by subtraction: what they are not broken down
    by themselves, so that nothing guards it, it is not either."""
    codes, shown = _codes(registry), _breakdowns(registry)
    parts: dict[str, list[str]] = {}
    for row in registry.table("populations"):
        if row["parent_population_id"]:
            parts.setdefault(row["parent_population_id"], []).append(row["population_id"])
    for index, row in enumerate(registry.table("populations")):
        name, parent = row["population_id"], row["parent_population_id"]
        beside = [part for part in parts.get(parent, ()) if part != name]
        if not any(_holds(codes.get(name, {}), codes.get(part, {})) for part in beside):
            continue
        others = [part for part in beside if _are_apart(codes.get(name, {}), codes.get(part, {}))]
        for breakdown in sorted(shown.get(name, set()) & shown.get(parent, set())):
            for other in others:
                if breakdown not in shown.get(other, set()):
                    yield Problem(
                        "told_by_subtraction",
                        f"{parent} less {name} is {other} by {breakdown}, which {other} itself does not show",
                        f"remove {name},{breakdown} from registry/population_breakdowns.csv, or add "
                        f"{other},{breakdown}",
                        file=place(registry, "populations", index),
                    )


def _holds(whole: dict[str, set[str]], part: dict[str, set[str]]) -> bool:
    """Whether every member of ``part`` is one of ``whole`` too, by their codes."""
    return (
        bool(whole) and whole != part and all(part.get(name, of | {""}) <= of for name, of in whole.items())
    )


def _are_apart(one: dict[str, set[str]], other: dict[str, set[str]]) -> bool:
    return any(not one[concept] & other[concept] for concept in one.keys() & other.keys())


def _breakdowns(registry: Registry) -> dict[str, set[str]]:
    shown: dict[str, set[str]] = {}
    for row in registry.table("population_breakdowns"):
        shown.setdefault(row["population_id"], set()).add(row["breakdown_id"])
    return shown


def _totals(registry: Registry) -> Iterator[Problem]:
    """What is published of a population has a total."""
    shown = _breakdowns(registry)
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
        if row["verb"] in UNFED or not pair[1] or pair in covered or pair in told:
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
    _roots_apart,
    _breakdowns_between,
    _told_by_subtraction,
    _totals,
    _themes_of_waves,
)
