"""Registers of the real world: areas, public bodies and frame sizes. Each of them may be absent."""

from __future__ import annotations

from orchestration.registry.declaration import Column, Table

FOLDER = "registers"


def _register(name: str, grain: str, columns: tuple[Column, ...]) -> Table:
    """Registers are taken over as they are found: without a key, since sources that disagree are all kept."""
    return Table(name, FOLDER, grain, (), columns, is_optional=True)


TABLES = (
    _register(
        "frame_counts",
        "one row per year, group and source: how many there are",
        (
            Column("year", "year of the count", "2016", "integer"),
            Column(
                "population_id",
                "population that is counted; empty where there is none",
                "raadsleden",
                required=False,
            ),
            Column("role", "group as the source names it", "raadslid"),
            Column("breakdown", "what the count is broken down by", "total", required=False),
            Column("breakdown_value", "cell of the breakdown", "persons", required=False),
            Column("count", "number", "8900", required=False),
            Column("source_title", "where it was found", "Staat van het Bestuur"),
            Column("source_url", "address of the source", "https://example.org", required=False),
            Column("note", "what a reader should know", "afgerond", required=False),
        ),
    ),
    _register(
        "municipalities",
        "one row per year and municipality",
        (
            Column("year", "year of the list", "2016", "integer"),
            Column("gemeente_code", "CBS code, with its leading zeros", "0363"),
            Column("gemeente_name", "name", "Amsterdam"),
            Column("province_code", "CBS code of the province", "27"),
            Column("province_name", "name of the province", "Noord-Holland"),
            Column("inhabitants", "number of inhabitants", "833624", "integer", required=False),
            Column("inhabitants_on", "day of that number", "2016-01-01", required=False),
            Column("inhabitants_quality", "how good that number is", "official", required=False),
            Column("inhabitants_source", "where it was found", "CBS", required=False),
        ),
    ),
    _register(
        "municipal_mergers",
        "one row per municipality that merged or changed its name",
        (
            Column("date", "day on which it happened", "2010-01-01", "date"),
            Column("old_code", "CBS code before", "0039"),
            Column("old_name", "name before", "Scheemda"),
            Column("new_code", "CBS code after", "1895"),
            Column("new_name", "name after", "Oldambt"),
            Column("kind", "what happened", "merged_into"),
            Column("source", "where it was found", "BRP Tabel 33"),
        ),
    ),
    _register(
        "provinces",
        "one row per province",
        (
            Column("code", "CBS code", "20"),
            Column("name", "name", "Groningen"),
            Column("source", "where it was found", "CBS"),
        ),
    ),
    _register(
        "water_authorities",
        "one row per water authority",
        (
            Column("name", "name", "Wetterskip Fryslân"),
            Column(
                "first_year", "first year of the list in which it stands", "2010", "integer", required=False
            ),
            Column(
                "last_year", "last year of the list in which it stands", "2024", "integer", required=False
            ),
            Column("source", "where it was found", "Unie van Waterschappen"),
            Column("note", "what a reader should know", "na fusie", required=False),
        ),
    ),
    _register(
        "council_seats",
        "one row per range of inhabitants",
        (
            Column("inhabitants_from", "fewest inhabitants", "3001", "integer"),
            Column(
                "inhabitants_to",
                "most inhabitants; empty for the last range",
                "6000",
                "integer",
                required=False,
            ),
            Column("council_seats", "seats of the council", "11", "integer"),
            Column("source", "where it was found", "Gemeentewet, artikel 8"),
        ),
    ),
)
