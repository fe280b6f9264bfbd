"""Texts of a codebook that hold personal data: they are not copied into the registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestration.deliveries.privacy_check import SAID, refused_in_codebook
from orchestration.deliveries.privacy_rules import PrivacyRules
from orchestration.deliveries.problems import Problem
from orchestration.registry.proposals.evidence import Variable


def without_personal_data(
    variables: Sequence[Variable], rules: PrivacyRules, file: str, wave_id: str
) -> tuple[tuple[Variable, ...], list[Problem]]:
    """The variables without codes and labels in which the door would find personal data, and a notice for each
    that had one."""
    kept: list[Variable] = []
    notices: list[Problem] = []
    for variable in variables:
        held = [
            refused_in_codebook(answer.code, rules) | refused_in_codebook(answer.label, rules)
            for answer in variable.answers
        ]
        in_label = refused_in_codebook(variable.label, rules)
        dropped = [kinds for kinds in (*held, in_label) if kinds]
        if dropped:
            said = ", ".join(sorted(SAID[kind] for kind in frozenset().union(*dropped)))
            notices.append(
                Problem(
                    "personal_data_in_codebook",
                    f"{len(dropped)} texts of its codebook look like {said}; they are not proposed",
                    "name the variable under `identifiers` or `free_text` in delivery.yml, or ask the supplier "
                    "for a codebook without them",
                    wave_id=wave_id,
                    file=file,
                    variable=variable.name,
                )
            )
        answers = tuple(answer for answer, kinds in zip(variable.answers, held, strict=True) if not kinds)
        kept.append(replace(variable, answers=answers, label="" if in_label else variable.label))
    return tuple(kept), notices
