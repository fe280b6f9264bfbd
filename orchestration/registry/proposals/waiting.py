"""What the registry tells of proposed rows beside earlier waves: changed answer lists, and the nearest concepts."""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.registry.declaration import PROPOSED
from orchestration.registry.load import Registry, Row
from orchestration.registry.proposals.answer_lists import list_of, side_by_side, table
from orchestration.registry.proposals.crosswalk_rows import two_decimals
from orchestration.registry.proposals.evidence import Earlier, Variable, from_registry, of_wave
from orchestration.registry.proposals.matching import meaning
from orchestration.registry.proposals.rules import rules_of
from orchestration.registry.proposals.scores import Scorer


def changed_lists(registry: Registry, wave_id: str) -> dict[tuple[str, str], list[str]]:
    """Both answer lists, as lines, of each variable with a proposed mapping that has an answer more or fewer than
    the nearest earlier wave which asked the same; by instrument and name."""
    waiting = [
        item for item in of_wave(registry, wave_id) if any(row["status"] == PROPOSED for row in item.concepts)
    ]
    asked: dict[tuple[str, str], list[Earlier]] = {}
    for item in from_registry(registry, wave_id) if waiting else ():
        for row in item.concepts:
            asked.setdefault((item.instrument_id, row["concept_id"]), []).append(item)
    found: dict[tuple[str, str], list[str]] = {}
    for item in waiting:
        now = list_of(registry, item)
        known = [
            one for row in item.concepts for one in asked.get((item.instrument_id, row["concept_id"]), ())
        ]
        for before in sorted(known, key=lambda one: _nearness(registry, item, one), reverse=True):
            if then := list_of(registry, before):
                lists = side_by_side(before.shown, then, now)
                if now and lists.is_other:
                    found[item.instrument_id, item.variable.name] = table(lists)
                break
    return found


def _nearness(registry: Registry, item: Earlier, other: Earlier) -> tuple[bool, bool, int]:
    """Of the same programme first, then what came before, then the nearest year."""
    ours, theirs = registry.waves[item.wave_id], registry.waves[other.wave_id]
    same = theirs.programme_id == ours.programme_id
    return same, theirs.year < ours.year, -abs(theirs.year - ours.year)


def nearest_concepts(registry: Registry, rows: Sequence[Row]) -> list[tuple[str, str]]:
    """For each left-out row the concepts of the question whose text is most like it, and how much; ``("", "")`` where
    nothing is."""
    evidence = [item for item in from_registry(registry, rows[0]["wave_id"]) if item.concepts]
    variables = [Variable(row["source_variable"], row["source_label"]) for row in rows]
    if not evidence:
        return [("", "")] * len(rows)
    text = Scorer(registry, rules_of(registry), evidence, variables).against(variables, "").text
    best = text.argmax(axis=1)
    return [
        (meaning(evidence[index]), two_decimals(float(text[row, index])))
        if text[row, index] > 0
        else ("", "")
        for row, index in enumerate(best)
    ]
