"""What the crosswalk says of a series that changed has a word in the register of breaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from orchestration.deliveries.problems import Problem
from orchestration.registry.breaks import accepted_breaks, break_row, hits, indicators_by_concept
from orchestration.registry.crosswalk_tables import UNFED
from orchestration.registry.load import Registry, Row
from orchestration.registry.places import place

LIMITED = "limited"


def limited_without_break(registry: Registry) -> Iterator[Problem]:
    """A question that is comparable with limits in one wave and without in the next ends the series, or warns.

    ``comparability`` is shown and decides nothing; the register of breaks decides.
    """
    series = Series(registry)
    for (instrument, concept), waves in series.asked.items():
        for before, after in pairwise(waves):
            if series.is_limited(before, instrument, concept) == series.is_limited(
                after, instrument, concept
            ):
                continue
            wave = after if series.is_limited(after, instrument, concept) else before
            for indicator in series.unbroken(concept, instrument, before, after):
                yield Problem(
                    "limited_without_break",
                    f"{concept} is comparable with limits ({series.note(wave, instrument, concept)}), and no break "
                    f"between {before} and {after} hits {indicator}, which is made of it",
                    f"add {_row(before, after, indicator)}; or correct comparability",
                    file=series.place(wave, instrument, concept),
                    wave_id=wave,
                )


def other_inputs_without_break(registry: Registry) -> Iterator[Problem]:
    """A concept that is derived from other questions than in the wave before counts something else.

    A count has no meaning beside one of more or fewer things, so its break blocks; of any and all it may warn.
    """
    series = Series(registry)
    derived = {row["concept_id"]: row["verb"] for row in registry.table("derived_concepts")}
    for concept, verb in derived.items():
        inputs = [
            row["input_concept_id"]
            for row in registry.table("derived_inputs")
            if row["concept_id"] == concept
        ]
        for instrument in {row["instrument_id"] for row in registry.table("wave_instruments")}:
            asked = {
                wave: {name for name in inputs if wave in series.asked.get((instrument, name), ())}
                for wave in series.waves
            }
            waves = [wave for wave in series.waves if asked[wave]]
            for before, after in pairwise(waves):
                sides = (
                    {name for name in asked[before] if series.is_unfed(after, instrument, name)},
                    {name for name in asked[after] if series.is_unfed(before, instrument, name)},
                )
                if not any(sides):
                    continue
                must_block = verb == "count_of"
                for indicator in series.unbroken(concept, instrument, before, after, must_block):
                    told = " and ".join(
                        f"{word} {', '.join(sorted(side))}"
                        for word, side in zip(("loses", "gains"), sides, strict=True)
                        if side
                    )
                    yield Problem(
                        "other_inputs_without_break",
                        f"{concept} {told} in {after}, and no break since {before} "
                        f"{'blocks' if must_block else 'hits'} {indicator}, which is made of it",
                        f"add {_row(before, after, indicator)}; or map what is lacking",
                        file="registry/derived_inputs.csv",
                        wave_id=after,
                    )


@dataclass(frozen=True)
class Series:
    """Which waves asked what, and which indicators a break between two of them hits."""

    registry: Registry

    @cached_property
    def waves(self) -> list[str]:
        """Waves by year, as series have them."""
        return sorted(self.registry.waves, key=lambda wave: (self.registry.waves[wave].year, wave))

    @cached_property
    def rows(self) -> dict[tuple[str, str, str], list[int]]:
        """Places of the fed rows of the crosswalk, by wave, instrument and concept."""
        found: dict[tuple[str, str, str], list[int]] = {}
        for index, row in enumerate(self.registry.table("xw_variables")):
            if row["verb"] not in UNFED and row["status"] == "accepted":
                key = (row["wave_id"], row["instrument_id"], row["concept_id"])
                found.setdefault(key, []).append(index)
        return found

    @cached_property
    def asked(self) -> dict[tuple[str, str], list[str]]:
        """Waves that asked a concept, by instrument and concept."""
        found: dict[tuple[str, str], set[str]] = {}
        for wave, instrument, concept in self.rows:
            found.setdefault((instrument, concept), set()).add(wave)
        return {key: [wave for wave in self.waves if wave in waves] for key, waves in found.items()}

    @cached_property
    def unfed(self) -> set[tuple[str, str, str]]:
        """Wave, instrument and concept of what a row says was not asked, or in another form."""
        return {
            (row["wave_id"], row["instrument_id"], row["concept_id"])
            for row in self.registry.table("xw_variables")
            if row["verb"] in UNFED and row["status"] == "accepted"
        }

    def is_unfed(self, wave: str, instrument: str, concept: str) -> bool:
        """Whether no file asked it, and a row says so: of what nothing is said another rule tells."""
        key = (wave, instrument, concept)
        return key in self.unfed and key not in self.rows

    def is_limited(self, wave: str, instrument: str, concept: str) -> bool:
        """Whether any file's question is comparable with limits."""
        return any(row["comparability"] == LIMITED for row in self._rows(wave, instrument, concept))

    def note(self, wave: str, instrument: str, concept: str) -> str:
        """Why, as the crosswalk says it."""
        notes = [
            row["note"] for row in self._rows(wave, instrument, concept) if row["comparability"] == LIMITED
        ]
        return next(filter(None, notes), "without a note")

    def place(self, wave: str, instrument: str, concept: str) -> str:
        """The first row of the crosswalk that says so."""
        indices = self.rows[wave, instrument, concept]
        table = self.registry.table("xw_variables")
        limited = [index for index in indices if table[index]["comparability"] == LIMITED]
        return place(self.registry, "xw_variables", (limited or indices)[0])

    def unbroken(
        self, concept: str, instrument: str, before: str, after: str, must_block: bool = False
    ) -> list[str]:
        """Indicators that use the concept and that no break hits between two waves that follow each other."""
        since, until = self.registry.waves[before].year, self.registry.waves[after].year
        breaks = accepted_breaks(
            self.registry,
            lambda row, first, last: (
                since < last and until > first and not (must_block and row["effect"] == "warn")
            ),
        )
        return [
            name
            for name in self.users.get(concept, ())
            if not hits(self.registry, breaks, instrument, name, self.registry.indicators[name].block_id)
        ]

    @cached_property
    def users(self) -> dict[str, list[str]]:
        """Indicators that count a concept, by concept."""
        return indicators_by_concept(self.registry)

    def _rows(self, wave: str, instrument: str, concept: str) -> list[Row]:
        table = self.registry.table("xw_variables")
        return [table[index] for index in self.rows.get((wave, instrument, concept), ())]


def _row(before: str, after: str, indicator: str) -> str:
    return break_row(from_wave_id=before, to_wave_id=after, indicator_id=indicator)


SERIES_RULES = (limited_without_break, other_inputs_without_break)
