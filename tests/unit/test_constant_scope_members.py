"""The population in which a series goes on is what both waves of a break of scope have."""

from __future__ import annotations

import duckdb
import pytest

REACHED = {
    "w1": ("gemeente", "provincie", "rijk", "griffie"),
    "w2": ("gemeente", "provincie", "griffie"),
}
PARTS = {
    "all": {"gemeente", "provincie", "rijk"},
    "twin": {"gemeente", "provincie", "rijk"},
    "gemeenten": {"gemeente"},
    "provincies": {"provincie"},
    "ministeries": {"rijk"},
    "griffies": {"griffie"},
}


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ({"gemeente", "provincie"}, set()),
        ({"gemeente"}, {("w1", "provincies"), ("w2", "provincies")}),
        ({"gemeente", "provincie", "griffie"}, {("w1", "decentral"), ("w2", "decentral")}),
        # Nobody is in it: every part that stayed is left out, and so is the whole.
        (
            set(),
            {(wave, part) for wave in REACHED for part in ("all", "twin", "gemeenten", "provincies")},
        ),
    ],
)
def test_a_part_that_stayed_is_in_the_series_of_constant_scope(
    data_test, scope: set[str], found: set[tuple[str, str]]
):
    populations = {**PARTS, "decentral": scope}
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            """
            create table series_breaks as
            select 'all' as population_id, 'decentral' as constant_scope_population_id, 'w1' as from_wave_id,
                'w2' as to_wave_id, 'accepted' as status;
            create table dim_population (population_id varchar, instrument_id varchar);
            create table dim_domain (domain_id varchar, population_id varchar, breakdown_id varchar);
            create table fct_respondent (respondent_key varchar, wave_id varchar);
            create table fct_domain_member (respondent_key varchar, domain_id varchar);
            """
        )
        for name in populations:
            connection.execute("insert into dim_population values (?, 'organisations')", [name])
            connection.execute("insert into dim_domain values ($1, $1, 'total')", [name])
        for wave, layers in REACHED.items():
            for layer in layers:
                connection.execute("insert into fct_respondent values (?, ?)", [f"{wave}/{layer}", wave])
                for name, of in populations.items():
                    if layer in of:
                        connection.execute(
                            "insert into fct_domain_member values (?, ?)", [f"{wave}/{layer}", name]
                        )
        rows = data_test("assert_a_constant_scope_is_what_both_waves_have", connection)
    assert {(row[4], row[5]) for row in rows} == found
