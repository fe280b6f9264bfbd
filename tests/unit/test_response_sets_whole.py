"""A share of answers is of a whole multiple-response set."""

from __future__ import annotations

import duckdb
import pytest


@pytest.mark.parametrize(
    ("mapped", "found"),
    [
        (("TEL", "POST", "AND"), []),
        (("TEL", "POST"), [("w1", "holders", "channels", "AND", "channels_n")]),
        ((), []),
    ],
)
def test_a_variable_of_a_counted_set_that_is_not_counted_fails_the_build(
    data_test, mapped: tuple[str, ...], found: list[tuple]
):
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            """
            create table derived_concepts as select 'channels_n' as concept_id, 'count_of' as verb;
            create table derived_inputs as
            select 'channels_n' as concept_id, 'c_' || v as input_concept_id
            from (values ('TEL'), ('POST'), ('AND')) as t (v);
            create table dim_indicator as select 'phone' as indicator_id, 'channels_n' as denominator_concept_id;
            create table stg_variables as
            select 1 as file_key, 'w1' as wave_id, 'holders' as file_id, v as source_variable, s as mr_set
            from (values ('TEL', 'channels'), ('POST', 'channels'), ('AND', 'channels'), ('OTHER', 'offenders'),
                ('ALONE', null)) as t (v, s);
            create table fct_question (file_key integer, source_variable varchar, concept_id varchar);
            insert into fct_question values (1, 'ALONE', 'something');
            """
        )
        for name in mapped:
            connection.execute("insert into fct_question values (1, ?, 'c_' || ?)", [name, name])
        assert data_test("assert_response_sets_are_counted_whole", connection) == found
