"""Texts of a codebook that hold somebody's address: they are not copied into the registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestration.deliveries.personal_data import has_email
from orchestration.deliveries.problems import Problem
from orchestration.registry.proposals.evidence import Variable


def without_addresses(
    variables: Sequence[Variable], file: str, wave_id: str
) -> tuple[tuple[Variable, ...], list[Problem]]:
    """The variables without texts that look like an e-mail address, and a notice for each that had one."""
    kept: list[Variable] = []
    notices: list[Problem] = []
    for variable in variables:
        answers = tuple(answer for answer in variable.answers if not has_email(answer.label))
        label = "" if has_email(variable.label) else variable.label
        dropped = len(variable.answers) - len(answers) + (label != variable.label)
        if dropped:
            notices.append(
                Problem(
                    "address_in_codebook",
                    f"{dropped} texts of its codebook look like e-mail addresses; they are not proposed",
                    "name the variable under `identifiers` or `free_text` in delivery.yml, or ask the supplier "
                    "for a codebook without them",
                    wave_id=wave_id,
                    file=file,
                    variable=variable.name,
                )
            )
        kept.append(replace(variable, answers=answers, label=label))
    return tuple(kept), notices
