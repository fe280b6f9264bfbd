"""Rules of the crosswalk by itself, without a delivery: scopes, verbs, codes and buckets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from orchestration.deliveries.problems import Problem, closest
from orchestration.registry.crosswalk_tables import UNFED
from orchestration.registry.csv_text import csv_line
from orchestration.registry.declaration import PROPOSED
from orchestration.registry.load import Registry, Row
from orchestration.registry.measure_rules import codelist_row
from orchestration.registry.places import place

Rule = Callable[[Registry], Iterator[Problem]]


def scope_of(row: Row) -> tuple[str, str]:
    """Wave and instrument that a row of the crosswalk is about."""
    return row["wave_id"], row["instrument_id"]


def overlaps(one: Row, other: Row) -> bool:
    """Whether two rows of one scope can be about the same file: an empty file_id is every file."""
    return one["file_id"] == other["file_id"] or not one["file_id"] or not other["file_id"]


def _asked(registry: Registry) -> Iterator[Problem]:
    for index, row in enumerate(registry.table("xw_variables")):
        where = place(registry, "xw_variables", index)
        if (row["verb"] in UNFED) == bool(row["source_variable"]):
            yield Problem(
                "crosswalk_verb",
                "names a variable for a concept that none feeds"
                if row["source_variable"]
                else f"names no variable to {row['verb']}",
                "empty source_variable for not_asked and impossible, and fill it in for every other verb",
                file=where,
            )
        if row["verb"] == "impossible" and not row["note"]:
            yield Problem(
                "crosswalk_verb",
                f"{row['concept_id']} was asked in another form, and nothing says in which",
                "say in note how it was asked, and why that cannot be harmonised",
                file=where,
            )
        status = registry.instrument_status(*scope_of(row))
        if status == "not_asked" and row["verb"] not in UNFED:
            yield Problem(
                "crosswalk_instrument",
                f"{row['instrument_id']} was not asked in {row['wave_id']} by registry/wave_instruments.csv",
                "remove the row, or correct that file",
                file=where,
                variable=row["source_variable"],
            )


def _verbs_and_types(registry: Registry) -> Iterator[Problem]:
    for index, row in enumerate(registry.table("xw_variables")):
        concept = registry.concepts[row["concept_id"]]
        message = ""
        if row["verb"] in ("recode", "bucket") and concept.type != "categorical":
            message = f"{row['verb']} leads to codes, and {row['concept_id']} is {concept.type}"
        elif row["verb"] == "reverse" and (concept.valid_min is None or concept.valid_max is None):
            message = f"reverse needs valid_min and valid_max of {row['concept_id']}"
        if message:
            yield Problem(
                "crosswalk_verb",
                message,
                "choose another verb, or complete the concept in registry/concepts.csv",
                file=place(registry, "xw_variables", index),
                variable=row["source_variable"],
            )


def _concept_once(registry: Registry) -> Iterator[Problem]:
    by_concept: dict[tuple[str, str, str], list[tuple[int, Row]]] = {}
    for index, row in enumerate(registry.table("xw_variables")):
        by_concept.setdefault((*scope_of(row), row["concept_id"]), []).append((index, row))
    for (_, _, concept), rows in by_concept.items():
        for number, (index, row) in enumerate(rows):
            clash = next((other for other in rows[:number] if overlaps(row, other[1])), None)
            if clash is not None:
                yield Problem(
                    "concept_mapped_twice",
                    f"{concept} stands in {place(registry, 'xw_variables', clash[0])} already",
                    "a concept has one source per file: keep one row, or name a file_id in each",
                    file=place(registry, "xw_variables", index),
                    variable=row["source_variable"],
                )


def _values(registry: Registry) -> Iterator[Problem]:
    concepts = _concepts_by_variable(registry)
    by_code: dict[tuple[str, ...], list[tuple[int, Row]]] = {}
    for index, row in enumerate(registry.table("xw_values")):
        where = place(registry, "xw_values", index)
        mapped = [
            (variable["concept_id"], variable["verb"])
            for variable in concepts.get((*scope_of(row), row["source_variable"]), [])
            if overlaps(row, variable)
        ]
        if not mapped:
            yield Problem(
                "unused_crosswalk_row",
                "no row of crosswalk/xw_variables.csv maps this variable",
                f"remove the row, or add {csv_line([*scope_of(row), row['file_id'], row['source_variable']])},… to "
                "crosswalk/xw_variables.csv, which maps the variable",
                file=where,
                variable=row["source_variable"],
                code=row["source_code"],
            )
        elif row["code"] and not any(_takes_codes(registry, *one) for one in mapped):
            yield Problem(
                "code_not_read",
                f"code '{row['code']}' is read by nothing: "
                + ", ".join(f"{concept} is made by {verb}" for concept, verb in mapped)
                + ", which keeps numbers",
                "give the kind of missing and leave code empty, remove the row, or map the variable by recode, with "
                "a row for each answer",
                file=where,
                variable=row["source_variable"],
                code=row["source_code"],
            )
        elif row["code"]:
            # The row feeds every concept of its variable that takes codes, each with a list of its own.
            lists = {
                concept: set(codes)
                for concept, verb in mapped
                if verb in ("recode", "copy") and (codes := registry.codes_of(concept))
            }
            lacking = sorted(concept for concept, codes in lists.items() if row["code"] not in codes)
            if lacking:
                fitting = sorted(set.intersection(*lists.values()))
                yield Problem(
                    "unknown_codelist_code",
                    f"code '{row['code']}' is not in the code list of {', '.join(lacking)}"
                    f"{closest(row['code'], fitting)}",
                    (f"use one of {', '.join(fitting)}, or " if fitting else "")
                    + f"add {_new_codes(registry, lacking, row['code'])} to codelists/codelists.csv"
                    + ("" if fitting else f"; {' and '.join(sorted(lists))} share no code"),
                    file=where,
                    variable=row["source_variable"],
                    code=row["source_code"],
                )
        by_code.setdefault((*scope_of(row), row["source_variable"], row["source_code"]), []).append(
            (index, row)
        )
    for rows in by_code.values():
        yield from _ambiguous(registry, "xw_values", rows)


def _takes_codes(registry: Registry, concept: str, verb: str) -> bool:
    """Whether what the crosswalk calls a code becomes the answer; otherwise the number in the delivery does."""
    return verb == "recode" or (verb == "copy" and registry.concepts[concept].type != "numeric")


def _new_codes(registry: Registry, concepts: list[str], code: str) -> str:
    """The row that puts a code into the list of each of these concepts, with what a person fills in."""
    lists = sorted({registry.concepts[concept].codelist_id for concept in concepts})
    return " and ".join(codelist_row(name, code) for name in lists)


def _ambiguous(registry: Registry, table: str, rows: list[tuple[int, Row]]) -> Iterator[Problem]:
    for number, (index, row) in enumerate(rows):
        clash = next((other for other in rows[:number] if overlaps(row, other[1])), None)
        if clash is not None:
            yield Problem(
                "ambiguous_crosswalk_row",
                f"is also said in {place(registry, table, clash[0])}, for every file or for the same one",
                "keep one of the two, or name a file_id in each",
                file=place(registry, table, index),
                variable=row["source_variable"],
                code=row["source_code"],
            )


def _buckets(registry: Registry) -> Iterator[Problem]:
    bucketed = {
        (*scope_of(row), row["file_id"], row["source_variable"], row["concept_id"])
        for row in registry.table("xw_variables")
        if row["verb"] == "bucket"
    }
    ranges: dict[tuple[str, ...], list[tuple[float, float, int]]] = {}
    for index, row in enumerate(registry.table("xw_buckets")):
        key = (*scope_of(row), row["file_id"], row["source_variable"], row["concept_id"])
        where = place(registry, "xw_buckets", index)
        if key not in bucketed:
            yield Problem(
                "unused_crosswalk_row",
                f"no row of crosswalk/xw_variables.csv buckets this variable into {row['concept_id']}",
                "remove the row, or map the variable with verb bucket and the same file_id",
                file=where,
                variable=row["source_variable"],
            )
        lower, upper = float(row["lower"]), float(row["upper"])
        if lower > upper:
            yield Problem(
                "bucket_range",
                f"runs from {row['lower']} to {row['upper']}",
                "put the smaller number in lower",
                file=where,
                variable=row["source_variable"],
            )
        ranges.setdefault(key, []).append((lower, upper, index))
    for key in sorted(bucketed):
        ordered = sorted(ranges.get(key, []))
        if not ordered:
            yield Problem(
                "bucket_without_ranges",
                f"has no ranges for {key[4]} in {key[0]}, {key[1]}",
                "add them to crosswalk/xw_buckets.csv",
                file="crosswalk/xw_variables.csv",
                variable=key[3],
            )
        for first, second in pairwise(ordered):
            if second[0] <= first[1]:
                yield Problem(
                    "bucket_range",
                    f"overlaps with {place(registry, 'xw_buckets', first[2])}",
                    "a number belongs to one range",
                    file=place(registry, "xw_buckets", second[2]),
                    variable=key[3],
                )


def _concepts_by_variable(registry: Registry) -> dict[tuple[str, str, str], list[Row]]:
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in registry.table("xw_variables"):
        found.setdefault((*scope_of(row), row["source_variable"]), []).append(row)
    return found


def counted_answers(registry: Registry) -> Iterator[Problem]:
    """What an indicator counts can be answered wherever its question is asked: otherwise it would read as 0 %.

    An answer whose row is still proposed can be given: of the registry as it stands, and not only of what counts.
    """
    counted: dict[str, dict[str, set[str]]] = {}
    concepts = {row["indicator_id"]: row["concept_id"] for row in registry.table("indicators")}
    for row in registry.table("indicator_codes"):
        of_concept = counted.setdefault(concepts[row["indicator_id"]], {})
        of_concept.setdefault(row["indicator_id"], set()).add(row["code"] or row["missing_kind"])
    given: dict[tuple[str, ...], list[Row]] = {}
    for table in ("xw_values", "xw_buckets"):
        for row in registry.table(table):
            given.setdefault((*scope_of(row), row["source_variable"]), []).append(row)
    for index, row in enumerate(registry.table("xw_variables")):
        if row["verb"] not in ("recode", "bucket") or row["status"] == PROPOSED:
            continue
        rows = [one for one in given.get((*scope_of(row), row["source_variable"]), []) if overlaps(row, one)]
        answers = {one["code"] or one.get("missing_kind", "") for one in rows}
        for name, codes in counted.get(row["concept_id"], {}).items():
            if not codes & answers:
                yield Problem(
                    "answer_never_given",
                    f"{name} counts {' or '.join(sorted(codes))}, which no answer to {row['source_variable']} becomes: "
                    "it would be 0 % of those asked",
                    f"map an answer to it in crosswalk/xw_values.csv; or, where {row['wave_id']} could not tell it, "
                    f"give {name} a concept of its own with the same code list, mapped where it can be and not_asked "
                    "here",
                    file=place(registry, "xw_variables", index),
                    variable=row["source_variable"],
                )


CROSSWALK_RULES: tuple[Rule, ...] = (
    _asked,
    _verbs_and_types,
    _concept_once,
    _values,
    _buckets,
)
