"""Rules between tables of what is measured: codes, concepts, indicators, published figures."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

from orchestration.deliveries.problems import Problem, closest
from orchestration.registry.csv_text import csv_line
from orchestration.registry.load import Registry
from orchestration.registry.places import place
from orchestration.registry.schema import TABLES

Rule = Callable[[Registry], Iterator[Problem]]

CODES_OF_CONCEPTS = (
    ("population_rules", "concept_id"),
    ("derived_inputs", "input_concept_id"),
    ("routing", "gate_concept_id"),
    ("base_rules", "concept_id"),
    ("xw_buckets", "concept_id"),
    ("weighting_margins", "concept_id"),
)
"""Tables whose ``code`` has to be in the code list of the concept in that column."""


def codelist_row(codelist: str, code: str) -> str:
    """The row that puts a code into a code list, with what a person fills in between angle brackets."""
    return csv_line([codelist, code, "<label_nl>", "<label_en>", "<sort_order>"])


def _codes(registry: Registry) -> Iterator[Problem]:
    for table, column in CODES_OF_CONCEPTS:
        for index, row in enumerate(registry.table(table)):
            codes = registry.codes_of(row[column])
            if row["code"] not in codes:
                yield _unknown_code(registry, table, index, row["code"], row[column], codes)
    for index, row in enumerate(registry.table("indicator_codes")):
        concept = registry.indicators[row["indicator_id"]].concept_id
        codes = registry.codes_of(concept)
        if row["code"] and row["code"] not in codes and not _is_number_of(registry, concept, row["code"]):
            yield _unknown_code(registry, "indicator_codes", index, row["code"], concept, codes)


def _is_number_of(registry: Registry, concept_id: str, code: str) -> bool:
    """Whether a code is one of the numbers of a numeric concept, written as answers are."""
    concept = registry.concepts[concept_id]
    if concept.type != "numeric" or not re.fullmatch(r"0|-?[1-9][0-9]*", code):
        return False
    low = -math.inf if concept.valid_min is None else concept.valid_min
    high = math.inf if concept.valid_max is None else concept.valid_max
    return low <= int(code) <= high


def _unknown_code(
    registry: Registry, table: str, index: int, code: str, concept: str, codes: dict
) -> Problem:
    codelist = registry.concepts[concept].codelist_id
    known = f"code list {codelist} of {concept}" if codelist else f"{concept}, which has no code list"
    return Problem(
        "unknown_codelist_code",
        f"is not in the {known}{closest(code, codes)}" if codelist else f"cannot be a code of {known}",
        f"use one of {', '.join(codes)}, or add {codelist_row(codelist, code)} to codelists/codelists.csv"
        if codes
        else f"give {concept} a code list, correct the concept, or count a whole number within its bounds",
        file=place(registry, table, index),
        code=code,
    )


def _one_of_two(registry: Registry) -> Iterator[Problem]:
    for table in ("indicator_codes", "xw_values"):
        for index, row in enumerate(registry.table(table)):
            if bool(row["code"]) == bool(row["missing_kind"]):
                both = "both are" if row["code"] else "neither is"
                yield Problem(
                    "code_or_missing_kind",
                    f"code and missing_kind: {both} filled in",
                    "fill in exactly one",
                    file=place(registry, table, index),
                    variable=row.get("source_variable", ""),
                    code=row.get("source_code", ""),
                )


def _missing_kinds(registry: Registry) -> Iterator[Problem]:
    declared = TABLES["missing_kinds"].column("missing_kind").allowed
    known = {row["missing_kind"] for row in registry.table("missing_kinds")}
    for kind in declared:
        if kind not in known:
            yield Problem(
                "missing_kind_unknown", f"lacks {kind}", "add its row", file=TABLES["missing_kinds"].path
            )


def _concepts(registry: Registry) -> Iterator[Problem]:
    blocks = {row["block_id"]: row["theme_id"] for row in registry.table("blocks")}
    for index, row in enumerate(registry.table("concepts")):
        where = place(registry, "concepts", index)
        name = row["concept_id"]
        if (row["type"] == "categorical") != bool(row["codelist_id"]):
            has = "has a code list" if row["codelist_id"] else "has no code list"
            yield Problem(
                "concept_codelist",
                f"{name} is {row['type']} and {has}",
                "categorical concepts have one, others have none",
                file=where,
            )
        if row["block_id"] and blocks[row["block_id"]] != row["theme_id"]:
            yield Problem(
                "concept_theme",
                f"{name} has theme '{row['theme_id']}', its block has '{blocks[row['block_id']]}'",
                "correct one of the two",
                file=where,
            )
        low, high = row["valid_min"], row["valid_max"]
        if low and high and float(low) > float(high):
            yield Problem(
                "concept_range",
                f"{name} runs from {low} to {high}",
                "swap valid_min and valid_max",
                file=where,
            )


def _derived(registry: Registry) -> Iterator[Problem]:
    inputs: dict[str, set[str]] = {}
    for row in registry.table("derived_inputs"):
        inputs.setdefault(row["concept_id"], set()).add(row["input_concept_id"])
    codelists: dict[str, set[str]] = {}
    for row in registry.table("codelists"):
        codelists.setdefault(row["codelist_id"], set()).add(row["code"])
    codes = {
        row["concept_id"]: codelists.get(row["codelist_id"], set()) for row in registry.table("concepts")
    }
    for index, row in enumerate(registry.table("derived_concepts")):
        name, where = row["concept_id"], place(registry, "derived_concepts", index)
        if name not in inputs:
            yield Problem(
                "derived_without_inputs",
                f"{name} is made from nothing",
                "add its inputs to registry/derived_inputs.csv",
                file=where,
            )
        for column in ("code_when_true", "code_when_false"):
            if bool(row[column]) == (row["verb"] == "count_of"):
                yield Problem(
                    "derived_codes",
                    f"{name} by {row['verb']} has {column} {row[column]!r}",
                    "a number needs none" if row[column] else f"give a code of {name} in {column}",
                    file=where,
                )
            elif row[column] and row[column] not in codes.get(name, set()):
                yield Problem(
                    "derived_codes",
                    f"{name} has {column} {row[column]!r}, which its code list lacks",
                    f"use one of: {', '.join(sorted(codes.get(name, set()))) or 'none'}",
                    file=where,
                )
        for used in sorted(inputs.get(name, set()) & set(inputs)):
            yield Problem(
                "derived_from_derived",
                f"{name} is made from {used}, which is derived itself",
                f"name the inputs of {used} instead",
                file=where,
            )


def _indicators(registry: Registry) -> Iterator[Problem]:
    counted = {row["indicator_id"] for row in registry.table("indicator_codes")}
    units = {"proportion": "percent", "mean": "mean", "total": "count", "ratio": "ratio"}
    for index, row in enumerate(registry.table("indicators")):
        name, where = row["indicator_id"], place(registry, "indicators", index)
        # Of a multiple-response set: answers of one kind among all answers that were given.
        is_share_of_answers = row["statistic"] == "ratio" and name in counted
        unit = "percent" if is_share_of_answers else units[row["statistic"]]
        if row["unit"] != unit:
            yield Problem(
                "indicator_unit",
                f"{name} is a {row['statistic']}{' of answers' if is_share_of_answers else ''} in {row['unit']}",
                f"a {row['statistic']}{' of answers' if is_share_of_answers else ''} has unit {unit}",
                file=where,
            )
        if row["statistic"] == "proportion" and name not in counted:
            yield Problem(
                "indicator_without_codes",
                f"no answer counts for {name}",
                f"add {name},<code>, to registry/indicator_codes.csv, with one of "
                f"{', '.join(registry.codes_of(row['concept_id'])) or 'the missing kinds'}",
                file=where,
            )
        divided_by = row["denominator_concept_id"]
        if (row["statistic"] == "ratio") != bool(divided_by):
            yield Problem(
                "indicator_denominator",
                f"{name} is a {row['statistic']} with denominator_concept_id {divided_by!r}",
                "a ratio needs one, and nothing else has one",
                file=where,
            )
        elif divided_by and registry.concepts[divided_by].type != "numeric":
            yield Problem(
                "indicator_type",
                f"{name} is divided by {divided_by}, which is not numeric",
                "name a numeric concept in denominator_concept_id",
                file=where,
            )
        is_counted = row["statistic"] in ("total", "ratio") and name in counted
        if (
            row["statistic"] != "proportion"
            and not is_counted
            and registry.concepts[row["concept_id"]].type != "numeric"
        ):
            yield Problem(
                "indicator_type",
                f"{name} is a {row['statistic']} of {row['concept_id']}, which is not numeric",
                "name a numeric concept, or make it a proportion",
                file=where,
            )


def _published(registry: Registry) -> Iterator[Problem]:
    followed: dict[tuple[str, ...], tuple[str, int]] = {}
    for index, row in enumerate(registry.table("published_figures")):
        where = place(registry, "published_figures", index)
        if row["kind"] != "estimate":
            continue
        for column, known in (
            ("indicator_id", registry.indicators),
            ("wave_id", registry.waves),
            ("population_id", registry.populations),
        ):
            if row[column] not in known:
                yield Problem(
                    "published_estimate",
                    f"{column} '{row[column]}' is not in the registry{closest(row[column], known)}",
                    "correct it, or give the row kind fact",
                    file=where,
                )
        cell = tuple(
            row[name]
            for name in (
                "indicator_id",
                "wave_id",
                "population_id",
                "breakdown_id",
                "breakdown_code",
                "base_id",
            )
        )
        if row["is_followed"] != "true" and not row["note"]:
            yield Problem(
                "unfollowed_without_reason",
                f"the figure of {row['publication_id']} is not followed, and nothing says why",
                "say why in note: what another publication has, or what is wrong with this one",
                file=where,
            )
        if row["is_followed"] == "true" and row["qualifier"] == "exact":
            other = followed.setdefault(cell, (row["value"], index))
            if other[0] != row["value"]:
                yield Problem(
                    "two_publications_followed",
                    f"follows {row['value']} for a cell of which "
                    f"{place(registry, 'published_figures', other[1])} follows {other[0]}",
                    "follow one of the two (is_followed), and say why in note",
                    file=where,
                )


MEASURE_RULES: tuple[Rule, ...] = (
    _codes,
    _one_of_two,
    _missing_kinds,
    _concepts,
    _derived,
    _indicators,
    _published,
)
