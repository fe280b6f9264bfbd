"""The last earlier wave that asked the same: found through the crosswalk, whatever its variable was called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.drift.shares import Comparison, Tally, compare, tally, together
from orchestration.registry.load import Registry

Question = tuple[str, str]
"""Instrument and concept."""


@dataclass(frozen=True)
class Earlier:
    """Every landed file, with what each wave's answers to each question add up to, counted when first asked for."""

    registry: Registry
    files: list[FileAnswers]
    fewest: float
    """Answers of a population below which it takes no part in a comparison."""
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
        waves = self._by_question.get((file.instrument_id, concept), {})
        return waves.get(self.wave_before(file, waves) or "", [])

    def tally(self, file: FileAnswers, concept: str) -> Tally | None:
        """Answers of one file to one concept; ``None`` where they have no shares."""
        if concept not in file.kept:
            file.kept[concept] = tally(file, concept, file.cells)
        return file.kept[concept]

    def compared(self, file: FileAnswers, concept: str, as_concept: str = "") -> Comparison | None:
        """Answers of a file to a concept beside the earlier wave's answers to it (or to ``as_concept``)."""
        other = as_concept or concept
        key = (file.wave_id, file.file_id, concept, other)
        if key not in self._compared:
            before = [self.tally(one, other) for one in self.asked_before(file, other)]
            known = [one for one in before if one is not None]
            now = self.tally(file, concept)
            self._compared[key] = (
                compare(now, together(known), self.fewest) if now is not None and known else None
            )
        return self._compared[key]
