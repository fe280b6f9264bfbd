"""Deliveries that are wrong in meaning: what contractors do by mistake, each done to a sound delivery."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from delivery import Delivery, distinct_codes
from studies import Study

from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.drift.relations import explained_weights

Generator = np.random.Generator
Fault = Callable[[Study, Delivery, FileAnswers, Generator], bool]
"""Spoils the delivery; false where this file has nothing to spoil in that way."""

WORDS = ("in de afgelopen 5 jaar", "zelden", "door collega's", "anders", "ooit", "soms")
ADDED = "Niet van toepassing op mij"


def labelled(delivery: Delivery, file: FileAnswers, fewest: int = 2) -> list[str]:
    """Recoded variables with at least that many labelled valid codes."""
    return [
        row["source_variable"]
        for _, row in file.mapped
        if row["verb"] == "recode" and len(valid_codes(delivery, row["source_variable"])) >= fewest
    ]


def valid_codes(delivery: Delivery, name: str) -> list[str]:
    """Labelled codes that are not declared missing, in order."""
    declared = delivery.missing.get(name, [])
    codes = [code for code in delivery.labels.get(name, {}) if code not in declared]
    return sorted(codes, key=lambda code: (float(code) if _is_number(code) else 0.0, code))


def pick(rng: Generator, items: list) -> object | None:
    return items[int(rng.integers(len(items)))] if items else None


def recode(delivery: Delivery, name: str, moves: dict[str, str], rows: np.ndarray | None = None) -> None:
    """Give answers other codes, all at once."""
    column = delivery.frame[name]
    typed = {float(a): float(b) for a, b in moves.items()} if delivery.is_numeric(name) else moves
    changed = column.map(lambda value: typed.get(value, value))
    if rows is not None:
        changed = column.where(~rows, changed)
    delivery.frame[name] = changed.astype(column.dtype)


def label_changed(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    name = pick(rng, labelled(delivery, file))
    if name is None:
        return False
    code = pick(rng, valid_codes(delivery, name))
    delivery.labels[name][code] += f" {pick(rng, list(WORDS))}"
    return True


def labels_exchanged(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    name = pick(rng, labelled(delivery, file))
    if name is None:
        return False
    one, other = rng.choice(valid_codes(delivery, name), 2, replace=False)
    labels = delivery.labels[name]
    labels[one], labels[other] = labels[other], labels[one]
    return True


def answer_inserted(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    name = pick(rng, [one for one in labelled(delivery, file) if _is_whole(valid_codes(delivery, one))])
    if name is None:
        return False
    codes, labels = valid_codes(delivery, name), delivery.labels[name]
    at = int(rng.integers(len(codes)))
    after = codes[at:]
    moves = {code: str(int(code) + 1) for code in after}
    taken = {code for code in labels if code not in codes}
    if taken & set(moves.values()):
        return False
    recode(delivery, name, moves)
    kept = {code: labels[code] for code in after}
    for code in after:
        del labels[code]
    labels[codes[at]] = ADDED
    labels.update({moves[code]: label for code, label in kept.items()})
    return True


def scale_turned_in_labels(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    name = pick(rng, labelled(delivery, file, 3))
    if name is None:
        return False
    codes, labels = valid_codes(delivery, name), delivery.labels[name]
    for code, label in zip(codes, [labels[code] for code in reversed(codes)], strict=True):
        labels[code] = label
    return True


def scale_turned_in_answers(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    name = _compared(study, delivery, file, rng, fewest=3)
    if name is None:
        return False
    codes = valid_codes(delivery, name) or distinct_codes(delivery, name)
    recode(delivery, name, dict(zip(codes, reversed(codes), strict=True)))
    return True


def scale_lost_a_point(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    name = pick(rng, labelled(delivery, file, 3))
    if name is None:
        return False
    codes = valid_codes(delivery, name)
    recode(delivery, name, {codes[-1]: codes[-2]})
    del delivery.labels[name][codes[-1]]
    return True


def dont_know_moved(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    names = [
        name
        for name in labelled(delivery, file)
        if any(code in ("8", "9", "98", "99") for code in delivery.missing.get(name, []))
    ]
    name = pick(rng, names)
    if name is None:
        return False
    moves = {code: str(code) * 2 for code in delivery.missing[name] if code in delivery.labels[name]}
    recode(delivery, name, moves)
    delivery.missing[name] = [moves.get(code, code) for code in delivery.missing[name]]
    delivery.labels[name] = {moves.get(code, code): label for code, label in delivery.labels[name].items()}
    return True


def missing_not_declared(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    names = [name for name in labelled(delivery, file) if delivery.missing.get(name)]
    name = pick(rng, names)
    if name is None or len(delivery.missing) < 2:
        return False
    delivery.missing[name] = []
    return True


def valid_declared_missing(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    name = pick(rng, [one for one in labelled(delivery, file) if len(delivery.missing.get(one, [])) < 3])
    if name is None:
        return False
    delivery.missing[name] = [*delivery.missing.get(name, []), valid_codes(delivery, name)[-1]]
    return True


def question_changed(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    names = [row["source_variable"] for _, row in (*file.mapped, *file.left_out)]
    name = pick(rng, [name for name in names if delivery.questions.get(name)])
    if name is None:
        return False
    delivery.questions[name] += f" {pick(rng, list(WORDS))}"
    return True


def variable_renamed(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    name = pick(rng, [row["source_variable"] for _, row in (*file.mapped, *file.left_out)])
    new = f"{name}_n"
    delivery.frame = delivery.frame.rename(columns={name: new})
    for told in (delivery.questions, delivery.labels, delivery.missing):
        if name in told:
            told[new] = told.pop(name)
    return True


def variable_vanished(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    name = pick(rng, [row["source_variable"] for _, row in (*file.mapped, *file.left_out)])
    delivery.frame = delivery.frame.drop(columns=[name])
    return True


def variable_appeared(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    delivery.frame["nieuw_1"] = rng.integers(1, 6, len(delivery.frame)).astype(float)
    delivery.questions["nieuw_1"] = "Een vraag die niemand aankondigde"
    return True


def weight_rescaled(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    if not file.weight_variable:
        return False
    factor = float(rng.choice([0.01, 0.1, 0.5, 1.05, 2.0, 10.0, 100.0, 1000.0]))
    delivery.frame[file.weight_variable] *= factor
    return True


def weight_of_a_part_rescaled(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    if not file.weight_variable:
        return False
    part = np.arange(len(delivery.frame)) < len(delivery.frame) * rng.uniform(0.2, 0.6)
    delivery.frame.loc[part, file.weight_variable] *= float(rng.choice([0.5, 1.5, 10.0]))
    return True


def weights_sorted(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    """The weights in another order than the respondents, as after sorting one sheet of two.

    Nobody can see it where the weights of the wave before did not go with the populations either.
    """
    before = [explained_weights(one) for one in study.earlier().files_before(file)]
    if not before or min(told or 0.0 for told in before) < 0.5 or (explained_weights(file) or 0.0) < 0.5:
        return False
    column = delivery.frame[file.weight_variable].to_numpy(copy=True)
    rng.shuffle(column)
    delivery.frame[file.weight_variable] = column
    return True


def answers_a_row_too_low(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    """From some question on, everybody has the answers of the respondent before."""
    answers = [name for name in delivery.frame if name in file.columns and name != file.weight_variable]
    of_concept = {row["concept_id"]: row["source_variable"] for _, row in file.mapped}
    place = {concept: answers.index(name) for concept, name in of_concept.items() if name in answers}
    pairs = [
        (place[row["gate_concept_id"]], place[row["concept_id"]])
        for row in study.registry.table("routing")
        if row["wave_id"] == file.wave_id and {row["gate_concept_id"], row["concept_id"]} <= place.keys()
    ]
    pair = pick(rng, [(gate, routed) for gate, routed in pairs if gate < routed])
    if pair is None:
        return False
    at = int(rng.integers(pair[0] + 1, pair[1] + 1))
    for name in answers[at:]:
        column = delivery.frame[name]
        delivery.frame[name] = column.reindex([column.index[-1], *column.index[:-1]]).to_numpy()
    return True


def weight_not_declared(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    if not file.weight_variable:
        return False
    delivery.entry = delivery.entry.model_copy(update={"weight": None})
    return True


def rows_lost(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    share = float(rng.choice([0.02, 0.1, 0.3, 0.6]))
    kept = len(delivery.frame) - max(1, round(share * len(delivery.frame)))
    delivery.frame = delivery.frame.iloc[:kept].reset_index(drop=True)
    return True


def population_lost(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    _, cells = file.cells
    present = np.unique(cells)
    if len(present) < 2:
        return False
    delivery.frame = delivery.frame[cells != rng.choice(present)].reset_index(drop=True)
    return True


def rows_doubled(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    import pandas as pd

    size = len(delivery.frame)
    part = delivery.frame.iloc[: max(1, round(size * rng.uniform(0.1, 0.5)))].copy()
    name = delivery.entry.respondent_id
    if name is not None:
        column = part[name]
        part[name] = column + 1e7 if delivery.is_numeric(name) else [f"{value}x" for value in column]
    delivery.frame = pd.concat([delivery.frame, part], ignore_index=True)
    return True


def columns_shifted(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    """From some column on the values stand one column to the right, as after a lost delimiter."""
    names = [name for name in delivery.frame if delivery.is_numeric(name)]
    answers = [name for name in names if name in file.columns and name != file.weight_variable]
    if len(answers) < 4:
        return False
    at = int(rng.integers(len(answers) - 3))
    moved = delivery.frame[answers[at:-1]].copy()
    delivery.frame[answers[at + 1 :]] = moved.to_numpy()
    delivery.frame[answers[at]] = np.nan
    return True


def columns_exchanged(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    """Two neighbouring columns of the same kind hold each other's answers."""
    names = [name for name in delivery.frame if name in set(labelled(delivery, file))]
    pairs = [
        (one, other)
        for one, other in pairwise(names)
        if delivery.labels[one] == delivery.labels[other] and _gap(study, file, one, other) >= CLEAR
    ]
    pair = pick(rng, pairs)
    if pair is None:
        return False
    one, other = pair
    delivery.frame[[one, other]] = delivery.frame[[other, one]].to_numpy()
    return True


def codes_exchanged(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    """Two codes change places in the answers alone; nothing in the codebook tells."""
    name = _compared(study, delivery, file, rng)
    if name is None:
        return False
    pair = _unlike_pair(delivery, name, rng)
    if pair is None:
        return False
    recode(delivery, name, {pair[0]: pair[1], pair[1]: pair[0]})
    return True


def codes_exchanged_in_a_part(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    """The same in half of the rows: one of two files that were put together."""
    name = _compared(study, delivery, file, rng)
    pair = _unlike_pair(delivery, name, rng, 60.0) if name is not None else None
    if pair is None:
        return False
    rows = np.arange(len(delivery.frame)) < len(delivery.frame) / 2
    recode(delivery, name, {pair[0]: pair[1], pair[1]: pair[0]}, rows)
    return True


def question_unanswered(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    name = _compared(study, delivery, file, rng)
    if name is None:
        return False
    delivery.frame[name] = np.nan if delivery.is_numeric(name) else None
    return True


def another_waves_file(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    others = [
        key
        for key, other in study.entries.items()
        if other[1].format in ("sav", "zsav") and key != _key(file)
    ]
    if not others or delivery.manifest.folder is None:
        return False
    manifest, entry = study.entries[pick(rng, others)]
    delivery.copy_of = (manifest.folder / entry.path).read_bytes()
    delivery.format = entry.format
    delivery.entry = delivery.entry.model_copy(
        update={
            "respondent_id": entry.respondent_id,
            "weight": entry.weight,
            "strata": entry.strata,
            "psu": entry.psu,
            "identifiers": entry.identifiers,
            "free_text": entry.free_text,
        }
    )
    return True


def another_waves_answers(study: Study, delivery: Delivery, file: FileAnswers, rng: Generator) -> bool:
    """The answers of the wave before under this wave's names, rows in another order."""
    before = study.earlier().files_before(file)
    if not before:
        return False
    other = study.delivery(before[0].wave_id, before[0].file_id)
    names = {
        old.concepts[concept].variable: answers.variable
        for old in before[:1]
        for concept, answers in file.concepts.items()
        if concept in old.concepts
    }
    # A variable can feed two concepts; a name can be free in one wave and taken in another.
    taken = set(other.frame.columns) - set(names)
    by_new = {new: old for old, new in names.items()}
    names = {old: new for new, old in by_new.items() if new not in taken}
    frame = other.frame.rename(columns=names).sample(frac=1, random_state=7).reset_index(drop=True)
    if len(names) < 4:
        return False
    delivery.frame, delivery.entry = frame, other.entry.model_copy(update={"file_id": delivery.entry.file_id})
    delivery.questions |= {
        names.get(name, name): text for name, text in other.questions.items() if name not in names
    }
    delivery.labels = {names.get(name, name): labels for name, labels in other.labels.items()}
    delivery.missing = {names.get(name, name): codes for name, codes in other.missing.items()}
    return True


CLEAR = 10.0
"""Points that two shares differ at least where an exchange is to be seen in the answers alone."""


def _compared(
    study: Study, delivery: Delivery, file: FileAnswers, rng: Generator, fewest: int = 2
) -> str | None:
    """A categorical variable of which an earlier wave asked the same."""
    earlier = study.earlier()
    names = []
    for concept, answers in file.concepts.items():
        compared = earlier.compared(file, concept)
        is_plain = answers.numbers is None and len(answers.codes) >= fewest
        if (
            not is_plain
            or compared is None
            or compared.size < 100
            or not delivery.is_numeric(answers.variable)
        ):
            continue
        if fewest < 3 or _is_lopsided(compared.before):
            names.append(answers.variable)
    return pick(rng, names)


def _is_lopsided(shares: np.ndarray) -> bool:
    """A scale whose ends are alike looks the same from both sides."""
    return float(np.abs(shares - shares[::-1]).sum()) >= 2 * CLEAR / 100


def _unlike_pair(
    delivery: Delivery, name: str, rng: Generator, points: float = CLEAR
) -> tuple[str, str] | None:
    column = delivery.frame[name].dropna()
    codes = valid_codes(delivery, name) or distinct_codes(delivery, name)
    answered = column[column.isin([float(code) for code in codes])]
    shares = {code: 100 * float((answered == float(code)).mean()) for code in codes}
    pairs = [(a, b) for a in codes for b in codes if a < b and abs(shares[a] - shares[b]) >= points]
    return pick(rng, pairs)


def _gap(study: Study, file: FileAnswers, one: str, other: str) -> float:
    by_name = {answers.variable: answers for answers in file.concepts.values()}
    a, b = by_name[one], by_name[other]
    if a.codes != b.codes or a.numbers is not None:
        return 0.0
    earlier = study.earlier()
    found = [earlier.compared(file, answers.concept_id) for answers in (a, b)]
    if any(compared is None or compared.size < 100 for compared in found):
        return 0.0
    first, second = found
    return 100 * float(np.abs(first.now - second.now).max()) if first.codes == second.codes else 0.0


def _key(file: FileAnswers) -> tuple[str, str]:
    return file.wave_id, file.file_id


def _is_whole(codes: list[str]) -> bool:
    return bool(codes) and all(code.isdigit() for code in codes)


def _is_number(code: str) -> bool:
    try:
        float(code)
    except ValueError:
        return False
    return True


KINDS: tuple[tuple[Fault, int], ...] = (
    (label_changed, 16),
    (labels_exchanged, 14),
    (answer_inserted, 18),
    (scale_turned_in_labels, 12),
    (scale_turned_in_answers, 10),
    (scale_lost_a_point, 12),
    (dont_know_moved, 16),
    (missing_not_declared, 10),
    (valid_declared_missing, 8),
    (question_changed, 14),
    (variable_renamed, 14),
    (variable_vanished, 14),
    (variable_appeared, 8),
    (weight_rescaled, 16),
    (weight_of_a_part_rescaled, 8),
    (weights_sorted, 4),
    (weight_not_declared, 6),
    (rows_lost, 14),
    (population_lost, 10),
    (rows_doubled, 8),
    (columns_shifted, 14),
    (answers_a_row_too_low, 4),
    (columns_exchanged, 6),
    (codes_exchanged, 16),
    (codes_exchanged_in_a_part, 6),
    (question_unanswered, 10),
    (another_waves_file, 6),
    (another_waves_answers, 6),
)
"""Every fault and how many of the 300 it makes."""


def faults() -> Iterator[Fault]:
    """The 300, kinds mixed so that a slice has some of each."""
    left = [[fault, count] for fault, count in KINDS]
    while any(count for _, count in left):
        for entry in left:
            if entry[1]:
                entry[1] -= 1
                yield entry[0]
