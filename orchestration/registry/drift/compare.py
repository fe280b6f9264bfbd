"""Every landed file against the crosswalk and the waves before it, before anything is built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.deliveries.problems import Problem
from orchestration.registry.drift import (
    arrangements,
    columns,
    copies,
    jumps,
    labels,
    missings,
    parts,
    questions,
    relations,
    rows,
    weights,
    wording,
)
from orchestration.registry.drift.accepted import settle
from orchestration.registry.drift.answers import FileAnswers, read_answers
from orchestration.registry.drift.findings import Finding, Nearest, Rules
from orchestration.registry.drift.predecessors import Earlier
from orchestration.registry.load import Registry

FLAG = "flag"
EXPLAINED_BY = {
    "share_jump": ("answers_swapped", "answers_mirrored"),
    "question_reworded": ("question_changed",),
    "answer_list_changed": ("scale_points_changed", "codes_moved"),
}
"""By kind, the kinds that tell the same of a variable, and more."""


@dataclass(frozen=True)
class Drift:
    """What was found: ``errors`` stop a wave, ``flags`` are shown; acceptances without a finding are errors.

    By wave: ``questions`` that were held against the crosswalk, and differences that a person ``accepted``;
    ``nearest``: by wave and kind, how near to its bound it came.
    """

    errors: list[Problem]
    flags: list[Problem]
    questions: Mapping[str, int] = field(default_factory=dict, compare=False)
    accepted: Mapping[str, int] = field(default_factory=dict, compare=False)
    nearest: Mapping[tuple[str, str], Nearest] = field(default_factory=dict, compare=False)

    @property
    def waves(self) -> set[str]:
        """Waves that something was found in."""
        return {problem.wave_id for problem in (*self.errors, *self.flags)}


def compare_drift(registry: Registry, folders: Iterable[Path], waves: Iterable[str] | None = None) -> Drift:
    """Hold landed files (``<landing>/<wave>/<file_id>``) against crosswalk and earlier waves.

    ``folders``: every landed file there is; ``waves``: those to tell about (all when left out), the others are
    only what they are compared with.
    """
    files = [read_answers(registry, folder) for folder in folders]
    wanted = None if waves is None else set(waves)
    return compare_files(
        registry, files, [file for file in files if wanted is None or file.wave_id in wanted]
    )


def compare_files(registry: Registry, files: list[FileAnswers], judged: list[FileAnswers]) -> Drift:
    """The same for files that have been read; ``judged`` are those of ``files`` to tell about."""
    rules = Rules(registry)
    found = [finding for finding in _find(registry, files, judged, rules) if rules.looks_for(finding.kind)]
    unsettled, unused = settle(registry, found, judged, files)
    left = list(_once(unsettled, found, rules))
    errors = [finding.problem() for finding in left if rules[finding.kind].verdict != FLAG]
    flags = [finding.problem() for finding in left if rules[finding.kind].verdict == FLAG]
    questions: Counter[str] = Counter()
    for file in judged:
        questions[file.wave_id] += len(file.concepts)
    open_findings = {id(finding) for finding in unsettled}
    accepted = Counter(finding.file.wave_id for finding in found if id(finding) not in open_findings)
    return Drift([*errors, *unused], flags, questions, accepted, rules.nearest)


def _find(
    registry: Registry, files: list[FileAnswers], judged: list[FileAnswers], rules: Rules
) -> Iterator[Finding]:
    earlier = Earlier(registry, files, rules)
    surveys: dict[tuple[str, str], list[FileAnswers]] = {}
    known = {
        year: labels.meanings([one for one in files if one.year < year]) for year in {f.year for f in judged}
    }
    for file in judged:
        surveys.setdefault(file.landed.scope, []).append(file)
        yield from questions.find_unaccounted_variables(file)
        yield from questions.find_changed_questions(file)
        yield from wording.find_other_questions(file, earlier, rules)
        yield from labels.find_moved_codes(file)
        yield from labels.find_changed_scales(file)
        yield from labels.find_contradicting_rows(file, known[file.year])
        yield from missings.find_changed_declarations(file)
        yield from rows.find_lost_rows(file)
        yield from columns.find_answers_outside_codes(file, rules)
        yield from columns.find_broken_routing(file, rules)
        yield from parts.find_odd_parts(file, earlier, rules)
        yield from arrangements.find_rearranged_answers(file, earlier, rules)
        yield from arrangements.find_shifted_columns(file, earlier, rules)
        yield from jumps.find_jumps(file, earlier, rules)
        yield from relations.find_loose_answers(file, earlier, rules)
        yield from relations.find_doubled_respondents(file, rules)
        yield from copies.find_copies(file, files, rules)
    for survey in surveys.values():
        before = earlier.files_before(survey[0])
        yield from weights.find_changed_weights(survey, before, rules)
        yield from relations.find_loose_weights(survey, before, rules)
        yield from rows.find_fallen_response(survey, before, rules)


def _once(unsettled: list[Finding], found: list[Finding], rules: Rules) -> Iterator[Finding]:
    """What is left to judge, without what another finding tells already.

    A share that jumps because two codes changed places is told as that, accepted or not. A question that neither the
    crosswalk nor an earlier wave knows is told once as long as that is open: whoever accepts that it differs from the
    crosswalk has not judged the series. What is only flagged hides no error.
    """
    for finding in unsettled:
        among = found if finding.kind == "share_jump" else unsettled
        weak = {FLAG} - {rules[finding.kind].verdict}
        if not any(
            other.kind in EXPLAINED_BY.get(finding.kind, ())
            and _place(other) == _place(finding)
            and rules[other.kind].verdict not in weak
            for other in among
        ):
            yield finding


def _place(finding: Finding) -> tuple[str, str, str]:
    return finding.file.wave_id, finding.file.file_id, finding.variable
