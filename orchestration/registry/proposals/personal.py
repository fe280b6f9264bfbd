"""Texts of a codebook that hold personal data: they are not copied into the registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestration.deliveries.privacy_check import SAID, kinds_in_text
from orchestration.deliveries.privacy_rules import PrivacyRules
from orchestration.deliveries.problems import Problem
from orchestration.registry.proposals.evidence import Variable


def without_personal_data(
    variables: Sequence[Variable], file: str, wave_id: str, rules: PrivacyRules
) -> tuple[tuple[Variable, ...], list[Problem]]:
    """The variables without texts that hold personal data, and a notice for each that had one."""
    kept: list[Variable] = []
    notices: list[Problem] = []
    for variable in variables:
        held = {
            answer: kinds_in_text(answer.label, rules) | kinds_in_text(answer.code, rules)
            for answer in variable.answers
        }
        in_label = kinds_in_text(variable.label, rules)
        answers = tuple(answer for answer in variable.answers if not held[answer])
        dropped = len(variable.answers) - len(answers) + bool(in_label)
        if dropped:
            kinds = sorted(set().union(in_label, *held.values()))
            notices.append(
                Problem(
                    "personal_data_in_codebook",
                    f"{dropped} texts of its codebook look like {', '.join(SAID[kind] for kind in kinds)}; they "
                    "are not proposed",
                    "name the variable under `identifiers` or `free_text` in delivery.yml, or ask the supplier "
                    "for a codebook without them",
                    wave_id=wave_id,
                    file=file,
                    variable=variable.name,
                )
            )
        kept.append(replace(variable, answers=answers, label="" if in_label else variable.label))
    return tuple(kept), notices
