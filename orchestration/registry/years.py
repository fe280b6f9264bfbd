"""Code lists whose codes are years: they grow with the waves, as the bounds of ranges that are years do."""

from __future__ import annotations

from orchestration.registry.load import Registry, Row

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""Numbers between these are years; nobody is that old, and no other number of the monitors is that high."""


def is_year(text: str) -> bool:
    """Whether a code or a bound is a year."""
    return text.isdigit() and FIRST_YEAR <= int(text) <= LAST_YEAR


def lacking_years(registry: Registry, codelist_id: str | None, year: int) -> list[Row]:
    """The rows that a code list of years lacks up to and with ``year``; none where its codes are no years."""
    rows = [row for row in registry.table("codelists") if row["codelist_id"] == codelist_id]
    if not rows or not all(is_year(row["code"]) for row in rows):
        return []
    last = max(rows, key=lambda row: int(row["code"]))
    order = int(last["sort_order"])
    return [
        {
            "codelist_id": last["codelist_id"],
            "code": str(one),
            "label_nl": str(one),
            "label_en": str(one),
            "sort_order": str(order + one - int(last["code"])),
        }
        for one in range(int(last["code"]) + 1, year + 1)
    ]
