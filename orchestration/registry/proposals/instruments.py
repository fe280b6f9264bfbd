"""Which questionnaire a file is of: the one whose earlier questions its variables fit best."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from orchestration.registry.proposals.evidence import Earlier, Variable
from orchestration.registry.proposals.rules import Rules
from orchestration.registry.proposals.scores import Scorer
from orchestration.registry.proposals.texts import plain

LONGEST_ID = 60
"""Characters of a file_id."""


def fits(scorer: Scorer, rules: Rules, variables: Sequence[Variable], like: str) -> dict[str, float]:
    """How well a file fits each instrument: the share of that instrument's questions that it asks, times the
    share of the file that it explains. The wave that the new one is like decides where it has the instrument.
    """
    import numpy as np

    result: dict[str, float] = {}
    for instrument in sorted({item.instrument_id for item in scorer.evidence}):
        table = scorer.against(variables, instrument).total
        ours = [_is_of(item, instrument, like, scorer.evidence) for item in scorer.evidence]
        columns = np.flatnonzero(ours)
        if not len(columns) or not len(variables):
            continue
        part = table[:, columns]
        explained = float((part.max(axis=1) >= rules.lowest_score).mean())
        asked = float((part.max(axis=0) >= rules.lowest_score).mean())
        result[instrument] = explained * asked
    return result


def _is_of(item: Earlier, instrument: str, like: str, evidence: Sequence[Earlier]) -> bool:
    if item.instrument_id != instrument:
        return False
    has_like = any(other.wave_id == like and other.instrument_id == instrument for other in evidence)
    return not has_like or item.wave_id == like


def file_ids(instruments: Mapping[str, str]) -> dict[str, str]:
    """The file_id of each file, by its name: its instrument, or what sets it apart from the others of it.

    ``instruments``: instrument by name of the file.
    """
    found: dict[str, str] = {}
    for instrument in sorted(set(instruments.values())):
        names = [name for name, its in instruments.items() if its == instrument]
        if len(names) == 1:
            found[names[0]] = instrument
            continue
        words = {name: re.findall("[a-z]+", plain(name.rpartition(".")[0])) for name in names}
        for number, name in enumerate(names, start=1):
            others = {word for other in names if other != name for word in words[other]}
            own = "_".join(word for word in words[name] if word not in others)[:LONGEST_ID]
            found[name] = own if own and own not in found.values() else f"{instrument}_{number}"
    return found
