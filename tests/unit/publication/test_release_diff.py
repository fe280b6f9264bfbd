"""The diff of two releases: what moved and what did not, and no figure that is withheld now."""

from __future__ import annotations

import csv

import duckdb
import pytest
from rich.console import Console
from small_warehouse import build_warehouse, hashes_as_built, make_settings, record_green

from orchestration.commands.diff import diff
from orchestration.publication.release import publish
from orchestration.publication.release_diff import compare_releases, diff_csv
from orchestration.publication.release_diff_told import headline
from orchestration.publication.releases import UnknownRelease, find_release
from orchestration.warehouse.audit import figures_are_met


def publish_next(settings, **changes):
    build_warehouse(settings, **changes)
    record_green(settings)
    return publish(settings, hashes=hashes_as_built)


def rows_of(release):
    return list(csv.DictReader((release / "diff" / "diff.csv").read_text(encoding="utf-8").splitlines()))


WHERE = "where population_id = '{}' and wave_id = '{}'"


@pytest.fixture
def two(tmp_path):
    settings = make_settings(tmp_path)
    first = publish(settings, hashes=hashes_as_built)
    hide = WHERE.format("burgemeesters", "ag_2012")
    near = WHERE.format("politieke_ambtsdragers", "vi_2020")
    second = publish_next(
        settings,
        estimate=44.0,
        more_sql=f"update release.mart_trend set estimate = null, n_unweighted = null, ci_low = null, ci_high = null, publication_status = 'suppress' {hide};"
        f"update release.mart_trend set estimate = 36.0 {near};"
        f"update release.mart_trend set estimate = 47.0, publication_status = 'publish' {WHERE.format('burgemeesters', 'ag_2014')};"
        f"update release.mart_trend set publication_status = 'publish' {WHERE.format('burgemeesters', 'vi_2020')};"
        f"delete from release.mart_trend {WHERE.format('raadsleden', 'vi_2016')}",
    )
    return settings, first, second


def test_the_first_release_has_nothing_to_compare_with(tmp_path):
    outcome = publish(make_settings(tmp_path), hashes=hashes_as_built)
    assert rows_of(outcome.path) == []
    assert "first release" in (outcome.path / "diff" / "summary.md").read_text()


def test_every_kind_of_difference_is_told(two):
    _, first, second = two
    found = {(row["population_id"], row["wave_id"]): row for row in rows_of(second.path)}
    assert {key: row["kind"] for key, row in found.items()} == {
        ("politieke_ambtsdragers", "vi_2022"): "moved",
        ("politieke_ambtsdragers", "vi_2020"): "moved",
        ("burgemeesters", "ag_2012"): "suppressed",
        ("burgemeesters", "ag_2014"): "published",
        ("burgemeesters", "vi_2020"): "status_changed",
        ("raadsleden", "vi_2016"): "vanished",
    }
    beyond = found["politieke_ambtsdragers", "vi_2022"]
    assert (beyond["difference"], beyond["is_within_interval"]) == ("-5.0", "false")
    assert found["politieke_ambtsdragers", "vi_2020"]["is_within_interval"] == "true"
    assert headline(compare_releases(first.path, second.path)) == (
        "2 moved (1 beyond their interval), 1 vanished, 1 became suppressed, 1 were suppressed and are published, "
        "1 kept their figure and changed status"
    )


def test_a_figure_that_is_suppressed_now_is_not_repeated(two):
    _, _, second = two
    for name in ("diff.csv", "summary.md"):
        assert "61" not in (second.path / "diff" / name).read_text()
    (row,) = (row for row in rows_of(second.path) if row["kind"] == "suppressed")
    assert [row[name] for name in ("previous_estimate", "estimate", "difference", "previous_ci_low")] == [
        ""
    ] * 4


def test_the_id_does_not_depend_on_the_release_before(two, tmp_path):
    settings, _, second = two
    other = make_settings(tmp_path / "other")
    other.warehouse.write_bytes(settings.warehouse.read_bytes())
    record_green(other)
    alone = publish(other, hashes=hashes_as_built)
    assert alone.release_id == second.release_id
    assert rows_of(alone.path) == []


def test_releases_are_found_by_name_and_beginning(two):
    settings, first, second = two
    assert find_release(settings, "current").name == second.release_id
    assert find_release(settings, "previous").name == first.release_id
    assert find_release(settings, first.release_id[:6]).name == first.release_id
    for name in ("", "zz"):
        with pytest.raises(UnknownRelease):
            find_release(settings, name)


def test_the_command_prints_and_writes_the_same(two, tmp_path):
    settings, first, second = two
    console = Console(record=True, width=200)
    assert diff(settings, console, "previous", "current", tmp_path / "out.csv") == 0
    text = console.export_text()
    assert "victim_any_12m, politieke_ambtsdragers, vi_2022: 49 -> 44 (-5, beyond its interval)" in text
    assert (tmp_path / "out.csv").read_text() == (second.path / "diff" / "diff.csv").read_text()
    assert diff_csv(compare_releases(second.path, second.path)).count("\n") == 1
    assert compare_releases(first.path, first.path) == []


def test_a_damaged_release_before_does_not_stop_the_next(tmp_path):
    settings = make_settings(tmp_path)
    first = publish(settings, hashes=hashes_as_built)
    (first.path / "marts.duckdb").write_bytes(b"no database")
    second = publish_next(settings, estimate=48.0)
    assert second.status == "published"
    assert "cannot be read" in (second.path / "diff" / "summary.md").read_text()


@pytest.mark.parametrize(("is_met", "is_followed"), [(False, True), (True, True), (False, False)])
def test_a_missed_figure_names_the_row_to_change(is_met: bool, is_followed: bool):
    with duckdb.connect() as connection:
        connection.execute(
            "create schema marts; create table landed as select 'w1' as wave_id, true as is_synthetic"
        )
        connection.execute(
            "create table marts.mart_reconciliation as select 'w1_share' as figure_id, 'w1' as wave_id, 'share' as indicator_id, "
            "'all' as population_id, 'total' as breakdown_code, 10.0 as published_value, 13.0 as our_value, "
            f"{is_met} as is_within_rounding, {is_followed} as is_followed, 'estimate' as kind, 'exact' as qualifier"
        )
        results = figures_are_met(connection)
    if not is_followed:
        assert results == []
        return
    (result,) = results
    assert result.passed is is_met
    assert ("published/published_figures.csv" in result.expected) is not is_met
    assert ("row w1_share" in str(result.observed)) is not is_met
