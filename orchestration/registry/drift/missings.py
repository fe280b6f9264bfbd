"""Missing declarations of a delivery against the kinds of missing that the crosswalk knows."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.registry.drift.answers import FileAnswers
from orchestration.registry.drift.findings import Finding


def find_changed_declarations(file: FileAnswers) -> Iterator[Finding]:
    """Codes that are missing by the crosswalk and valid by the file, or the other way round.

    A file that declares nothing anywhere is of a kind that cannot declare: nothing is said of it.
    """
    if not any(file.landed.user_missing.values()):
        return
    for name in dict.fromkeys(row["source_variable"] for _, row in file.mapped):
        declared = file.landed.user_missing.get(name, set())
        for code, (_, row) in file.values.get(name, {}).items():
            if name not in file.columns or not _occurs(file, name, code):
                continue
            label = row["source_label"]
            if row["missing_kind"] and code not in declared:
                yield Finding(
                    "missing_not_declared",
                    file,
                    f"'{label}' is missing ({row['missing_kind']}) by the crosswalk, "
                    "and the file does not declare it so",
                    f"ask whether it still means the same; the row is {name}, {code} of crosswalk/xw_values.csv",
                    name,
                    code,
                    "missing",
                    "valid",
                )
            elif row["code"] and code in declared:
                yield Finding(
                    "valid_declared_missing",
                    file,
                    f"'{label}' is the answer {row['code']} by the crosswalk, and the file declares it missing",
                    f"empty code and fill in missing_kind of {name}, {code} in crosswalk/xw_values.csv",
                    name,
                    code,
                    "valid",
                    "missing",
                )
    yield from _taken_without_a_row(file)


def _taken_without_a_row(file: FileAnswers) -> Iterator[Finding]:
    """Declared missing codes that have no row of their own, and that the verb makes an answer of all the same."""
    told: set[tuple[str, str]] = set()
    for _, row in file.mapped:
        name, verb = row["source_variable"], row["verb"]
        # Of a number that is kept or classed the crosswalk itself asks for a row.
        takes = verb == "reverse" or (verb == "copy" and file.registry.codes_of(row["concept_id"]))
        if not takes or name not in file.columns:
            continue
        for code in sorted(file.landed.user_missing.get(name, set()) - file.values.get(name, {}).keys()):
            answer = file.answer_of(row, code)
            if not answer or (name, code) in told or not _occurs(file, name, code):
                continue
            told.add((name, code))
            scope = ",".join((*file.landed.scope, row["file_id"]))
            label = file.landed.labels.get(name, {}).get(code, "")
            yield Finding(
                "valid_declared_missing",
                file,
                f"{verb} makes the answer {answer} of {row['concept_id']} of it, and the file declares it missing",
                f"add {scope},{name},{code},{label},,<missing_kind> to crosswalk/xw_values.csv",
                name,
                code,
                "valid",
                "missing",
            )


def _occurs(file: FileAnswers, name: str, code: str) -> bool:
    return code in file.landed.labels.get(name, {}) or code in file.columns[name].codes
