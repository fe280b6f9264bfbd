"""Delivery against crosswalk, both ways: what the crosswalk does not know, and what matches nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from orchestration.deliveries.problems import Problem, closest
from orchestration.deliveries.source_table import is_reason
from orchestration.registry.asked_rules import concepts_without_word, questions_of_some_files
from orchestration.registry.crosswalk_remedies import VALUES, for_withheld_codes
from orchestration.registry.crosswalk_rules import scope_of
from orchestration.registry.crosswalk_tables import UNFED
from orchestration.registry.csv_text import csv_line
from orchestration.registry.declaration import ACCEPTED
from orchestration.registry.drift.texts import same_text
from orchestration.registry.landed_codes import LandedCodes
from orchestration.registry.load import Registry, Row
from orchestration.registry.places import place
from orchestration.registry.shown_codes import shown_codes


def compare_landing(registry: Registry, landing: Path, waves: Iterable[str] | None = None) -> list[Problem]:
    """Compare every landed file, or those of the named waves, with the crosswalk.

    Also finds rows about files and instruments that a landed wave does not have, concepts of which the crosswalk
    does not say whether the wave asked them, and questions that were put to a part of a population.
    """
    registry = registry.accepted()
    wanted = None if waves is None else set(waves)
    folders = [
        path.parent
        for path in sorted(landing.glob("*/*/delivery.parquet"))
        if wanted is None or path.parent.parent.name in wanted
    ]
    landed = [LandedCodes(folder) for folder in folders]
    return [
        *_compare(registry, landed),
        *_rows_without_file(registry, landed),
        *concepts_without_word(registry, landed),
        *questions_of_some_files(registry, landed),
    ]


def compare_crosswalk(registry: Registry, folders: Path | Iterable[Path]) -> list[Problem]:
    """Compare landed files (``<landing>/<wave>/<file_id>``) with the crosswalk; exit code 1 for each problem.

    Files of one instrument belong together: a crosswalk row about every file of the instrument is used as
    soon as one of the given files uses it.
    """
    given = [folders] if isinstance(folders, Path) else list(folders)
    return _compare(registry.accepted(), [LandedCodes(folder) for folder in given])


def _compare(registry: Registry, landed: list[LandedCodes]) -> list[Problem]:
    problems: list[Problem] = []
    used: set[int] = set()
    for file in landed:
        comparison = _Comparison(registry, file, used)
        problems += comparison.problems()
    return [*problems, *_unused_rows(registry, landed, used)]


def _unused_rows(registry: Registry, landed: list[LandedCodes], used: set[int]) -> Iterator[Problem]:
    scopes = {file.scope for file in landed}
    files = {(*file.scope, file.file_id) for file in landed}
    # A variable that is absent is told once, not again for each of its codes.
    present = {(*file.scope, name) for file in landed for name in file.storage_types}
    # A variable that nobody maps is told once, by the rules of the crosswalk itself.
    mapped = {(*scope_of(row), row["source_variable"]) for row in registry.table("xw_variables")}
    for index, row in enumerate(registry.table("xw_values")):
        scope = scope_of(row)
        if (*scope, row["source_variable"]) not in mapped:
            continue
        if index in used or scope not in scopes or (*scope, row["source_variable"]) not in present:
            continue
        if row["file_id"] and (*scope, row["file_id"]) not in files:
            continue
        yield Problem(
            "unused_crosswalk_row",
            f"no answer has this code and no codebook names it; the row says '{row['source_label']}' of "
            f"{row['wave_id']}, {row['instrument_id']}",
            "remove the row, or correct its source_code",
            wave_id=row["wave_id"],
            file=place(registry, "xw_values", index),
            variable=row["source_variable"],
            code=row["source_code"],
        )


def _rows_without_file(registry: Registry, landed: list[LandedCodes]) -> Iterator[Problem]:
    waves = {file.scope[0] for file in landed}
    scopes = {file.scope for file in landed}
    files = {(*file.scope, file.file_id) for file in landed}
    told: set[tuple[str, ...]] = set()
    for table in ("xw_variables", "xw_values", "xw_buckets"):
        for index, row in enumerate(registry.table(table)):
            scope = scope_of(row)
            key = (table, *scope, row["file_id"])
            if scope[0] not in waves or key in told:
                continue
            if row.get("verb") in UNFED and not row["file_id"]:
                continue
            if row["file_id"] and (*scope, row["file_id"]) not in files:
                missing = f"file '{row['file_id']}' of {scope[1]}"
            elif scope not in scopes:
                missing = f"file of {scope[1]}"
            else:
                continue
            told.add(key)
            yield Problem(
                "crosswalk_without_file",
                f"{scope[0]} has no {missing}",
                "correct the row, or add the file to the delivery",
                wave_id=scope[0],
                file=place(registry, table, index),
            )


class _Comparison:
    """One landed file against the rows of the crosswalk that are about it."""

    def __init__(self, registry: Registry, file: LandedCodes, used: set[int]) -> None:
        self.registry, self.file, self.used = registry, file, used
        self.values: dict[str, dict[str, tuple[int, Row]]] = {}
        for index, row in enumerate(registry.table("xw_values")):
            if self._is_ours(row):
                self.values.setdefault(row["source_variable"], {})[row["source_code"]] = (index, row)
        self.variables = [
            (index, row)
            for index, row in enumerate(registry.table("xw_variables"))
            if self._is_ours(row) and row["verb"] not in UNFED
        ]
        self.told: set[tuple[str, str, str]] = set()
        self.shown = shown_codes(registry)

    def _is_ours(self, row: Row) -> bool:
        return scope_of(row) == self.file.scope and row["file_id"] in ("", self.file.file_id)

    def problems(self) -> list[Problem]:
        found: list[Problem] = []
        present = [
            (index, row) for index, row in self.variables if row["source_variable"] in self.file.storage_types
        ]
        self.file.read({row["source_variable"] for _, row in present} | set(self.values))
        for index, row in self.variables:
            if row["source_variable"] not in self.file.storage_types:
                found.append(self._absent(index, row))
        for name in dict.fromkeys(row["source_variable"] for _, row in present):
            found += self._labels(name)
        for index, row in present:
            found += self._codes(index, row)
        return found

    def _absent(self, index: int, row: Row) -> Problem:
        name = row["source_variable"]
        return Problem(
            "missing_variable",
            f"{place(self.registry, 'xw_variables', index)} maps it to {row['concept_id']}, and the landed "
            f"file has no such variable{closest(name, self.file.storage_types)}",
            "correct source_variable there (or its file_id); if the manifest drops it, as identifier or "
            "free text, remove the row",
            wave_id=self.file.scope[0],
            file=self.file.shown,
            variable=name,
        )

    def _labels(self, name: str) -> Iterator[Problem]:
        """Rows of ``xw_values`` about a variable: used or not, and with the label of the delivery or not."""
        labels, counts = self.file.labels.get(name, {}), self.file.counts(name)
        for code, (index, row) in self.values.get(name, {}).items():
            if code not in labels and code not in counts:
                continue
            self.used.add(index)
            delivered, where = labels.get(code, ""), place(self.registry, "xw_values", index)
            if not same_text(delivered, row["source_label"]):
                self.told.add(("unknown_label", name, code))
                yield self._problem(
                    "unknown_label",
                    f"the delivery says {_quoted(delivered)}, {where} says {_quoted(row['source_label'])}",
                    f"if both mean the same, change source_label there to {_quoted(delivered)}; "
                    "if not, change its code too",
                    name,
                    code,
                )

    def _codes(self, index: int, row: Row) -> Iterator[Problem]:
        concept = self.registry.concepts[row["concept_id"]]
        name, verb = row["source_variable"], row["verb"]
        if verb == "recode":
            yield from self._unknown(name, row, lambda code, label: False)
        elif verb == "copy" and concept.type == "categorical":
            codelist = self.registry.codes_of(row["concept_id"])
            yield from self._unknown(
                name,
                row,
                lambda code, label: (
                    code in codelist and (not label or same_text(label, codelist[code].label_nl))
                ),
            )
        elif verb == "copy" and concept.type == "text":
            return
        elif not self.file.is_numeric(name):
            yield self._problem(
                "not_numeric",
                f"{place(self.registry, 'xw_variables', index)} wants numbers for {row['concept_id']} "
                f"({verb}), and the file holds text",
                "choose the verb recode with rows in xw_values, or correct `decimal` in delivery.yml",
                name,
            )
        elif verb == "reverse":
            yield from self._reversed(name, row)
        else:
            yield from self._labelled_numbers(name, row)
            if verb == "bucket":
                yield from self._buckets(name, row)
            else:
                yield from self._outside(name, row)

    def _reversed(self, name: str, row: Row) -> Iterator[Problem]:
        concept = self.registry.concepts[row["concept_id"]]
        codelist = self.registry.codes_of(row["concept_id"])
        turn = concept.valid_min + concept.valid_max

        def is_known(code: str, label: str) -> bool:
            if is_reason(code):
                return False
            number = float(code)
            if not concept.valid_min <= number <= concept.valid_max:
                return False
            turned = codelist.get(str(int(turn - number))) if number == int(number) else None
            return not codelist or (turned is not None and (not label or same_text(label, turned.label_nl)))

        yield from self._unknown(name, row, is_known)

    def _labelled_numbers(self, name: str, row: Row) -> Iterator[Problem]:
        """Numbers are kept, so a labelled one is an amount only when the label just repeats the number."""
        rows, missing = self.values.get(name, {}), self.file.user_missing.get(name, set())
        counts = self.file.counts(name)
        for code, label in self.file.labels.get(name, {}).items():
            if code in rows or (label == code and code not in missing) or (not label and code not in counts):
                continue
            yield from self._unknown_code(name, row, code, label)

    def _outside(self, name: str, row: Row) -> Iterator[Problem]:
        """Numbers beyond what the concept can be: told here, and not by the build that would stop at them."""
        concept = self.registry.concepts[row["concept_id"]]
        low = -math.inf if concept.valid_min is None else concept.valid_min
        high = math.inf if concept.valid_max is None else concept.valid_max
        known = self.values.get(name, {}).keys()
        outside = sum(
            count
            for code, count in self.file.counts(name).items()
            if code not in known and not is_reason(code) and not low <= float(code) <= high
        )
        if outside:
            yield self._problem(
                "out_of_range",
                f"{outside} {'answer is' if outside == 1 else 'answers are'} not between {low:g} and {high:g}, the "
                f"bounds of {row['concept_id']}",
                "map the codes that are no amount as missing in crosswalk/xw_values.csv; if such amounts are right, "
                "correct valid_min or valid_max in registry/concepts.csv; if not, add a correction to corrections.yml",
                name,
            )

    def _buckets(self, name: str, row: Row) -> Iterator[Problem]:
        ranges = [
            (float(bucket["lower"]), float(bucket["upper"]))
            for bucket in self.registry.table("xw_buckets")
            if self._is_ours(bucket)
            and bucket["source_variable"] == name
            and bucket["concept_id"] == row["concept_id"]
        ]
        known = self.values.get(name, {}).keys() | self.file.labels.get(name, {}).keys()
        outside = sum(
            count
            for code, count in self.file.counts(name).items()
            if code not in known
            and (is_reason(code) or not any(low <= float(code) <= high for low, high in ranges))
        )
        if outside:
            # The numbers themselves are answers of respondents: how many is all that is said.
            spans = ", ".join(f"{low:g}–{high:g}" for low, high in sorted(ranges)) or "none"
            yield self._problem(
                "no_bucket",
                f"{outside} answers are in no range of {row['concept_id']} (there are: {spans})",
                "add the range to crosswalk/xw_buckets.csv, or a missing code to crosswalk/xw_values.csv",
                name,
            )

    def _unknown(self, name: str, row: Row, is_known) -> Iterator[Problem]:
        """Codes in the answers or the codebook that neither ``xw_values`` nor the verb accounts for."""
        rows, labels, counts = (
            self.values.get(name, {}),
            self.file.labels.get(name, {}),
            self.file.counts(name),
        )
        labelled = [code for code, label in labels.items() if label]
        withheld = withheld_rows = 0
        for code in dict.fromkeys([*labelled, *sorted(counts)]):
            label = labels.get(code, "")
            if code in rows or is_known(code, label):
                continue
            if code not in labels and not self.shown.may_show(code, counts[code], self.file.is_numeric(name)):
                withheld, withheld_rows = withheld + 1, withheld_rows + counts[code]
                continue
            yield from self._unknown_code(name, row, code, label)
        if withheld:
            yield self._problem(
                "unknown_code",
                f"{withheld_rows} answers hold {withheld} different "
                f"{self.shown.withheld(self.file.is_numeric(name))}",
                for_withheld_codes(self.registry, row, self.file.is_numeric(name)),
                name,
            )

    def _unknown_code(self, name: str, row: Row, code: str, label: str) -> Iterator[Problem]:
        if ("unknown_code", name, code) in self.told or ("unknown_label", name, code) in self.told:
            return
        self.told.add(("unknown_code", name, code))
        count = self.file.counts(name).get(code, 0)
        codelist = self.registry.codes_of(row["concept_id"])
        verb = row["verb"]
        said = f"labelled {_quoted(label)}" if label else "without a label"
        expected = (
            f"; the code list has {_quoted(codelist[code].label_nl)}"
            if verb == "copy" and code in codelist
            else ""
        )
        cells = [
            *self.file.scope,
            row["file_id"],
            name,
            code,
            label,
            "<code>",
            "<missing_kind>",
            ACCEPTED,
            "",
            "",
        ]
        yield self._problem(
            "unknown_label" if expected else "unknown_code",
            f"the crosswalk has no row for this code ({said}, {count} answers), which {verb} maps "
            f"to {row['concept_id']}{expected}",
            f"add {csv_line(cells)} to {VALUES}, with the code or the kind of missing filled in and the other left "
            "empty; where a row for it is still proposed, finish that one",
            name,
            code,
        )

    def _problem(self, kind: str, message: str, remedy: str, variable: str, code: str = "") -> Problem:
        return Problem(
            kind,
            message,
            remedy,
            wave_id=self.file.scope[0],
            file=self.file.shown,
            variable=variable,
            code=code,
        )


def _quoted(label: str) -> str:
    return f"'{label}'" if label else "no label"
