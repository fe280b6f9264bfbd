"""The whole proposal for a new wave: every file matched, and every row that the registry needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestration.deliveries.manifest import DeliveredFile
from orchestration.registry.crosswalk_tables import UNFED
from orchestration.registry.load import Registry, Row
from orchestration.registry.proposals import wave_rows
from orchestration.registry.proposals.columns import Column
from orchestration.registry.proposals.crosswalk_rows import FileProposal, Tables, compared, file_rows, shared
from orchestration.registry.proposals.evidence import Earlier, Variable
from orchestration.registry.proposals.matching import match
from orchestration.registry.proposals.meaning import Meanings
from orchestration.registry.proposals.roles import roles_for
from orchestration.registry.proposals.rules import Rules
from orchestration.registry.proposals.scores import Scorer


@dataclass(frozen=True)
class NewWave:
    """What is proposed: its wave_id, programme and year, and the wave that it is like."""

    wave_id: str
    programme_id: str
    year: int
    like: str


@dataclass(frozen=True)
class NewFile:
    """One new file as read: ``instrument_id`` and ``file_id`` are decided by now."""

    file_id: str
    instrument_id: str
    shown: str
    variables: tuple[Variable, ...]
    columns: dict[str, Column]


@dataclass(frozen=True)
class Proposal:
    """Matches and roles of each file, and the proposed rows of every table."""

    wave: NewWave
    files: list[FileProposal]
    tables: Tables


def propose(
    registry: Registry,
    rules: Rules,
    wave: NewWave,
    files: Sequence[NewFile],
    evidence: Sequence[Earlier],
    scorer: Scorer,
    before: Mapping[str, DeliveredFile],
) -> Proposal:
    """Match the files and write down what follows. ``before``: a file of each instrument in the earlier wave."""
    meanings = Meanings(registry, rules, evidence, scorer.likeness)
    found: list[FileProposal] = []
    for file in files:
        scores = scorer.against(file.variables, file.instrument_id)
        matches = [
            compared(one, file.instrument_id, evidence, meanings, registry, rules, wave.like)
            for one in match(file.variables, evidence, scores, rules, wave.like)
        ]
        roles = roles_for(matches, file.columns, before.get(file.instrument_id), rules)
        proposal = FileProposal(file.file_id, file.instrument_id, file.shown, matches, file.columns, roles)
        proposal.rows = file_rows(proposal, meanings, registry, rules, wave.wave_id, wave.year)
        found.append(proposal)
    return Proposal(wave, found, _tables(registry, rules, wave, found))


def _tables(registry: Registry, rules: Rules, wave: NewWave, files: Sequence[FileProposal]) -> Tables:
    asked = {concept for file in files for concept in file.concepts}
    themes = wave_rows.theme_rows(registry, rules, wave.wave_id, asked)
    covered = {row["theme_id"] for row in themes}
    tables: Tables = {
        "waves": [
            wave_rows.wave_row(registry, wave.wave_id, wave.programme_id, wave.year, wave.like),
        ],
        "wave_themes": themes,
        "wave_instruments": wave_rows.instrument_rows(
            registry, wave.wave_id, (file.instrument_id for file in files)
        ),
        "weight_totals": [wave_rows.weight_total_row(registry, wave.wave_id, file) for file in files],
        "series_breaks": list(wave_rows.break_rows(registry, wave.wave_id, wave.like)),
        "routing": [],
    }
    by_instrument: dict[str, dict[str, float]] = {}
    for instrument, members in _by_instrument(files).items():
        for file in members:
            file.rows["xw_variables"] += wave_rows.not_asked_rows(
                registry, file, wave.wave_id, covered, wave.like
            )
        for table, rows in shared(members).items():
            tables.setdefault(table, []).extend(rows)
        concepts = _concepts(members)
        by_instrument[instrument] = concepts
        tables["routing"] += wave_rows.routing_rows(registry, wave.wave_id, instrument, concepts, wave.like)
    tables["weighting_margins"] = wave_rows.margin_rows(
        registry, wave.wave_id, {name: set(concepts) for name, concepts in by_instrument.items()}, wave.like
    )
    return tables


def _by_instrument(files: Iterable[FileProposal]) -> dict[str, list[FileProposal]]:
    grouped: dict[str, list[FileProposal]] = {}
    for file in files:
        grouped.setdefault(file.instrument_id, []).append(file)
    return grouped


def _concepts(files: Iterable[FileProposal]) -> dict[str, float]:
    """Concepts that are answered in any file of an instrument, with the lowest of their scores."""
    found: dict[str, float] = {}
    for file in files:
        for row in file.rows["xw_variables"]:
            if row["verb"] not in UNFED:
                score = float(row["score"])
                found[row["concept_id"]] = min(score, found.get(row["concept_id"], score))
    return found


def count(tables: Mapping[str, Sequence[Row]]) -> int:
    """Number of proposed rows."""
    return sum(len(rows) for rows in tables.values())
