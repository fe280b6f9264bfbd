"""Deliveries that only look wrong: what contractors vary without changing what anything means."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from delivery import Delivery
from studies import Study
from wrong import Fault, Generator, pick

from orchestration.registry.drift.answers import FileAnswers


def columns_reordered(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    delivery.order = [str(name) for name in rng.permutation(list(delivery.frame.columns))]
    return True


def labels_in_other_case(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    change = pick(rng, [str.upper, str.lower, str.title])
    for labels in delivery.labels.values():
        for code, label in labels.items():
            labels[code] = change(label) if change(label).lower() == label.lower() else label
    return bool(delivery.labels)


def labels_with_blanks_and_points(
    study: Study, delivery: Delivery, file: FileAnswers, rng: Generator
) -> bool:
    ending = pick(rng, [".", " ", "  ", " .", ":"])
    for labels in delivery.labels.values():
        for code, label in labels.items():
            labels[code] = label.replace(" ", "  ", 1) + ending
    return bool(delivery.labels)


def questions_in_other_spelling(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    change = pick(
        rng, [str.upper, lambda text: text + "?", lambda text: text.replace(" ", "  ") + " .", str.lower]
    )
    delivery.questions = {
        name: change(text) if text and len(change(text)) <= 255 else text
        for name, text in delivery.questions.items()
    }
    return any(delivery.questions.values())


def extra_variable_left_out(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    delivery.frame["extra_1"] = rng.integers(1, 8, len(delivery.frame)).astype(float)
    delivery.questions["extra_1"] = "Een vraag voor een ander"
    delivery.add_row(
        "xw_left_out",
        file_id=delivery.entry.file_id,
        source_variable="extra_1",
        source_label="Een vraag voor een ander",
        status="accepted",
        reason="niet voor de monitor",
    )
    return True


def extra_free_text(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    delivery.frame["toelichting_x"] = ["geen" if row % 9 else "iets" for row in range(len(delivery.frame))]
    delivery.questions["toelichting_x"] = "Toelichting"
    delivery.entry = delivery.entry.model_copy(
        update={"free_text": (*delivery.entry.free_text, "toelichting_x")}
    )
    return True


def rows_shuffled(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    delivery.frame = delivery.frame.iloc[rng.permutation(len(delivery.frame))].reset_index(drop=True)
    return True


def file_renamed(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    delivery.name = str(pick(rng, ["definitief v2 (nieuw)", "data_final", "levering-2"]))
    return True


def another_format(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    has_ranges = any(".." in part for parts in delivery.missing.values() for part in parts)
    # A codebook of a CSV has no ranges of missing codes.
    delivery.format = "zsav" if has_ranges else str(pick(rng, ["zsav", "csv"]))
    if delivery.format == "csv":
        for name in delivery.frame:
            if not delivery.is_numeric(name):
                delivery.frame[name] = delivery.frame[name].map(
                    lambda value: value.strip() or None if isinstance(value, str) else value
                )
    return True


def respondents_renumbered(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    name = delivery.entry.respondent_id
    if name is None:
        return False
    size = len(delivery.frame)
    numbers = 500000 + rng.permutation(size)
    delivery.frame[name] = numbers.astype(float) if delivery.is_numeric(name) else [str(n) for n in numbers]
    return True


def weights_rounded(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    """A little noise in the weights, as another rounding leaves it."""
    if not file.weight_variable:
        return False
    delivery.frame[file.weight_variable] = np.round(delivery.frame[file.weight_variable], 3)
    return bool((delivery.frame[file.weight_variable] > 0).all())


KINDS: tuple[tuple[Fault, int], ...] = (
    (columns_reordered, 26),
    (labels_in_other_case, 22),
    (labels_with_blanks_and_points, 20),
    (questions_in_other_spelling, 20),
    (extra_variable_left_out, 22),
    (extra_free_text, 14),
    (rows_shuffled, 24),
    (file_renamed, 10),
    (another_format, 24),
    (respondents_renumbered, 10),
    (weights_rounded, 8),
)
"""Every harmless change and how many of the 200 it makes."""


def changes() -> Iterator[Fault]:
    """The 200, kinds mixed so that a slice has some of each."""
    left = [[change, count] for change, count in KINDS]
    while any(count for _, count in left):
        for entry in left:
            if entry[1]:
                entry[1] -= 1
                yield entry[0]
