"""What the landed files of a wave ask, together: of nothing in silence, and of a population everybody or nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestration.deliveries.problems import Problem
from orchestration.registry.crosswalk_remedies import VARIABLES, for_silence
from orchestration.registry.crosswalk_rules import scope_of
from orchestration.registry.crosswalk_tables import UNFED
from orchestration.registry.landed_codes import LandedCodes
from orchestration.registry.load import Registry
from orchestration.registry.places import place

CONCEPTS_NAMED = 4
NAMED = 3
"""Populations or indicators that a message names."""


def concepts_without_word(registry: Registry, landed: list[LandedCodes]) -> Iterator[Problem]:
    """A concept of the wave's themes is mapped, or it was not asked and a row says why: silence is no answer."""
    rows = registry.table("xw_variables")
    said = {(*scope_of(row), row["concept_id"]) for row in rows}
    covered = {(row["wave_id"], row["theme_id"]) for row in registry.table("wave_themes")}
    themes = {row["concept_id"]: row["theme_id"] for row in registry.table("concepts")}
    of_instrument: dict[str, set[str]] = {}
    for row in rows:
        of_instrument.setdefault(row["instrument_id"], set()).add(row["concept_id"])
    for wave, instrument in sorted({file.scope for file in landed}):
        silent = [
            concept
            for concept in sorted(of_instrument.get(instrument, ()))
            if (not themes[concept] or (wave, themes[concept]) in covered)
            and (wave, instrument, concept) not in said
        ]
        if silent:
            more = f" and {len(silent) - CONCEPTS_NAMED} more" if len(silent) > CONCEPTS_NAMED else ""
            yield Problem(
                "concept_without_word",
                f"says nothing of {', '.join(silent[:CONCEPTS_NAMED])}{more} for {instrument} in {wave}, "
                "which other waves of this instrument asked",
                for_silence(wave, instrument, silent[:CONCEPTS_NAMED]),
                wave_id=wave,
                file=VARIABLES,
            )


def questions_of_some_files(registry: Registry, landed: list[LandedCodes]) -> Iterator[Problem]:
    """What an indicator needs is asked in every file that holds members of a population, or in none of them.

    A file of which everybody is outside the base is not missed. Which populations a file holds is what its manifest
    says under ``response``; where it says nothing, the build finds the respondents.
    """
    of_scope: dict[tuple[str, str], list[LandedCodes]] = {}
    for file in landed:
        of_scope.setdefault(file.scope, []).append(file)
    reached = _Reached(registry)
    needing = _indicators_by_concept(registry)
    for scope, files in sorted(of_scope.items()):
        rows = [
            (index, row)
            for index, row in enumerate(registry.table("xw_variables"))
            if scope_of(row) == scope and row["verb"] not in UNFED
        ]
        asked_in: dict[str, set[str]] = {}
        for _, row in rows:
            asked_in.setdefault(row["concept_id"], set()).update(
                file.file_id for file in files if row["file_id"] in ("", file.file_id)
            )
        for concept, asking in sorted(asked_in.items()):
            if len(asking) == len(files):
                continue
            # Named is an indicator of the concept itself, where it has one.
            own_first = sorted(
                needing.get(concept, ()), key=lambda name: registry.indicators[name].concept_id != concept
            )
            for indicator in own_first:
                base = registry.indicators[indicator].base_id
                within = [file for file in files if not reached.is_outside(file, base)]
                lacking = [file for file in within if file.file_id not in asking]
                others = [file for file in within if file.file_id in asking]
                shared = reached.held(others) & reached.held(lacking)
                if not shared:
                    continue
                named = _few(file.file_id for file in lacking)
                index = next(index for index, row in rows if row["concept_id"] == concept)
                yield Problem(
                    "question_of_some_files",
                    f"{concept} is asked in {_few(asking)} and not in {named}, and both hold members of "
                    f"{_few(shared)}: {indicator} would be of a part of them",
                    f"map the variable that asks it in {named}; if none does, make it not_asked for every file, or "
                    f"give {indicator} a base in registry/base_rules.csv that leaves out the members in {named}",
                    wave_id=scope[0],
                    file=place(registry, "xw_variables", index),
                )
                break


def _indicators_by_concept(registry: Registry) -> dict[str, list[str]]:
    """Indicators that need a concept, or what it goes into: their own, their denominator, those of their base."""
    inputs: dict[str, set[str]] = {}
    for row in registry.table("derived_inputs"):
        inputs.setdefault(row["concept_id"], set()).add(row["input_concept_id"])
    of_base: dict[str, set[str]] = {}
    for row in registry.table("base_rules"):
        of_base.setdefault(row["base_id"], set()).add(row["concept_id"])
    found: dict[str, list[str]] = {}
    for row in registry.table("indicators"):
        needed = {row["concept_id"], row["denominator_concept_id"]} | of_base.get(row["base_id"], set())
        for concept in needed.union(*(inputs.get(concept, ()) for concept in needed)):
            found.setdefault(concept, []).append(row["indicator_id"])
    return found


class _Reached:
    """Which populations files hold members of, and whether all of these are outside a base."""

    def __init__(self, registry: Registry) -> None:
        self.bases = _codes_by_concept(registry, "base_rules", "base_id")
        self.parents = {
            row["population_id"]: row["parent_population_id"] for row in registry.table("populations")
        }
        rules = _codes_by_concept(registry, "population_rules", "population_id")
        self.codes: dict[str, dict[str, set[str]]] = {}
        for name in self.parents:
            # The rule of a part is the narrower one.
            of_path = [rules.get(whole, {}) for whole in reversed(self._path(name))]
            self.codes[name] = {concept: codes for rule in of_path for concept, codes in rule.items()}

    def held(self, files: Iterable[LandedCodes]) -> set[str]:
        """The populations that were invited, and those that they are a part of."""
        return {name for file in files for invited in file.populations for name in self._path(invited)}

    def is_outside(self, file: LandedCodes, base: str) -> bool:
        """Whether nobody of the file has an answer that the base asks for, by the rules of its smallest populations."""
        invited = [self.codes[name] for name in file.populations]
        parts = [one for one in invited if not any(_is_part(other, one) for other in invited)]
        wanted = self.bases.get(base, {})
        return bool(parts) and all(
            any(codes.isdisjoint(wanted.get(concept, codes)) for concept, codes in part.items())
            for part in parts
        )

    def _path(self, population: str) -> list[str]:
        path = [population]
        while parent := self.parents.get(path[-1]):
            path.append(parent)
        return path


def _is_part(part: dict[str, set[str]], whole: dict[str, set[str]]) -> bool:
    return part != whole and all(part.get(concept, {""}) <= codes for concept, codes in whole.items())


def _codes_by_concept(registry: Registry, table: str, column: str) -> dict[str, dict[str, set[str]]]:
    found: dict[str, dict[str, set[str]]] = {}
    for row in registry.table(table):
        found.setdefault(row[column], {}).setdefault(row["concept_id"], set()).add(row["code"])
    return found


def _few(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - NAMED} more" if len(ordered) > NAMED else ""
    return ", ".join(ordered[:NAMED]) + more
