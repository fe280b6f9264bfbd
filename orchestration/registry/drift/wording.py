"""Question and answer list of a delivery against the last earlier wave that asked the same.

The crosswalk holds what a wave asked, and whoever signs it sees that wave alone: a question that was put otherwise,
or an answer more, is a break of the series, which is either in ``series_breaks`` or accepted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from orchestration.registry.breaks import (
    accepted_breaks,
    break_row,
    everybody,
    hits,
    indicators_by_concept,
)
from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.drift.findings import Finding, Rules
from orchestration.registry.drift.predecessors import Earlier
from orchestration.registry.drift.texts import plain
from orchestration.registry.load import Registry

BREAKS_OF_A_QUESTION = ("wording", "answer_list", "scale", "reference_period")
BREAKS_OF_ANSWERS = ("answer_list", "scale")
WORD = re.compile(r"\w+")


def find_other_questions(file: FileAnswers, earlier: Earlier, rules: Rules) -> Iterator[Finding]:
    """Compare every concept of a file with the last earlier wave that asked it.

    Words count, not their order or the signs between them: contractors put the heading of a grid before its
    line, or behind it. Concepts that tell populations apart are left to the rules of populations.
    """
    for concept in file.concepts:
        before = earlier.asked_before(file, concept)
        if not before or concept in file.structure:
            continue
        if rules.looks_for("question_reworded"):
            yield from _question(file, concept, before)
        if rules.looks_for("answer_list_changed") and file.registry.codes_of(concept):
            yield from _answers(file, concept, before)
        if rules.looks_for("answers_joined"):
            yield from _joined(file, concept, before)


def _question(file: FileAnswers, concept: str, before: list[FileAnswers]) -> Iterator[Finding]:
    name = file.concepts[concept].variable
    now = _text(file, concept)
    then = [_text(one, concept) for one in before]
    wave = before[0].wave_id
    # A contractor that delivers no texts says nothing of what was asked.
    known = [text for text in then if text]
    if not now or not known or any(_words(now) == _words(text) for text in known):
        return
    if _is_a_break(file.registry, file, concept, wave, BREAKS_OF_A_QUESTION):
        return
    line = _break(file, concept, wave, "wording")
    yield Finding(
        "question_reworded",
        file,
        f"asks '{now}' for {concept}, and {wave} asked '{known[0]}'",
        f"if it is another question, add {line}",
        name,
        before=known[0],
        now=now,
    )


def _answers(file: FileAnswers, concept: str, before: list[FileAnswers]) -> Iterator[Finding]:
    asked = [one.concepts[concept] for one in (file, *before)]
    now, then = asked[0].offered, frozenset().union(*(answers.offered for answers in asked[1:]))
    wave = before[0].wave_id
    if now == then or not all(answers.is_listed for answers in asked):
        return
    if _is_a_break(file.registry, file, concept, wave, BREAKS_OF_ANSWERS):
        return
    sides = [_listed(file.registry, concept, codes) for codes in (then - now, now - then)]
    told = [f"{verb} {side}" for verb, side in zip(("loses", "gains"), sides, strict=True) if side]
    line = _break(file, concept, wave, "answer_list")
    yield Finding(
        "answer_list_changed",
        file,
        f"the answer list of {concept} {' and '.join(told)} since {wave}",
        f"if the answers mean something else by it, add {line}; if an answer was only "
        "forgotten, correct crosswalk/xw_values.csv",
        file.concepts[concept].variable,
        before=", ".join(sorted(then)),
        now=", ".join(sorted(now)),
    )


def _joined(file: FileAnswers, concept: str, before: list[FileAnswers]) -> Iterator[Finding]:
    """An answer beside those that had a code before, or one of them that is gone: others choose between fewer or more.

    Where all labels of a code are others, a coarser or finer list was put in its place, and nothing is left over.
    """
    wave, name = before[0].wave_id, file.concepts[concept].variable
    earlier = [_labels(one, concept) for one in before]
    for code, now in _labels(file, concept).items():
        then = [labels[code] for labels in earlier if code in labels]
        if not then or not all(now.keys() < labels.keys() or now.keys() > labels.keys() for labels in then):
            continue
        if _is_a_break(file.registry, file, concept, wave, BREAKS_OF_ANSWERS):
            return
        sides = [" / ".join(sorted(labels.values())) for labels in (then[0], now)]
        yield Finding(
            "answers_joined",
            file,
            f"{code} of {concept} is made of '{sides[1]}', and in {wave} of '{sides[0]}'",
            "give the answer that differs a code of its own in crosswalk/xw_values.csv and codelists/codelists.csv; or "
            f"add {_break(file, concept, wave, 'answer_list')}",
            name,
            code,
            before=sides[0],
            now=sides[1],
        )


def _labels(file: FileAnswers, concept: str) -> dict[str, dict[str, str]]:
    """The labels that the crosswalk makes each code of, as they are, by their plain form."""
    found: dict[str, dict[str, str]] = {}
    for _, row in file.values.get(file.concepts[concept].variable, {}).values():
        if row["code"]:
            found.setdefault(row["code"], {})[plain(row["source_label"])] = row["source_label"]
    return found


def _text(file: FileAnswers, concept: str) -> str:
    return (file.variables[file.concepts[concept].variable]["variable_label"] or "").strip()


def _words(text: str) -> Counter[str]:
    return Counter(WORD.findall(plain(text)))


def _listed(registry: Registry, concept: str, codes: frozenset[str]) -> str:
    known = registry.codes_of(concept)
    return ", ".join(f"'{known[code].label_nl if code in known else code}'" for code in sorted(codes))


def _break(file: FileAnswers, concept: str, wave: str, kind: str) -> str:
    """What to add to the register of breaks: for the indicators that use the concept, and for no others.

    A break of the whole block would also take the change of questions away that were asked as before; one without a
    population that of other questionnaires.
    """
    registry = file.registry
    users = indicators_by_concept(registry).get(concept, [])
    tops = everybody(registry, file.instrument_id)
    line = break_row(
        from_wave_id=wave,
        to_wave_id=file.wave_id,
        indicator_id=users[0] if len(users) == 1 else "<indicator_id>" if users else "",
        block_id="" if users else registry.concepts[concept].block_id or "",
        population_id=tops[0] if len(tops) == 1 else "",
        kind=kind,
        effect="block",
    )
    return f"{line} for each of {', '.join(users)}" if len(users) > 1 else line


def _is_a_break(
    registry: Registry, file: FileAnswers, concept: str, wave: str, kinds: tuple[str, ...]
) -> bool:
    """Whether the register of breaks has one of these kinds, at or within the step to this wave, for every indicator
    that uses the concept (for its block, where none does)."""
    before, now = registry.waves[wave].year, file.year
    breaks = accepted_breaks(
        registry, lambda row, first, last: row["kind"] in kinds and before <= first and last <= now
    )
    blocks = {
        name: registry.indicators[name].block_id for name in indicators_by_concept(registry).get(concept, ())
    } or {"": registry.concepts[concept].block_id}
    return all(hits(registry, breaks, file.instrument_id, name, block) for name, block in blocks.items())
