"""Where an answer list changed, an indicator says which answers it uses: of some waves, or one that runs through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from orchestration.deliveries.problems import Problem
from orchestration.registry.break_rules import years_of_concepts
from orchestration.registry.breaks import accepted_breaks
from orchestration.registry.csv_text import csv_line
from orchestration.registry.load import Registry, Row
from orchestration.registry.places import place
from orchestration.registry.series_rules import Series

FINE, GENERAL = "fine", "general"


def granularities(registry: Registry) -> Iterator[Problem]:
    """``granularity`` is what breaks, derived concepts, bases and the crosswalk make of it, no more and no less."""
    lists = _AnswerLists(registry)
    for index, row in enumerate(registry.table("indicators")):
        meant, why = lists.meant(row)
        if row["granularity"] != meant:
            yield Problem(
                "granularity",
                f"{row['indicator_id']} has granularity '{row['granularity']}', and {why}",
                f"make it {csv_line({**row, 'granularity': meant}.values())}; or correct the break, derived concept "
                "or base that says otherwise",
                file=place(registry, "indicators", index),
            )


@dataclass(frozen=True)
class _AnswerLists:
    """Which answers are of some waves only, and which join such answers."""

    registry: Registry

    def meant(self, indicator: Row) -> tuple[str, str]:
        """The granularity of an indicator, and what makes it so."""
        name, base = indicator["indicator_id"], indicator["base_id"]
        own = [indicator[column] for column in ("concept_id", "denominator_concept_id")]
        if break_id := self.blocked.get(name):
            return FINE, f"the answer list that it uses ends or begins at {break_id}"
        if why := next((self.ending[concept] for concept in own if concept in self.ending), ""):
            return FINE, why
        for decides in self.deciding.get(base, ()):
            if decides in self.fine:
                return FINE, f"its base {base} is made of answers of some waves only ({decides})"
        for joined in (*own, *self.named_by.get(base, ())):
            if inputs := self.joining.get(joined):
                of = "it" if joined in own else f"its base {base}"
                return (
                    GENERAL,
                    f"{of} uses {joined}, which joins answers of some waves only ({', '.join(inputs)})",
                )
        return "", "nothing that it uses changed its answer list"

    @cached_property
    def blocked(self) -> dict[str, str]:
        """Indicators over which an answer list changed so that no change is computed, with the break that says so."""
        waves, years = self.registry.waves, years_of_concepts(self.registry)
        breaks = accepted_breaks(
            self.registry,
            lambda row, first, last: row["kind"] == "answer_list" and row["effect"] != "warn",
        )
        return {
            name: row["break_id"]
            for name, indicator in self.registry.indicators.items()
            for row in reversed(breaks)
            if row["indicator_id"] in ("", name)
            and row["block_id"] in ("", indicator.block_id)
            # One of a block says nothing of a question that came later or was gone before.
            and (asked := years.get(indicator.concept_id))
            and min(asked) <= waves[row["to_wave_id"]].year
            and max(asked) >= waves[row["from_wave_id"]].year
        }

    @cached_property
    def ending(self) -> dict[str, str]:
        """Answers that only some waves of what joins them had, with what says so."""
        series = Series(self.registry)
        found: dict[str, str] = {}
        for joining, inputs in self.inputs_of_any.items():
            for instrument in sorted(self.registry.instruments):
                asked = {name: series.asked.get((instrument, name), []) for name in inputs}
                waves = [wave for wave in series.waves if any(wave in few for few in asked.values())]
                for name, few in asked.items():
                    # Of what no row says anything yet, another rule tells.
                    lacking = [wave for wave in waves if few and series.is_unfed(wave, instrument, name)]
                    if lacking:
                        found.setdefault(
                            name, f"{', '.join(lacking)} did not ask {name}, and {joining} goes on there"
                        )
        return found

    @cached_property
    def fine(self) -> set[str]:
        """Concepts whose answers are of some waves only; not where only the base of one indicator is."""
        indicators = self.registry.indicators
        running_on = {row.concept_id for name, row in indicators.items() if name not in self.blocked}
        return self.ending.keys() | ({indicators[name].concept_id for name in self.blocked} - running_on)

    @cached_property
    def joining(self) -> dict[str, list[str]]:
        """Concepts that join several answers, some of them of some waves only, and which those are."""
        return {
            name: found
            for name, inputs in self.inputs_of_any.items()
            if (found := sorted(set(inputs) & self.fine))
        }

    @cached_property
    def inputs_of_any(self) -> dict[str, list[str]]:
        any_of = {
            row["concept_id"] for row in self.registry.table("derived_concepts") if row["verb"] == "any_of"
        }
        found: dict[str, list[str]] = {}
        for row in self.registry.table("derived_inputs"):
            if row["concept_id"] in any_of:
                found.setdefault(row["concept_id"], []).append(row["input_concept_id"])
        return found

    @cached_property
    def named_by(self) -> dict[str, dict[str, set[str]]]:
        """The concepts that each base names, with the answers that let somebody in."""
        found: dict[str, dict[str, set[str]]] = {}
        for row in self.registry.table("base_rules"):
            found.setdefault(row["base_id"], {}).setdefault(row["concept_id"], set()).add(row["code"])
        return found

    @cached_property
    def deciding(self) -> dict[str, list[str]]:
        """The same, without concepts of which every answer lets in: those leave nobody out."""
        return {
            base: [name for name, codes in concepts.items() if codes < set(self.registry.codes_of(name))]
            for base, concepts in self.named_by.items()
        }
