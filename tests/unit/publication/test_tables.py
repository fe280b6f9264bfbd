"""What may leave: tables of the contract, columns that are nobody's, never fewer than before."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_warehouse import build_warehouse, hashes_as_built, make_settings, record_green

from orchestration.publication.gate import PublicationRefused
from orchestration.publication.release import publish


def publish_small(settings):
    return publish(settings, hashes=hashes_as_built)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("sql", "check", "observed"),
    [
        ("create table release.fct_answer as select 1 as a", "table_is_in_the_contract", "fct_answer"),
        ("create table release.release_info as select 1 as a", "table_is_in_the_contract", "release_info"),
        (
            "create view release.mart_lineage as select 'x' as respondent_key",
            "no_private_columns",
            "respondent_key",
        ),
        (
            "create table release.mart_response as select 1 as _row, 2 as weight",
            "no_private_columns",
            "_row, weight",
        ),
        ("alter table release.mart_trend add column stratum_id varchar", "no_private_columns", "stratum_id"),
        ("delete from release.mart_trend", "required_table_has_rows", 0),
    ],
)
def test_what_may_not_leave_is_refused(tmp_path, sql, check, observed):
    settings = make_settings(tmp_path)
    build_warehouse(settings, more_sql=sql)
    record_green(settings)
    with pytest.raises(PublicationRefused) as refused:
        publish_small(settings)
    assert [(f.check, f.observed) for f in refused.value.failures] == [(check, observed)]
    assert names_in(settings.published) == []


@pytest.mark.parametrize(
    "column",
    ["responded_n", "respondents_n", "weighted_share", "source_variable", "source_code", "register_hash"],
)
def test_columns_that_only_look_private_may_leave(tmp_path, column):
    settings = make_settings(tmp_path)
    build_warehouse(settings, more_sql=f"create table release.mart_lineage as select 1 as {column}")
    record_green(settings)
    assert publish_small(settings).tables["mart_lineage"] == 1


def test_a_table_cannot_get_lost_between_releases(tmp_path):
    settings = make_settings(tmp_path)
    publish_small(settings)
    build_warehouse(settings, more_sql="drop table release.mart_comparability")
    record_green(settings)
    with pytest.raises(PublicationRefused, match="mart_comparability · no_table_is_lost"):
        publish_small(settings)
