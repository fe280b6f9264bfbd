"""Crosswalk rows that follow from the layouts of the generated files: a proposal that persons then own.

``python -m orchestration.sample_data.crosswalk FOLDER`` writes the proposal below FOLDER, to be compared with
the registry; the registry itself is what counts.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

from orchestration.sample_data import parameters
from orchestration.sample_data.generate import GeneratedFile, generate
from orchestration.sample_data.layout import Mapping, Variable
from orchestration.sample_data.targets import MISSING_MARK, TargetBook
from orchestration.settings import load_settings

STATUS_COLUMNS = ("status", "score", "note")
ACCEPTED = ("accepted", "", "")
VARIABLE_COLUMNS = (
    "wave_id",
    "instrument_id",
    "file_id",
    "source_variable",
    "source_label",
    "concept_id",
    "verb",
    "comparability",
    "status",
    "score",
    "note",
)
VALUE_COLUMNS = (
    "wave_id",
    "instrument_id",
    "file_id",
    "source_variable",
    "source_code",
    "source_label",
    "code",
    "missing_kind",
    *STATUS_COLUMNS,
)
BUCKET_COLUMNS = (
    "wave_id",
    "instrument_id",
    "file_id",
    "source_variable",
    "concept_id",
    "lower",
    "upper",
    "code",
    *STATUS_COLUMNS,
)
ROUTING_COLUMNS = ("wave_id", "instrument_id", "concept_id", "gate_concept_id", "code", "status", "score")
_LIMITED = {
    ("ag_2010", "incident_"): ("limited", "vervolgvraag over het ernstigste voorval"),
    ("ag_2010", "offender_"): ("limited", "vervolgvraag over het ernstigste voorval"),
    ("ag_2010", "police_"): ("limited", "vervolgvraag over het ernstigste voorval"),
    ("in_2012", "suspected_"): ("limited", "vraagmodel van voor de samenvoeging"),
    ("in_2012", "violation_"): ("limited", "vraagmodel van voor de samenvoeging"),
    ("vi_", "victim_verbal"): ("comparable", "met inbegrip van discriminerende opmerkingen"),
}
_PERSON_ONLY = {"role", "gender", "age_class", "province"}
_ORGANISATION_ONLY = {"organisation_type", "organisation_code"}

Row = tuple[str, ...]


def propose(files: list[GeneratedFile], book: TargetBook) -> dict[str, tuple[Row, list[Row]]]:
    """Header and sorted rows of each crosswalk table, and of ``routing``, by the name of its CSV file."""
    variables: list[Row] = []
    values: list[Row] = []
    buckets: list[Row] = []
    routing: set[Row] = set()
    for (wave_id, instrument_id), group in groupby(sorted(files, key=_survey), key=_survey):
        members = list(group)
        head = (wave_id, instrument_id)
        for file_id, name, rows in _shared(members, _variable_rows):
            variables += [(*head, file_id, name, *row) for row in rows]
        for file_id, name, rows in _shared(members, _value_rows):
            values += [(*head, file_id, name, *row) for row in rows]
        for file_id, name, rows in _shared(members, _bucket_rows):
            buckets += [(*head, file_id, name, *row) for row in rows]
        variables += _not_asked(members, book)
        routing |= set(_routing_rows(members))
    return {
        "crosswalk/xw_variables.csv": (VARIABLE_COLUMNS, sorted(variables)),
        "crosswalk/xw_values.csv": (VALUE_COLUMNS, sorted(values)),
        "crosswalk/xw_buckets.csv": (BUCKET_COLUMNS, sorted(buckets)),
        "registry/routing.csv": (ROUTING_COLUMNS, sorted(routing)),
    }


def write_proposal(folder: Path, files: list[GeneratedFile], book: TargetBook) -> None:
    """Write the proposed tables below ``folder``."""
    for name, (header, rows) in propose(files, book).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle, lineterminator="\n").writerows([header, *rows])


def _survey(file: GeneratedFile) -> tuple[str, str]:
    return file.wave_id, file.instrument_id


def _shared(
    members: list[GeneratedFile], rows_of: Callable[[Variable, str], list[Row]]
) -> Iterable[tuple[str, str, list[Row]]]:
    """Rows per file and variable; what all files of the instrument share stands once, without a file."""
    found: dict[tuple[str, tuple[Row, ...]], list[str]] = {}
    for member in members:
        for variable in member.variables:
            rows = tuple(rows_of(variable, member.wave_id))
            if rows:
                found.setdefault((variable.name, rows), []).append(member.file_id)
    for (name, rows), file_ids in found.items():
        if len(file_ids) == len(members):
            yield "", name, list(rows)
        else:
            for file_id in file_ids:
                yield file_id, name, list(rows)


def _variable_rows(variable: Variable, wave_id: str) -> list[Row]:
    rows = []
    for mapping in variable.mappings:
        comparability, note = "identical", ""
        for (wave, prefix), words in _LIMITED.items():
            if wave_id.startswith(wave) and mapping.concept_id.startswith(prefix):
                comparability, note = words
        if mapping.verb == "reverse":
            comparability, note = "comparable", "schaal loopt andersom"
        elif mapping.verb == "bucket":
            comparability = "comparable"
        rows.append((variable.label, mapping.concept_id, mapping.verb, comparability, "accepted", "", note))
    return rows


def _value_rows(variable: Variable, wave_id: str) -> list[Row]:
    if not variable.mappings:
        return []
    is_recoded = any(mapping.verb == "recode" for mapping in variable.mappings)
    rows = []
    for code in variable.codes:
        target = code.target or ""
        if target.startswith(MISSING_MARK):
            rows.append((str(code.value), code.label, "", target[1:], *ACCEPTED))
        elif is_recoded:
            rows.append((str(code.value), code.label, target, "", *ACCEPTED))
    return rows


def _bucket_rows(variable: Variable, wave_id: str) -> list[Row]:
    def rows_of(mapping: Mapping) -> list[Row]:
        return [
            (mapping.concept_id, str(low), str(high), code, *ACCEPTED) for low, high, code in mapping.buckets
        ]

    return [row for mapping in variable.mappings for row in rows_of(mapping)]


def _routing_rows(members: list[GeneratedFile]) -> Iterable[Row]:
    for member in members:
        for item in member.items:
            if not item.is_concept or not item.gate:
                continue
            concepts = [m.concept_id for v in member.variables if v.key == item.key for m in v.mappings]
            for concept in concepts:
                for code in item.gate[1:]:
                    yield member.wave_id, member.instrument_id, concept, item.gate[0], code, "accepted", ""


def _not_asked(members: list[GeneratedFile], book: TargetBook) -> list[Row]:
    """A row for each concept of the wave's themes that no variable gives, per file where only some files lack
    it."""
    first = members[0]
    mapped = [{m.concept_id for v in member.variables for m in v.mappings} for member in members]
    rows = []
    for concept_id in sorted(_expected(first.wave_id, first.instrument_id, book)):
        lacking = [member for member, has in zip(members, mapped, strict=True) if concept_id not in has]
        is_in_all = len(lacking) == len(members)
        for member in lacking[:1] if is_in_all else lacking:
            file_id = "" if is_in_all else member.file_id
            verb, note = _word(concept_id, first.wave_id, first.instrument_id, book)
            rows.append(
                (
                    first.wave_id,
                    first.instrument_id,
                    file_id,
                    "",
                    "",
                    concept_id,
                    verb,
                    "limited",
                    "accepted",
                    "",
                    note,
                )
            )
    return rows


def _expected(wave_id: str, instrument_id: str, book: TargetBook) -> set[str]:
    is_organisation = instrument_id == "organisations"
    themes = book.wave_themes[wave_id] & ({"organisation"} if is_organisation else {"safety", "integrity"})
    found = set()
    for concept_id, row in book.concepts.items():
        if concept_id in book.derived:
            continue
        if row["theme_id"] in themes:
            found.add(concept_id)
        elif not row["theme_id"]:
            is_role_of_others = concept_id == "role" and instrument_id == "civil_servants"
            wrong_side = concept_id in (_PERSON_ONLY if is_organisation else _ORGANISATION_ONLY)
            if not is_role_of_others and not wrong_side:
                found.add(concept_id)
    return found


def _word(concept_id: str, wave_id: str, instrument_id: str, book: TargetBook) -> tuple[str, str]:
    is_background = not book.concepts[concept_id]["theme_id"]
    for rule in parameters.read_yaml("not_asked"):
        fits = (
            wave_id in rule.get("waves", [wave_id])
            and instrument_id in rule.get("instruments", [instrument_id])
            and concept_id in rule.get("concepts", [concept_id])
            and concept_id.startswith(rule.get("prefix", ""))
            and (is_background or not rule.get("background"))
        )
        if fits and not (is_background and not rule.get("background") and "concepts" not in rule):
            return rule.get("verb", "not_asked"), rule["reason"]
    raise LookupError(f"parameters/not_asked.yml has no reason for {concept_id} in {wave_id}")


def main(arguments: list[str] | None = None) -> None:
    """Write the proposal for all waves below the folder given."""
    parser = argparse.ArgumentParser(
        description="propose crosswalk and routing rows for the sample deliveries"
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    registry = load_settings().registry
    with tempfile.TemporaryDirectory() as scratch:
        write_proposal(folder, generate(Path(scratch), registry), TargetBook(registry))


if __name__ == "__main__":
    main()
