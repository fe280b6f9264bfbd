"""The questionnaires: which items a wave asks, in which order, behind which gate and on which scale."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from orchestration.sample_data import parameters

_AUDIENCE = {"office_holders": "oh", "civil_servants": "cs", "organisations": "org"}
_FURTHER_ITEMS_KEPT_PCT = 93
# What somebody may answer besides the substantive codes, by scale.
_OFFERED = {
    "ja_nee": ("dont_know", "refused"),
    "ja_nee_dk": ("dont_know",),
    "victimhood": ("dont_know", "refused"),
    "seen": ("dont_know", "refused"),
    "present": ("dont_know",),
    "gender": ("refused",),
    "age": ("refused",),
    "incident_frequency": ("dont_know", "refused"),
    "incident_form": ("dont_know", "refused"),
    "incident_channel": ("dont_know", "refused"),
    "incident_severity": ("refused",),
    "count": ("dont_know",),
    "agreement_concept": ("dont_know",),
    "agreement": ("dont_know",),
    "frequency_5": ("dont_know",),
    "grade": ("dont_know",),
    "years": ("refused",),
    "hours": ("refused",),
    "education": ("refused",),
    "update_year": ("dont_know",),
    "policy_form": ("dont_know",),
    "social_media_rule": ("dont_know",),
    "ancillary_stance": ("dont_know",),
    "gifts_rule": ("dont_know",),
}


@dataclass(frozen=True)
class Item:
    """One variable of a questionnaire; ``key`` is the concept, or the name of a further item."""

    key: str
    is_concept: bool
    scale: str
    code: str
    text: str
    question_id: str
    question_code: str
    question_text: str
    question_number: int
    item_number: int
    items_n: int
    theme: str
    is_multiple: bool
    is_complement: bool
    gate: tuple[str, ...]
    level: float | None
    mean: float | None
    few_missing: bool

    @property
    def offered(self) -> tuple[str, ...]:
        """Kinds of no answer that this item's scale has a code for."""
        return _OFFERED.get(self.scale, ())


def asked_items(wave_id: str, instrument_id: str, wave_themes: set[str]) -> list[Item]:
    """Items of a wave's questionnaire in order, numbered as they stand in it.

    A concept is asked when ``levels.csv`` has it in this wave. Further items of the wave's themes are drawn
    by a stable hash of wave and item, so that questionnaires differ between waves.
    """
    concepts = parameters.asked(wave_id, instrument_id)
    chapter = "organisations" if instrument_id == "organisations" else "persons"
    found: list[Item] = []
    number = 0
    for question in parameters.read_yaml("questions")[chapter]:
        if _AUDIENCE[instrument_id] not in question["for"]:
            continue
        entries = [
            e
            for e in question["items"]
            if _is_asked(e, question, wave_id, instrument_id, concepts, wave_themes)
        ]
        if all(e.get("complement") for e in entries):
            continue
        number += 1
        for position, entry in enumerate(entries, start=1):
            found.append(_item(entry, question, number, position, len(entries)))
    return found


def _is_asked(
    entry: dict, question: dict, wave_id: str, instrument_id: str, concepts: set[str], wave_themes: set[str]
) -> bool:
    if "c" in entry:
        return _asked_concept(entry["c"], concepts)
    if question["theme"] in ("safety", "integrity") and question["theme"] not in wave_themes:
        return False
    gate = question.get("gate")
    if gate and gate[0] not in concepts:
        return False
    if entry.get("always") or entry.get("complement") or instrument_id == "organisations":
        return True
    digest = hashlib.sha256(f"{wave_id} {instrument_id} {entry['f']}".encode()).digest()
    return digest[0] % 100 < _FURTHER_ITEMS_KEPT_PCT


def _asked_concept(concept: str, concepts: set[str]) -> bool:
    # The year of the last update carries the level of "updated recently", which is cut from it.
    return concept in concepts or (concept == "policy_update_year" and "policy_updated_recently" in concepts)


def _item(entry: dict, question: dict, number: int, position: int, items_n: int) -> Item:
    return Item(
        key=entry.get("c") or entry["f"],
        is_concept="c" in entry,
        scale=entry.get("type") or question["type"],
        code=entry.get("code", ""),
        text=entry.get("text", ""),
        question_id=question["id"],
        question_code=question["code"],
        question_text=question["text"],
        question_number=number,
        item_number=position,
        items_n=items_n,
        theme=question["theme"],
        is_multiple=bool(question.get("mr")),
        is_complement=bool(entry.get("complement")),
        gate=tuple(question.get("gate", ())),
        level=entry.get("level"),
        mean=entry.get("mean"),
        few_missing=bool(question.get("few_missing")),
    )
