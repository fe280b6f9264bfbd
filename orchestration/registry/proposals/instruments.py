"""Which questionnaire a file is of: the one whose earlier questions its variables fit best."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestration.registry.proposals.evidence import Variable
from orchestration.registry.proposals.rules import Rules
from orchestration.registry.proposals.scores import Scorer
from orchestration.registry.proposals.texts import plain

LONGEST_ID = 60
"""Characters of a file_id."""


def fits(scorer: Scorer, rules: Rules, variables: Sequence[Variable]) -> dict[str, float]:
    """How well a file fits each instrument, in the wave in which it fits best: the share of the file that the
    questions of that instrument and wave explain, times the share of them that the file asks.
    """
    import numpy as np

    result: dict[str, float] = {}
    if not variables:
        return result
    files = [(item.instrument_id, item.wave_id) for item in scorer.evidence]
    tables = {
        instrument: scorer.against(variables, instrument).total
        for instrument in sorted({i for i, _ in files})
    }
    for instrument, wave in sorted(set(files)):
        columns = np.flatnonzero([file == (instrument, wave) for file in files])
        part = tables[instrument][:, columns]
        explained = float((part.max(axis=1) >= rules.lowest_score).mean())
        asked = float((part.max(axis=0) >= rules.lowest_score).mean())
        result[instrument] = max(result.get(instrument, 0.0), explained * asked)
    return result


def divided(ranked: Mapping[Path, Mapping[str, float]], rules: Rules) -> dict[Path, str]:
    """The instrument of each file, ``''`` where none fits: its best one, unless two files want the same.

    Then each gets another one, if that fits each of them nearly as well as its best.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    best = {path: max(fit, key=lambda name: fit[name], default="") for path, fit in ranked.items()}
    chosen = {
        path: name if name and ranked[path][name] >= rules.instrument_fit else ""
        for path, name in best.items()
    }
    names = sorted({name for fit in ranked.values() for name in fit})
    if "" in chosen.values() or len(set(chosen.values())) == len(chosen) or len(names) < len(chosen):
        return chosen
    table = np.array([[fit.get(name, 0.0) for name in names] for fit in ranked.values()])
    rows, columns = linear_sum_assignment(table, maximize=True)
    if all(
        table[row, column] >= rules.instrument_near * table[row].max()
        for row, column in zip(rows, columns, strict=True)
    ):
        paths = list(ranked)
        return {paths[row]: names[column] for row, column in zip(rows, columns, strict=True)}
    return chosen


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
