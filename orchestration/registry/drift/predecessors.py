"""The last earlier wave that asked the same: found through the crosswalk, whatever its variable was called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.drift.findings import Rules
from orchestration.registry.drift.shares import Comparison, Tally, compare, tally, together
from orchestration.registry.load import Registry

Question = tuple[str, str]
"""Instrument and concept."""


@dataclass(frozen=True)
class Earlier:
    """Every landed file, with what each wave's answers to each question add up to, counted when first asked for."""

    registry: Registry
    files: list[FileAnswers]
    rules: Rules
    _compared: dict[tuple[str, str, str, str], Comparison | None] = field(default_factory=dict, repr=False)

    @cached_property
    def _by_question(self) -> dict[Question, dict[str, list[FileAnswers]]]:
        found: dict[Question, dict[str, list[FileAnswers]]] = {}
        for file in self.files:
            for concept in file.concepts:
                waves = found.setdefault((file.instrument_id, concept), {})
                waves.setdefault(file.wave_id, []).append(file)
        return found

    def wave_before(self, file: FileAnswers, waves: Iterable[str]) -> str | None:
        """The last of ``waves`` before this file's; one of its own programme goes before any other."""
        programme = self.registry.waves[file.wave_id].programme_id
        earlier = [
            (self.registry.waves[wave].programme_id == programme, self.registry.waves[wave].year, wave)
            for wave in waves
            if self.registry.waves[wave].year < file.year
        ]
        return max(earlier)[2] if earlier else None

    def files_before(self, file: FileAnswers) -> list[FileAnswers]:
        """The files of the last earlier wave that fielded the same instrument."""
        same = [one for one in self.files if one.instrument_id == file.instrument_id]
        wave = self.wave_before(file, {one.wave_id for one in same})
        return [one for one in same if one.wave_id == wave]

    def asked_before(self, file: FileAnswers, concept: str) -> list[FileAnswers]:
        """The files of the last earlier wave that asked the same instrument for the concept."""
        return next(self._asked(file, concept), [])

    def _asked(self, file: FileAnswers, concept: str) -> Iterator[list[FileAnswers]]:
        """The files of every earlier wave that asked the same instrument for the concept, the last wave first."""
        waves = dict(self._by_question.get((file.instrument_id, concept), {}))
        while (wave := self.wave_before(file, waves)) is not None:
            yield waves.pop(wave)

    def tally(self, file: FileAnswers, concept: str) -> Tally | None:
        """Answers of one file to one concept; ``None`` where they have no shares."""
        if concept not in file.kept:
            file.kept[concept] = tally(file, concept, file.cells, self.rules.policy("drift_most_codes"))
        return file.kept[concept]

    def together(self, files: Iterable[FileAnswers], concept: str) -> Tally | None:
        """Answers of the files of one wave to one concept; ``None`` where none of them has shares."""
        known = [found for file in files if (found := self.tally(file, concept)) is not None]
        return together(known) if known else None

    def compared(self, file: FileAnswers, concept: str, as_concept: str = "") -> Comparison | None:
        """Answers of a file to a concept beside the last earlier wave's answers to it (or to ``as_concept``).

        That is the last wave with answers of a population that the file has too: a wave among councillors alone
        is compared with the councillors of an earlier wave. ``None`` where there is none.
        """
        other = as_concept or concept
        key = (file.wave_id, file.file_id, concept, other)
        if key not in self._compared:
            now = self.tally(file, concept)
            self._compared[key] = None if now is None else self._compare(file, now, other)
        return self._compared[key]

    def _compare(self, file: FileAnswers, now: Tally, concept: str) -> Comparison | None:
        fewest = self.rules.policy("drift_fewest_of_a_population")
        told_apart: set[str] = set()
        for files in self._asked(file, concept):
            before = self.together(files, concept)
            # A wave that cannot tell the populations apart has none of them.
            if before is None or not told_apart <= before.telling:
                continue
            found = compare(now, before, fewest, files[0].wave_id)
            if found is not None:
                return found
            told_apart |= now.telling & before.telling
        return None
