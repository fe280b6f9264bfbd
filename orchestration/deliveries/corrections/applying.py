"""Applying the accepted corrections of one file, in the order of ``corrections.yml``, each behind its guard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from orchestration.deliveries.corrections.actions import Change, Refusal, act
from orchestration.deliveries.corrections.columns import (
    NotThisKind,
    code_for,
    counted,
    holds,
    labels_of,
    variable_of,
)
from orchestration.deliveries.corrections.reasons import coded_column
from orchestration.deliveries.corrections.records import Condition, Correction, Rename
from orchestration.deliveries.manifest import CORRECTIONS_NAME, DeliveredFile, Manifest
from orchestration.deliveries.problems import DeliveryProblems, Problem, closest
from orchestration.deliveries.source_table import NUMERIC, SourceTable, is_declared_missing

CODES_SHOWN = 5


@dataclass(frozen=True)
class AppliedCorrection:
    """A correction and what it did. ``variables`` under the names that they have in landing; none: all."""

    correction: Correction
    variables: tuple[str, ...]
    rows_matched: int
    rows_changed: int


def apply_corrections(
    manifest: Manifest, entry: DeliveredFile, source: SourceTable, corrections: Sequence[Correction]
) -> tuple[SourceTable, list[AppliedCorrection]]:
    """The corrected file, and what was done to it.

    Raises ``DeliveryProblems`` (exit code 1) at the first correction that does not hold: those behind it were
    written for a file in which it does.
    """
    applied: list[AppliedCorrection] = []
    for correction in corrections:
        try:
            change = _applied(entry, source, correction)
        except Refusal as refusal:
            raise DeliveryProblems([_problem(manifest, entry, correction, refusal)]) from None
        source = change.source
        action = correction.action
        if isinstance(action, Rename):
            applied = [_under_new_name(one, action) for one in applied]
            names: tuple[str, ...] = (action.to,)
        else:
            names = correction.variables
        applied.append(AppliedCorrection(correction, names, int(change.matched.sum()), change.changed))
    return source, applied


class _GuardFailed(Refusal):
    """What the record expects of the file is not so."""


class _NothingMatched(Refusal):
    """No row, code or label is what the correction is about."""


class _Guarded(Refusal):
    """An identifier, which corrections leave alone."""


class _Unknown(Refusal):
    """A variable that the file lacks."""


def _applied(entry: DeliveredFile, source: SourceTable, correction: Correction) -> Change:
    _check_names(entry, source, correction)
    rows = _matching(source, correction.match)
    label = _present_label(source, correction)
    try:
        change = act(source, correction.action, rows)
    except NotThisKind as wrong:  # pragma: no cover - actions translate it themselves
        raise Refusal("holds a code that is no number", "correct the correction", code=str(wrong)) from None
    if correction.action.takes_match and not change.matched.any() and correction.expect.rows != 0:
        raise _NothingMatched("matches no row", _remedy(correction))
    _check_guards(source, correction, change, label)
    if not change.is_effective:
        raise _NothingMatched(
            "changes nothing: the file is as the correction would make it", _remedy(correction)
        )
    return change


def _check_names(entry: DeliveredFile, source: SourceTable, correction: Correction) -> None:
    # Compared without case: what differs from an identifier in case alone is too near to it.
    guarded = {name.casefold() for name in entry.dropped}
    for field, names in (
        ("match", [condition.variable for condition in correction.match]),
        ("action", correction.variables),
    ):
        for name in names:
            if name.casefold() in guarded:
                raise _Guarded(
                    f"`{field}` names a respondent id, panel id, identifier or free text; corrections leave these "
                    "alone",
                    "choose rows by the codes of other variables, or ask the supplier for a higher version",
                    name,
                )
            if variable_of(source, name) is None:
                raise _Unknown(
                    f"`{field}` names it, and the file has no such variable{closest(name, source.variable_names)}",
                    "correct the name; after a `rename` the new one counts",
                    name,
                )

    # Into a declared name is well: the variable is dropped as declared. Almost into it would let it land.
    to = getattr(correction.action, "to", None)
    if to is not None and to.casefold() in guarded and to not in entry.dropped:
        raise _Guarded(
            f"cannot be called {to}: the manifest declares that name in another case as an identifier",
            "write `to` as delivery.yml writes it",
            correction.action.variable,
        )


def _matching(source: SourceTable, conditions: Sequence[Condition]) -> Any:
    """The rows that meet every condition, as a boolean column."""
    import pandas as pd

    rows = pd.Series(True, index=source.frame.index)
    for condition in conditions:
        variable = variable_of(source, condition.variable)
        assert variable is not None
        column = source.frame[condition.variable]
        if condition.codes is not None:
            found = rows & False
            for code in condition.codes:
                try:
                    known = None if code is None else code_for(variable, code)
                except NotThisKind:
                    raise Refusal(
                        "the variable holds numbers, and this code is none",
                        "correct `match` in the correction",
                        condition.variable,
                        code or "",
                    ) from None
                found = found | holds(variable, coded_column(source, condition.variable), known)
        elif variable.storage_type != NUMERIC:
            raise Refusal(
                "is text, and `at_least` and `at_most` are for numbers",
                "match it by its `codes`",
                condition.variable,
            )
        else:
            found = column.notna() & ~is_declared_missing(variable, column)
            if condition.at_least is not None:
                found &= column >= condition.at_least
            if condition.at_most is not None:
                found &= column <= condition.at_most
        rows = rows & found
    return rows


def _present_label(source: SourceTable, correction: Correction) -> dict[str, str]:
    """The label that the guard is about, by variable, as it was before."""
    action = correction.action
    found: dict[str, str] = {}
    for name in correction.variables:
        variable = variable_of(source, name)
        assert variable is not None
        code = getattr(action, "code", None)
        if code is None:
            found[name] = variable.variable_label
        else:
            try:
                known = labels_of(source, name).get(code_for(variable, code))
            except NotThisKind:
                known = None
            found[name] = known.value_label if known else ""
    return found


def _check_guards(
    source: SourceTable, correction: Correction, change: Change, labels: dict[str, str]
) -> None:
    expect = correction.expect
    matched = int(change.matched.sum())
    if expect.rows is not None and matched != expect.rows:
        raise _GuardFailed(f"matches {matched} rows, and `expect.rows` is {expect.rows}", _remedy(correction))
    if expect.label is not None:
        for name, label in labels.items():
            if label.strip() != expect.label:
                raise _GuardFailed(
                    f"is labelled '{label}' now, and `expect.label` is '{expect.label}'",
                    _remedy(correction),
                    name,
                )
    if expect.before is not None:
        for name in correction.variables:
            _check_before(source, correction, name, change)


def _check_before(source: SourceTable, correction: Correction, name: str, change: Change) -> None:
    variable = variable_of(source, name)
    assert variable is not None
    before = correction.expect.before
    assert before is not None
    counts = before if isinstance(before, dict) else dict.fromkeys(before)
    try:
        wanted = {None if code is None else code_for(variable, code): n for code, n in counts.items()}
    except NotThisKind as wrong:
        raise Refusal(
            "the variable holds numbers, and this code of `expect.before` is none",
            "correct it in the correction",
            name,
            str(wrong),
        ) from None
    found = counted(coded_column(source, name)[change.matched])
    told = [
        f"code {_shown(code)} does not occur" for code in wanted if code not in found and wanted[code] != 0
    ]
    told += [
        f"code {_shown(code)} occurs {found[code]} times, not {number}"
        for code, number in wanted.items()
        if number is not None and code in found and found[code] != number
    ]
    # A code with a label is the codebook's; any other value is a respondent's, and is only counted.
    known = labels_of(source, name)
    others = [code for code in found if code not in wanted]
    named = [code for code in others if code is None or code in known]
    told += [
        f"code {_shown(code)} occurs too" for code in sorted(named, key=lambda code: code or "")[:CODES_SHOWN]
    ]
    if unnamed := len(others) - min(len(named), CODES_SHOWN):
        told.append(
            f"{unnamed} other value{'' if unnamed == 1 else 's'} occur{'s' if unnamed == 1 else ''} too"
        )
    if told:
        raise _GuardFailed(f"`expect.before` does not hold: {'; '.join(told)}", _remedy(correction), name)


def _shown(code: str | None) -> str:
    return "null (no value)" if code is None else code


def _under_new_name(applied: AppliedCorrection, action: Rename) -> AppliedCorrection:
    names = tuple(action.to if name == action.variable else name for name in applied.variables)
    return replace(applied, variables=names)


def _remedy(correction: Correction) -> str:
    versions = "version" if len(correction.versions) == 1 else "versions"
    return (
        f"look at the file again: correct `match`, `action` or `expect` of {correction.id}, or, when the error is "
        f"gone, take {versions} {', '.join(map(str, correction.versions))} out of it or remove it"
    )


_PROBLEM_KINDS = {
    _GuardFailed: "correction_guard",
    _NothingMatched: "correction_matches_nothing",
    _Guarded: "correction_on_identifier",
    _Unknown: "correction_unknown_variable",
}


def _problem(manifest: Manifest, entry: DeliveredFile, correction: Correction, refusal: Refusal) -> Problem:
    return Problem(
        _PROBLEM_KINDS.get(type(refusal), "correction_impossible"),
        f"correction {correction.id} of {entry.path}: {refusal.message}",
        refusal.remedy,
        wave_id=manifest.wave,
        file=CORRECTIONS_NAME,
        variable=refusal.variable,
        code=refusal.code,
    )
