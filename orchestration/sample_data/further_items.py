"""Answers to the items that no concept of the registry asks for: a delivery holds more than what is
harmonised."""

from __future__ import annotations

import numpy as np

from orchestration.sample_data import parameters
from orchestration.sample_data.questions import Item
from orchestration.sample_data.respondents import NOT_APPLICABLE, Respondents
from orchestration.sample_data.targets import MISSING_MARK

_SYSTEM = "@system"
_REMARKS = (
    "Geen opmerking.",
    "Duidelijke vragenlijst.",
    "Prettig dat dit onderwerp aandacht krijgt.",
    "Iets te lang.",
    "De antwoorden gaan over het afgelopen jaar.",
    "Graag een korte terugkoppeling.",
    "Ging vlot.",
    "n.v.t.",
    "Meer ruimte voor toelichting zou fijn zijn.",
    "Enkele vragen passen minder bij een kleine organisatie.",
)
_EDUCATION = (1, 3, 12, 8, 41, 32, 3)
_FREQUENCY = (14, 30, 33, 17, 6)


def add_further_items(
    people: Respondents, items: list[Item], drop_out: np.ndarray, rng: np.random.Generator
) -> None:
    """Draw every further item into ``people.answers``; whoever dropped out has no answer to the later
    ones."""
    n = len(people)
    no_answer = parameters.shares()["no_answer"]
    seen_late = False
    for item in items:
        seen_late = seen_late or item.question_id in ("veilig_oordeel", "gedragscode")
        if item.is_concept:
            continue
        states = _draw(item, people, rng)
        for kind in item.offered:
            states[rng.random(n) < no_answer[kind] / 100] = MISSING_MARK + kind
        if item.gate:
            states[~np.isin(people.answers[item.gate[0]], list(item.gate[1:]))] = NOT_APPLICABLE
        if item.is_complement:
            states = _complement(item, items, people)
        if seen_late:
            states[drop_out & (states != NOT_APPLICABLE)] = _SYSTEM
        people.answers[item.key] = states


def _draw(item: Item, people: Respondents, rng: np.random.Generator) -> np.ndarray:
    n = len(people)
    mood = 0.25 * people.safety_risk - 0.1
    if item.scale in ("ja_nee", "mention", "present", "ja_nee_dk"):
        odds = np.log((item.level or 30) / (100 - (item.level or 30))) + 0.5 * mood
        return np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), "ja", "nee").astype(object)
    if item.scale == "agreement":
        return _whole(rng.normal(item.mean or 3.0, 0.95, n) - mood, 1, 5)
    if item.scale == "grade":
        return _whole(rng.normal(item.mean or 7.0, 1.2, n) - mood, 1, 10)
    if item.scale == "frequency_5":
        return _choice(_FREQUENCY, n, rng)
    if item.scale == "education":
        return _choice(_EDUCATION, n, rng)
    if item.scale == "coalition":
        role = people.answers["role"]
        side = np.where(rng.random(n) < 0.57, "1", "2").astype(object)
        return np.where(np.isin(role, ["raadslid", "statenlid", "lid_algemeen_bestuur"]), side, "3").astype(
            object
        )
    if item.scale == "years":
        return _whole(np.minimum(rng.exponential(7, n), people.age_years - 18), 0, 45)
    if item.scale == "hours":
        return _whole(rng.normal(24, 11, n), 1, 60)
    if item.scale == "helper_victim":
        return np.where(people.answers["victim_any"] == "ja", "1", "2").astype(object)
    if item.scale == "free_text":
        text = np.array(_REMARKS, dtype=object)[rng.integers(0, len(_REMARKS), n)]
        return np.where(rng.random(n) < 0.08, text, "").astype(object)
    raise ValueError(f"no way to draw scale {item.scale}")


def _complement(item: Item, items: list[Item], people: Respondents) -> np.ndarray:
    """ "Something else", ticked when nothing else of the set was ticked."""
    others = [other.key for other in items if other.question_id == item.question_id and other.key != item.key]
    ticked = np.zeros(len(people), dtype=bool)
    for key in others:
        ticked |= people.answers[key] == "ja"
    states = np.where(ticked, "nee", "ja").astype(object)
    first = people.answers[others[0]]
    is_missing = np.array([str(state).startswith(MISSING_MARK) for state in first])
    states[is_missing] = first[is_missing]
    return states


def _whole(values: np.ndarray, low: int, high: int) -> np.ndarray:
    return np.clip(np.rint(values), low, high).astype(int).astype(str).astype(object)


def _choice(shares: tuple[int, ...], n: int, rng: np.random.Generator) -> np.ndarray:
    weights = np.array(shares, dtype=float)
    return (rng.choice(len(shares), size=n, p=weights / weights.sum()) + 1).astype(str).astype(object)
