"""Personal data that a delivery does not declare: in its answers and in the texts of its codebook.

A finding is told by file, variable, kind and count; a value never stands in a message.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestration.deliveries.column_findings import Finding, number_findings, text_findings
from orchestration.deliveries.manifest import CORRECTIONS_NAME, MANIFEST_NAME
from orchestration.deliveries.personal_data import (
    has_address,
    has_bsn,
    has_iban,
    has_own_email,
    has_telephone,
    is_postcode,
)
from orchestration.deliveries.plain_text import plain
from orchestration.deliveries.privacy_rules import EXCEPTIONS, PrivacyRules
from orchestration.deliveries.problems import Problem, few
from orchestration.deliveries.source_table import NUMERIC, STRING, SourceTable, SourceVariable

if TYPE_CHECKING:
    from orchestration.deliveries.corrections import Correction
    from orchestration.deliveries.manifest import DeliveredFile, Manifest

ANSWERS, CODEBOOK = "answers", "codebook"
SAID = {
    "email_address": "e-mail addresses",
    "telephone_number": "telephone numbers",
    "bsn": "citizen service numbers (BSN)",
    "iban": "numbers of bank accounts",
    "address": "a postcode with the number of the house",
    "person_name": "names of persons",
    "open_text": "people's own words",
}


def personal_data_problems(
    source: SourceTable,
    entry: DeliveredFile,
    wave_id: str,
    rules: PrivacyRules,
    as_received: SourceTable | None = None,
) -> list[Problem]:
    """A problem for each undeclared variable and text of the codebook that holds personal data (exit code 1).

    Declared identifiers, free text, respondent and panel id are left out: they never land. An exception of the
    registry that this file gives no cause for is a problem too.

    ``as_received``: the file before its corrections, under the names that variables have in ``source``; nothing when
    it has none. A correction that blanks or relabels personal data does not take it out of the delivered file, so
    both are looked through.
    """
    found = _found(source, entry, wave_id, rules)
    if as_received is not None:
        for key, problem in _found(as_received, entry, wave_id, rules).items():
            found[key] = replace(problem, message=f"{problem.message}, in the file before corrections")
    excepted = {
        (row["source_variable"], row["place"], row["kind"]): row
        for row in rules.excepted(wave_id, entry.file_id)
    }
    unused = [_unused(row, entry) for key, row in excepted.items() if key not in found]
    return few([problem for key, problem in found.items() if key not in excepted]) + few(unused)


def _found(
    source: SourceTable, entry: DeliveredFile, wave_id: str, rules: PrivacyRules
) -> dict[tuple[str, str, str], Problem]:
    """By variable, place and kind."""
    kept = [variable for variable in source.variables if variable.variable_name not in entry.dropped]
    found: dict[tuple[str, str, str], Problem] = {}
    for variable in kept:
        for finding in _answers(source, variable, rules):
            found[variable.variable_name, ANSWERS, finding.kind] = _in_answers(
                entry, wave_id, variable, finding
            )
    for name, cells in _addresses_over_columns(source, kept, rules):
        found.setdefault(
            (name, ANSWERS, "address"),
            _problem(
                entry,
                wave_id,
                name,
                ANSWERS,
                "address",
                f"{cells} answers are postcodes, and another column holds the number of the house",
            ),
        )
    return found | _in_codebook(source, entry, wave_id, rules)


def published_text_problems(
    manifest: Manifest, entry: DeliveredFile, corrections: Iterable[Correction], rules: PrivacyRules
) -> list[Problem]:
    """A problem for each text that is published and holds personal data (exit code 1): notes of the manifest on a file
    and its versions, reasons and sources of corrections."""
    texts = [
        (MANIFEST_NAME, f"the note on version {one.version} of {one.file_id}", "", one.note)
        for one in (*manifest.earlier_versions(entry), entry)
    ]
    texts += [
        (MANIFEST_NAME, f"the note on {row.population} of {entry.file_id}", "", row.note)
        for row in entry.response
    ]
    for one in corrections:
        contact = f"; whom to ask belongs under `contact` of {one.id}, which is not published"
        texts += [
            (CORRECTIONS_NAME, f"the reason of correction {one.id}", contact, one.reason),
            (CORRECTIONS_NAME, f"the source of correction {one.id}", contact, one.source),
        ]
    return [
        Problem(
            kind,
            f"{message}, and is published",
            f"say it in words that name nobody{more}",
            wave_id=manifest.wave,
            file=file,
        )
        for file, what, more, text in texts
        for _, kind, message in _label_findings("", f"{what} holds", [text or ""], rules)
    ]


def personal_data_in_codebook(
    source: SourceTable, entry: DeliveredFile, wave_id: str, rules: PrivacyRules
) -> list[Problem]:
    """A problem for each text of the codebook that holds personal data, those that are excepted left out."""
    excepted = {
        (row["source_variable"], row["place"], row["kind"]) for row in rules.excepted(wave_id, entry.file_id)
    }
    found = _in_codebook(source, entry, wave_id, rules)
    return few([problem for key, problem in found.items() if key not in excepted])


def _in_codebook(
    source: SourceTable, entry: DeliveredFile, wave_id: str, rules: PrivacyRules
) -> dict[tuple[str, str, str], Problem]:
    kept = [variable for variable in source.variables if variable.variable_name not in entry.dropped]
    return {
        (name, CODEBOOK, kind): _problem(entry, wave_id, name, CODEBOOK, kind, message)
        for name, kind, message in _codebook(source, kept, rules)
    }


def exceptions_without_file(manifest: Manifest, rules: PrivacyRules) -> list[Problem]:
    """A problem for each exception about a file that the wave's delivery does not have."""
    known = {entry.file_id for entry in manifest.current}
    return [
        Problem(
            "unused_privacy_exception",
            f"{row['wave_id']} has no file '{row['file_id']}'",
            "correct its file_id, or remove the row",
            wave_id=manifest.wave,
            file=f"registry/{EXCEPTIONS}.csv",
            variable=row["source_variable"],
        )
        for row in rules.exceptions
        if row["wave_id"] == manifest.wave and row["file_id"] not in known
    ]


def _answers(source: SourceTable, variable: SourceVariable, rules: PrivacyRules) -> Iterator[Finding]:
    cells = source.frame[variable.variable_name]
    named = (variable.variable_name, variable.variable_label)
    if variable.storage_type == STRING:
        return text_findings(cells, named, rules)
    return number_findings(cells, named, rules)


def _addresses_over_columns(
    source: SourceTable, kept: list[SourceVariable], rules: PrivacyRules
) -> Iterator[tuple[str, int]]:
    houses = [
        variable
        for variable in kept
        if rules.terms.names("house_number", (variable.variable_name, variable.variable_label))
        and source.frame[variable.variable_name].notna().any()
    ]
    if not houses:
        return
    for variable in kept:
        if variable.storage_type == NUMERIC:
            continue
        counted = source.frame[variable.variable_name].dropna().value_counts(sort=False)
        codes = [value for value in counted.index if is_postcode(plain(str(value)), rules.terms)]
        if codes and rules.holds("address", "columns", values=len(codes), share=len(codes) / len(counted)):
            yield variable.variable_name, int(counted[codes].sum())


def _codebook(
    source: SourceTable, kept: list[SourceVariable], rules: PrivacyRules
) -> Iterator[tuple[str, str, str]]:
    """Variable (empty: the file), kind and message for what the labels hold."""
    names = {variable.variable_name for variable in kept}
    yield from _label_findings("", "the label of the file holds", [source.file_label], rules)
    for variable in kept:
        yield from _label_findings(
            variable.variable_name, "its label holds", [variable.variable_label], rules
        )
    labels: dict[str, list[str]] = {}
    for value in source.values:
        if value.variable_name in names:
            # A labelled text is shown in messages, as its label is.
            labels.setdefault(value.variable_name, []).extend((value.value_label, value.code))
    for name, texts in labels.items():
        yield from _label_findings(name, "codes or their labels hold", texts, rules)


def _label_findings(
    name: str, said: str, texts: Iterable[str], rules: PrivacyRules
) -> Iterator[tuple[str, str, str]]:
    held: dict[str, set[str]] = {}
    for text in filter(None, texts):
        for kind in _kinds_in_label(text, rules):
            held.setdefault(kind, set()).add(text)
    for kind, found in held.items():
        if rules.holds(kind, CODEBOOK, values=len(found)):
            count = f"{len(found)} " if said.startswith("codes") else ""
            yield name, kind, f"{count}{said} what looks like {SAID[kind]}"


def refused_in_codebook(text: str, rules: PrivacyRules) -> frozenset[str]:
    """Kinds of personal data in a text of a codebook that would stop a delivery by themselves."""
    return frozenset(kind for kind in _kinds_in_label(text, rules) if rules.holds(kind, CODEBOOK, values=1))


def _kinds_in_label(text: str, rules: PrivacyRules) -> frozenset[str]:
    """Kinds of personal data in a text of a codebook; the same few labels come back with every variable."""
    if text not in rules.labels_seen:
        flat, terms = plain(text), rules.terms
        holds = {
            "email_address": "@" in flat and has_own_email(flat, terms),
            "telephone_number": has_telephone(flat, terms),
            "bsn": has_bsn(flat),
            "iban": has_iban(flat),
            "address": has_address(flat, terms),
            "person_name": rules.names.has_name(flat),
        }
        rules.labels_seen[text] = frozenset(kind for kind, is_held in holds.items() if is_held)
    return rules.labels_seen[text]


def _in_answers(entry: DeliveredFile, wave_id: str, variable: SourceVariable, finding: Finding) -> Problem:
    verb = "answer looks" if finding.cells == 1 else "answers look"
    return _problem(
        entry,
        wave_id,
        variable.variable_name,
        ANSWERS,
        finding.kind,
        f"{finding.cells} {verb} like {SAID[finding.kind]}",
    )


def _problem(
    entry: DeliveredFile, wave_id: str, variable: str, place: str, kind: str, message: str
) -> Problem:
    row = f"{wave_id},{entry.file_id},{variable},{place},{kind},<reason>"
    declare = (
        f"name it under `{'free_text' if kind == 'open_text' else 'identifiers'}` or "
        f"`{'identifiers' if kind == 'open_text' else 'free_text'}` of {entry.file_id} in delivery.yml, so that "
        "it is not landed"
        if place == ANSWERS
        else "ask the supplier for a file without it"
    )
    return Problem(
        kind,
        message,
        f"{declare}; if somebody who may judge so finds that it is no personal data, add {row} to "
        f"registry/{EXCEPTIONS}.csv",
        wave_id=wave_id,
        file=entry.path,
        variable=variable,
    )


def _unused(row: Mapping[str, str], entry: DeliveredFile) -> Problem:
    return Problem(
        "unused_privacy_exception",
        f"registry/{EXCEPTIONS}.csv excepts {row['kind']} in its {row['place']}, and none is found there",
        "remove that row, or correct its source_variable, place or kind",
        wave_id=row["wave_id"],
        file=entry.path,
        variable=row["source_variable"],
    )
