"""The register of municipalities replayed: each merger turns the list of one year into that of the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

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


def test_real_municipalities_are_held_against_the_register_and_fictive_ones_are_not(data_test):
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            """
            create table municipalities as select '0080' as gemeente_code;
            create table dim_delivery as
            select k as file_key, 'survey' as instrument_id, 'f' || k as file_id, k = 2 as is_synthetic from range(1, 3) as t (k);
            create table fct_organisation as
            select 'w' || k as wave_id, 'gemeente' as layer_code, c as organisation_code, m as is_municipality, n as municipality_name
            from range(1, 3) as t (k), (values ('0080', true, 'Leeuwarden'), ('9080', true, null), ('9080', false, null)) as o (c, m, n);
            """
        )
        connection.execute(
            "create table fct_organisation_respondent as "
            "select distinct wave_id, layer_code, organisation_code, wave_id[2:]::integer as file_key from fct_organisation"
        )
        name = "assert_real_municipalities_are_in_the_register"
        assert data_test(name, connection) == [("w1", "survey", "f1", "9080")]
        connection.execute("delete from municipalities")
        assert data_test(name, connection) == []


def test_a_code_of_two_layers_fails_the_build(data_test):
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            """
            create table fct_organisation as
            select * from (values ('w1', '0080', 'gemeente'), ('w1', '0080', 'waterschap'), ('w2', '0080', 'gemeente'), ('w2', '0080', 'gemeente'),
                ('w2', '0081', 'gemeente'), ('w2', '0081', null)) as t (wave_id, organisation_code, layer_code);
            """
        )
        found = data_test("assert_a_code_has_one_layer_in_a_wave", connection)
    assert sorted(found) == [("w1", "0080", 2), ("w2", "0081", 2)]


Answer = tuple[str, str, str, float | None]
"""What an organisation answered: wave, code as delivered, layer, and how many reports it counted."""
Trend = dict[tuple[str, str, str], tuple[int, bool, float | None]]


@pytest.fixture
def trend(model_sql, project_root: Path) -> Callable[[list[Answer]], Trend]:
    """Of layer, organisation of today and wave: how many parts, whether one was divided, and the total; over the register."""

    def replay(answers: list[Answer]) -> Trend:
        with duckdb.connect(":memory:") as connection:
            for path in (
                "registers/municipalities",
                "registers/municipal_mergers",
                "registry/organisation_concepts",
            ):
                file = project_root / "dbt_project" / "seeds" / f"{path}.csv"
                connection.read_csv(str(file), all_varchar=True).create(file.stem)
            connection.execute(
                "create table answered as select unnest(?) as wave_id, unnest(?) as code, unnest(?) as layer, "
                "unnest(?)::double as number, unnest(range(len(?))) as respondent_key",
                [*(list(column) for column in zip(*answers, strict=True)), [row[0] for row in answers]],
            )
            connection.execute(
                """
                create table dim_wave as select distinct wave_id, wave_id[2:]::integer as year from answered;
                create table fct_respondent as select respondent_key, 1 as file_key, wave_id from answered;
                create table fct_answer as
                select respondent_key, 'organisation_code' as concept_id, code as answer_code, null as answer_number from answered
                union all select respondent_key, 'organisation_type', 'ambtelijk', null from answered
                union all select respondent_key, 'layer', layer, null from answered
                union all select respondent_key, 'reports_aggression_n', null, number from answered;
                """
            )
            for model in (
                "dim_municipality",
                "fct_organisation_respondent",
                "fct_organisation",
                "fct_organisation_trend",
            ):
                connection.execute(f"create table {model} as {model_sql(f'core/{model}')}")
            rows = connection.execute(
                "select layer_code, current_code, wave_id, parts_n, has_divided_part, total from fct_organisation_trend"
            ).fetchall()
        found = {row[:3]: row[3:] for row in rows}
        assert len(found) == len(rows)
        return found

    return replay


def test_a_real_merger_adds_up_and_a_part_without_a_number_leaves_no_total(trend):
    """Dirksland, Goedereede, Middelharnis and Oostflakkee became Goeree-Overflakkee on the first day of 2013."""
    parts = [("w2012", code, "gemeente", number) for code, number in (("0504", 1), ("511", 2), ("0559", 3))]
    whole = trend([*parts, ("w2012", "0580", "gemeente", 4), ("w2014", "1924", "gemeente", 11)])
    assert whole == {
        ("gemeente", "1924", "w2012"): (4, False, 10),
        ("gemeente", "1924", "w2014"): (1, False, 11),
    }
    for last in ([], [("w2012", "0580", "gemeente", None)]):
        assert trend([*parts, *last]) == {("gemeente", "1924", "w2012"): (4, False, None)}


def test_a_real_division_leaves_its_successors_without_a_total_before_it(trend):
    """Maasdonk went to Oss and to 's-Hertogenbosch on the first day of 2015."""
    found = trend(
        [
            *(
                ("w2012", code, "gemeente", number)
                for code, number in (("0828", 40), ("1671", 12), ("0796", 30))
            ),
            *(
                (wave, "0828", "gemeente", number)
                for wave, number in (("w2014", 41), ("w2015", 51), ("w2016", 52))
            ),
        ]
    )
    assert found == {
        ("gemeente", "0828", "w2012"): (1, True, None),
        ("gemeente", "0796", "w2012"): (1, True, None),
        ("gemeente", "0828", "w2014"): (1, True, None),
        ("gemeente", "0828", "w2015"): (1, False, 51),
        ("gemeente", "0828", "w2016"): (1, False, 52),
    }


def test_every_report_of_a_year_is_in_a_total_or_before_a_division(trend, lists: dict[int, set[str]]):
    """Each municipality of 2012 and of 2024 counts one: thirteen of today got a part of one that was divided since."""
    found = trend([(f"w{year}", code, "gemeente", 1) for year in (2012, 2024) for code in lists[year]])
    assert {key[1]: row[2] for key, row in found.items() if key[2] == "w2024"} == dict.fromkeys(
        lists[2024], 1
    )
    before = {key[1]: row for key, row in found.items() if key[2] == "w2012"}
    divided = {code for code, row in before.items() if row[1]}
    assert divided == {
        "0074", "0080", "0757", "0796", "0824", "0828", "0855", "0865", "1900", "1940", "1949", "1966", "1969",
    }  # fmt: skip
    assert {code for code, row in before.items() if row[2] is None} == divided
    assert all(parts == total for parts, _, total in (before[code] for code in before.keys() - divided))
    # The five that were divided are part of none of today.
    assert sum(parts for parts, _, _ in before.values()) == COUNTS[2012] - 5


def test_a_water_authority_is_no_part_of_the_municipality_of_its_code(trend):
    """Leeuwarderadeel (0081, delivered as a number) is part of Leeuwarden (0080) since 2018; the authority has number 80."""
    found = trend(
        [
            ("w2016", "0080", "waterschap", 7),
            ("w2016", "81", "gemeente", 5),
            ("w2018", "80", "gemeente", 20),
        ]
    )
    assert found == {
        ("waterschap", "0080", "w2016"): (1, False, 7),
        ("gemeente", "0080", "w2016"): (2, True, None),
        ("gemeente", "0080", "w2018"): (1, False, 20),
    }
