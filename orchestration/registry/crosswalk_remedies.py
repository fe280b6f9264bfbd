"""What to do about a delivery that the crosswalk does not fit: the rows to paste, and where."""

from __future__ import annotations

from collections.abc import Iterable

from orchestration.registry.csv_text import csv_line
from orchestration.registry.declaration import ACCEPTED
from orchestration.registry.load import Registry, Row
from orchestration.registry.schema import TABLES
from orchestration.registry.years import lacking_years

VARIABLES, VALUES = "crosswalk/xw_variables.csv", "crosswalk/xw_values.csv"
BUCKETS, CODELISTS = "crosswalk/xw_buckets.csv", "codelists/codelists.csv"


def for_withheld_codes(registry: Registry, row: Row, is_numeric: bool) -> str:
    """What to do about codes without a label that no message shows: of a list of years, its next rows."""
    kind = "number" if is_numeric else "text"
    free_text = f"declare the variable as free_text in delivery.yml, or map each {kind} in {VALUES}"
    if row["verb"] != "copy" or not registry.codes_of(row["concept_id"]):
        return free_text
    codelist = registry.concepts[row["concept_id"]].codelist_id
    if years := lacking_years(registry, codelist, registry.waves[row["wave_id"]].year):
        return (
            f"the list {codelist} ends before the year of the wave: add {pasted('codelists', years)} to {CODELISTS}, "
            f"and where the variable has ranges let those in {BUCKETS} move along; {free_text} if it holds no years"
        )
    return f"{free_text}; is each an answer of its own, add it to the list {codelist} in {CODELISTS}"


def for_silence(wave_id: str, instrument_id: str, concepts: Iterable[str]) -> str:
    """What to do about concepts of which nothing is said: a row each, for a question that was not asked."""
    rows = [
        {
            "wave_id": wave_id,
            "instrument_id": instrument_id,
            "concept_id": concept,
            "verb": "not_asked",
            "comparability": "limited",
            "status": ACCEPTED,
            "note": "<reason>",
        }
        for concept in concepts
    ]
    return (
        f"map the variable that asks it; or add {pasted('xw_variables', rows)} to {VARIABLES}, with impossible for "
        "not_asked where it was asked in another form; where a row for it is still proposed, accept that one"
    )


def pasted(table: str, rows: Iterable[Row]) -> str:
    """Rows as the lines of a table's file, one after the other in a sentence."""
    columns = TABLES[table].column_names
    return " and ".join(csv_line([row.get(column, "") for column in columns]) for row in rows)
