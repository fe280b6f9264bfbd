"""Spoils deliveries and looks whether anything notices: landing, the crosswalk or the search for drift."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from delivery import land
from studies import Study
from wrong import Fault

from orchestration.deliveries import DeliveryProblems, Problem
from orchestration.registry import compare_crosswalk
from orchestration.registry.drift.answers import read_answers
from orchestration.registry.drift.compare import compare_files

SEED = 20261126
TRIES = 60


@dataclass(frozen=True)
class Trial:
    """One spoilt delivery and what was said of it."""

    number: int
    kind: str
    study: str
    wave_id: str
    file_id: str
    problems: list[Problem]

    @property
    def is_noticed(self) -> bool:
        return bool(self.problems)


def try_all(faults: Iterable[Fault], studies: list[Study], folder: Path, every: int = 1) -> Iterator[Trial]:
    """Do each fault to a delivery drawn at random; with ``every``, only each so-many-th of them.

    What is drawn depends on the number of the case and on the studies. A fault that no delivery of the studies can
    have is left out.
    """
    for number, fault in enumerate(faults):
        if number % every == 0:
            trial = _try(number, fault, studies, folder / f"case_{number}")
            if trial is not None:
                yield trial


def _try(number: int, fault: Fault, studies: list[Study], folder: Path) -> Trial | None:
    rng = np.random.default_rng([SEED, number])
    for _ in range(TRIES):
        study = studies[int(rng.choice(len(studies), p=_shares(studies)))]
        wave_id, file_id = sorted(study.answers)[int(rng.integers(len(study.answers)))]
        delivery = study.delivery(wave_id, file_id)
        if fault(study, delivery, study.answers[wave_id, file_id], rng):
            break
    else:
        return None
    problems = _judge(study, delivery, wave_id, file_id, folder)
    shutil.rmtree(folder, ignore_errors=True)
    return Trial(number, fault.__name__, study.name, wave_id, file_id, problems)


def _shares(studies: list[Study]) -> list[float]:
    weights = [{"sample": 6.0, "lapop": 2.0, "zoo": 2.0}[study.name] for study in studies]
    return [weight / sum(weights) for weight in weights]


def _judge(study: Study, delivery, wave_id: str, file_id: str, folder: Path) -> list[Problem]:
    delivery.frame = delivery.frame.copy()
    try:
        landed = land(delivery, folder, study.key)
    except DeliveryProblems as fault:
        return fault.problems
    ours = read_answers(delivery.registry, landed)
    others = [answers for key, answers in study.answers.items() if key != (wave_id, file_id)]
    beside = [answers.landed.folder for answers in others if answers.landed.scope == ours.landed.scope]
    found = compare_files(delivery.registry, [ours, *others], [ours])
    return [*compare_crosswalk(delivery.registry, [landed, *beside]), *found.errors, *found.flags]
