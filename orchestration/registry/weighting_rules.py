"""Rules of the margins that weights are recalibrated to: every respondent falls in exactly one row of each."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.deliveries.problems import Problem
from orchestration.registry.crosswalk_rules import overlaps, scope_of
from orchestration.registry.crosswalk_tables import UNFED
from orchestration.registry.load import Registry, Row
from orchestration.registry.places import place

TABLE = "weighting_margins"


def margins(registry: Registry) -> Iterator[Problem]:
    """Counts are positive; a margin has every code that its concept can have in that wave and instrument."""
    counted: dict[tuple[str, str, str], dict[str, int]] = {}
    for index, row in enumerate(registry.table(TABLE)):
        if float(row["population_n"]) <= 0:
            yield Problem(
                "margin_not_positive",
                f"population_n is {row['population_n']}",
                "give how many there are; a group that does not exist has no code in the crosswalk either",
                file=place(registry, TABLE, index),
                code=row["code"],
            )
        # A code that the list lacks is told by the rule on codes.
        if row["code"] in registry.codes_of(row["concept_id"]):
            counted.setdefault((*scope_of(row), row["concept_id"]), {})[row["code"]] = index
    for (wave, instrument, concept), rows in counted.items():
        where = place(registry, TABLE, next(iter(rows.values())))
        possible = _possible_codes(registry, (wave, instrument), concept)
        if not possible:
            yield Problem(
                "margin_not_asked",
                f"{concept} was not asked of {instrument} in {wave}",
                "remove the rows of this margin, or map a variable to the concept in crosswalk/xw_variables.csv",
                file=where,
                wave_id=wave,
            )
            continue
        if len(rows) < 2:
            yield Problem(
                "margin_of_one_code",
                f"the margin of {concept} has one row, which says nothing",
                "add the other codes, or remove it",
                file=where,
                wave_id=wave,
            )
        for code, index in rows.items():
            if code not in possible:
                yield Problem(
                    "margin_without_answer",
                    f"no answer of {instrument} in {wave} becomes this code of {concept}",
                    "remove the row, or add its numbers to the code that these people were given",
                    file=place(registry, TABLE, index),
                    wave_id=wave,
                    code=code,
                )


def _possible_codes(registry: Registry, scope: tuple[str, str], concept: str) -> set[str]:
    """The codes that answers of a wave and instrument can have for a concept; none where it was not asked."""
    derived = next((row for row in registry.table("derived_concepts") if row["concept_id"] == concept), None)
    if derived is not None:
        inputs = {
            row["input_concept_id"]
            for row in registry.table("derived_inputs")
            if row["concept_id"] == concept
        }
        is_asked = any(_mapped(registry, scope, name) for name in inputs)
        return {derived["code_when_true"], derived["code_when_false"]} - {""} if is_asked else set()
    found: set[str] = set()
    for variable in _mapped(registry, scope, concept):
        if variable["verb"] == "bucket":
            found |= {
                row["code"]
                for row in registry.table("xw_buckets")
                if _same_source(row, variable) and row["concept_id"] == concept
            }
        elif variable["verb"] == "recode":
            rows = registry.table("xw_values")
            found |= {row["code"] for row in rows if row["code"] and _same_source(row, variable)}
        else:
            # A copied or reversed answer can be any code of the list.
            found |= set(registry.codes_of(concept))
    return found


def _mapped(registry: Registry, scope: tuple[str, str], concept: str) -> list[Row]:
    return [
        row
        for row in registry.table("xw_variables")
        if scope_of(row) == scope and row["concept_id"] == concept and row["verb"] not in UNFED
    ]


def _same_source(row: Row, variable: Row) -> bool:
    is_of_variable = row["source_variable"] == variable["source_variable"]
    return is_of_variable and scope_of(row) == scope_of(variable) and overlaps(row, variable)
