"""The register of municipalities replayed: each merger turns the list of one year into that of the next."""

from __future__ import annotations

from collections import defaultdict

import duckdb
import pytest

from orchestration.registry import load_registry
from orchestration.registry.load import Row
from orchestration.settings import load_settings

COUNTS = {
    2010: 431, 2011: 418, 2012: 415, 2013: 408, 2014: 403, 2015: 393, 2016: 390, 2017: 388,
    2018: 380, 2019: 355, 2020: 355, 2021: 352, 2022: 345, 2023: 342, 2024: 342,
}  # fmt: skip


@pytest.fixture(scope="module")
def lists() -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for row in load_registry(load_settings({}).registry).table("municipalities"):
        found[int(row["year"])].add(row["gemeente_code"])
    return found


@pytest.fixture(scope="module")
def mergers() -> list[Row]:
    return load_registry(load_settings({}).registry).table("municipal_mergers")


def test_every_list_has_the_municipalities_of_its_year(lists: dict[int, set[str]]):
    assert {year: len(codes) for year, codes in lists.items()} == COUNTS


def replayed(codes: set[str], year: int, mergers: list[Row]) -> set[str]:
    """The next list: of what happened after this first of January, up to and on the next."""
    of_year = [row for row in mergers if f"{year}-01-01" < row["date"] <= f"{year + 1}-01-01"]
    return (codes - {row["old_code"] for row in of_year}) | {row["new_code"] for row in of_year}


@pytest.mark.parametrize("year", range(2010, 2024))
def test_mergers_turn_a_list_into_the_next(lists: dict[int, set[str]], mergers: list[Row], year: int):
    assert replayed(lists[year], year, mergers) == lists[year + 1]


def test_a_merger_that_is_missing_is_noticed(lists: dict[int, set[str]], mergers: list[Row]):
    without = [row for row in mergers if row["old_name"] != "Weesp"]
    assert replayed(lists[2022], 2022, without) != lists[2023]


def test_no_code_lives_again(mergers: list[Row]):
    ended = {row["old_code"]: row["date"] for row in mergers}
    again = [row for row in mergers if ended.get(row["new_code"], "9999") <= row["date"]]
    assert again == []


def test_a_municipality_that_answers_outside_its_years_fails_the_build(data_test):
    """0010 stood in the lists of 2012 to 2014; 0039 ended on the first day of the first list."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            """
            create table dim_wave as select 'w' || y as wave_id, y as year
            from (values (2010), (2011), (2012), (2014), (2015)) as t (y);
            create table dim_municipality as
            select c as municipality_code, c as name, f as first_year, l as last_year, e as ended_on
            from (values ('0010', 2012, 2014, '2015-01-01'), ('0039', null, null, '2010-01-01')) as t (c, f, l, e);
            create table fct_organisation as
            select w.wave_id, c as organisation_code, if(c = '0077', null, c) as municipality_name
            from dim_wave as w, (values ('0010'), ('0039'), ('0077')) as t (c);
            """
        )
        found = data_test("assert_municipalities_exist_in_their_year", connection)
    assert {row[:2] for row in found} == {
        *((f"w{year}", "0010") for year in (2010, 2015)),
        *((f"w{year}", "0039") for year in (2011, 2012, 2014, 2015)),
    }
