"""Addresses of cells and of variables: how they are written, and whether the release knows every name in them."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.deliveries.problems import closest
from orchestration.lineage.release_reader import ReleaseReader, Row, Unknown, known

TOTAL = "total"
CELL_FORM = "indicator/population/wave or indicator/population/breakdown=code/wave"
SOURCE_FORM = "wave/file_or_instrument/variable"


@dataclass(frozen=True)
class CellAddress:
    """One published cell, as ``victim_any_12m/wethouders/gender=vrouw/vi_2022``; without a breakdown the total."""

    indicator_id: str
    population_id: str
    breakdown_id: str
    breakdown_code: str
    wave_id: str

    def __str__(self) -> str:
        part = [] if self.breakdown_id == TOTAL else [f"{self.breakdown_id}={self.breakdown_code}"]
        return "/".join([self.indicator_id, self.population_id, *part, self.wave_id])

    @property
    def key(self) -> list[str]:
        return [
            self.indicator_id,
            self.population_id,
            self.breakdown_id,
            self.breakdown_code,
            self.wave_id,
        ]


@dataclass(frozen=True)
class SourceAddress:
    """One delivered variable, as ``vi_2022/office_holders/q10_1``; the place is a file or an instrument."""

    wave_id: str
    place: str
    source_variable: str

    def __str__(self) -> str:
        return f"{self.wave_id}/{self.place}/{self.source_variable}"


def address_of(row: Row) -> CellAddress:
    """The address of a row of mart_trend."""
    return CellAddress(
        *(
            row[name]
            for name in ("indicator_id", "population_id", "breakdown_id", "breakdown_code", "wave_id")
        )
    )


def parse_cell(text: str) -> CellAddress:
    """Take an address apart. Raises ``Unknown`` when it has another form."""
    parts = text.strip().strip("/").split("/")
    if len(parts) == 3:
        parts.insert(2, f"{TOTAL}={TOTAL}")
    if len(parts) != 4 or not all(parts):
        raise Unknown(f"'{text}' is no cell; write {CELL_FORM}")
    indicator, population, breakdown, wave = parts
    if breakdown == TOTAL:
        breakdown = f"{TOTAL}={TOTAL}"
    name, sign, code = breakdown.partition("=")
    if not (name and sign and code):
        raise Unknown(f"'{breakdown}' is no breakdown; write breakdown=code, as in {CELL_FORM}")
    return CellAddress(indicator, population, name, code, wave)


def parse_source(text: str) -> SourceAddress:
    """Take an address apart. Raises ``Unknown`` when it has another form."""
    # A contractor may name a variable as it likes; wave and file hold no slash.
    parts = text.strip().split("/", 2)
    if len(parts) != 3 or not all(parts):
        raise Unknown(f"'{text}' is no variable; write {SOURCE_FORM}")
    return SourceAddress(*parts)


def find_cell(release: ReleaseReader, address: CellAddress) -> Row:
    """The row of mart_trend at an address.

    Raises ``Unknown``: a name that is not known, with the nearest one; or names that are known and no cell,
    with the reason why there is none.
    """
    found = release.rows(
        "select * from mart_trend where indicator_id = ? and population_id = ? and breakdown_id = ? "
        "and breakdown_code = ? and wave_id = ?",
        address.key,
    )
    if found:
        return found[0]
    known(address.indicator_id, release.names("mart_comparability", "indicator_id"), "indicator")
    known(address.population_id, release.names("mart_comparability", "population_id"), "population")
    known(address.wave_id, release.names("mart_comparability", "wave_id"), "wave")
    known(address.breakdown_id, release.names("mart_trend", "breakdown_id"), "breakdown")
    raise Unknown(f"there is no cell {address}: {_why_none(release, address)}")


def _why_none(release: ReleaseReader, address: CellAddress) -> str:
    indicator, population, breakdown, code, wave = address.key
    asked = release.rows(
        "select asked, reason from mart_comparability where indicator_id = ? and population_id = ? and wave_id = ?",
        [indicator, population, wave],
    )
    if not asked:
        there = [
            str(row["population_id"])
            for row in release.rows(
                "select distinct population_id from mart_comparability where indicator_id = ? order by 1",
                [indicator],
            )
        ]
        return f"{indicator} is not asked of {population}; it is of {', '.join(there)}"
    if asked[0]["asked"] != "asked":
        waves = ", ".join(
            row["wave_id"]
            for row in release.rows(
                "select wave_id from mart_comparability where indicator_id = ? and population_id = ? "
                "and asked = 'asked' order by year, wave_id",
                [indicator, population],
            )
        )
        return f"not asked ({asked[0]['reason']}); it was in {waves or 'no wave'}"
    cells = release.rows(
        "select distinct breakdown_id, breakdown_code, breakdown_label_nl from mart_trend "
        "where indicator_id = ? and population_id = ? and wave_id = ? order by all",
        [indicator, population, wave],
    )
    codes = {
        row["breakdown_code"]: row["breakdown_label_nl"] for row in cells if row["breakdown_id"] == breakdown
    }
    if codes and code not in codes:
        listed = ", ".join(f"{name} ({label})" for name, label in codes.items())
        return f"no code '{code}' of {breakdown} for {population}{closest(code, codes)}; there are: {listed}"
    others = sorted({row["breakdown_id"] for row in cells} - {TOTAL})
    if others and breakdown != TOTAL:
        return f"{breakdown} is not published for {population}; there is {', '.join(others)}"
    return "it was asked, and nobody answered it"
