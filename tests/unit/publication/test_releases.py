"""The releases on disk and the way back."""

from __future__ import annotations

import shutil

import pytest
from small_warehouse import TREND_ROWS, build_warehouse, hashes_as_built, make_settings, record_green

from orchestration.publication.gate import PublicationRefused
from orchestration.publication.release import current_release_id, publish
from orchestration.publication.releases import UnknownRelease, list_releases, rollback
from orchestration.publication.writer_lock import WarehouseBusy
from orchestration.settings import Settings


@pytest.fixture
def two_releases(tmp_path):
    """Settings with two releases; the ids, oldest first. The second is current."""
    settings = make_settings(tmp_path)
    first = publish(settings, hashes=hashes_as_built).release_id
    build_warehouse(settings, estimate=48.0)
    record_green(settings)
    return settings, first, publish(settings, hashes=hashes_as_built).release_id


def test_releases_are_listed_newest_first(two_releases):
    settings, first, second = two_releases
    found = list_releases(settings)
    assert [(r.release_id, r.is_current) for r in found] == [(second, True), (first, False)]
    assert {r.trend_rows for r in found} == {len(TREND_ROWS)}
    assert {r.is_synthetic for r in found} == {True}
    assert found[0].published_at > found[1].published_at
    assert found[0].rows == sum([len(TREND_ROWS), 15, 5, 1, 2])


def test_without_releases_the_list_is_empty(tmp_path):
    assert list_releases(Settings(tmp_path, tmp_path, tmp_path / "home")) == []


def test_a_release_without_a_readable_manifest_is_listed_as_damaged(two_releases):
    settings, first, _ = two_releases
    (settings.published / first / "MANIFEST.json").write_text("{")
    [damaged] = [r for r in list_releases(settings) if r.fault]
    assert damaged.release_id == first
    assert "MANIFEST.json" in damaged.fault


def test_rollback_switches_back_and_keeps_both(two_releases):
    settings, first, second = two_releases
    outcome = rollback(settings, first)
    assert (outcome.status, outcome.release_id, outcome.previous_id) == ("switched", first, second)
    assert current_release_id(settings) == first
    assert rollback(settings, second).status == "switched"
    assert len(list_releases(settings)) == 2


def test_rollback_to_the_current_release_is_no_change(two_releases):
    settings, _, second = two_releases
    assert rollback(settings, second).status == "no_change"


@pytest.mark.parametrize("wrong", ["nonsense", "", "..", "current"])
def test_an_unknown_release_names_the_known_ones(two_releases, wrong):
    settings, first, second = two_releases
    with pytest.raises(UnknownRelease) as unknown:
        rollback(settings, wrong)
    assert unknown.value.exit_code == 2
    assert first in str(unknown.value)
    assert second in str(unknown.value)
    assert current_release_id(settings) == second


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda release: (release / "csv" / "mart_trend.csv").write_text("x"), "csv/mart_trend.csv: 1 bytes"),
        (lambda release: (release / "marts.duckdb").unlink(), "marts.duckdb: missing"),
        (lambda release: (release / "extra.txt").write_text("x"), "extra.txt: not in the manifest"),
        (lambda release: (release / "MANIFEST.json").unlink(), "MANIFEST.json: not readable"),
        (lambda release: shutil.rmtree(release / "parquet"), "parquet/mart_trend.parquet: missing"),
    ],
)
def test_a_damaged_release_is_not_rolled_back_to(two_releases, damage, told):
    settings, first, second = two_releases
    damage(settings.published / first)
    with pytest.raises(PublicationRefused) as refused:
        rollback(settings, first)
    assert refused.value.exit_code == 1
    assert told in str(refused.value)
    assert f"stays at {second}" in str(refused.value)
    assert current_release_id(settings) == second


def test_rollback_waits_for_nobody(two_releases):
    import fcntl

    settings, first, second = two_releases
    with (settings.home / ".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(WarehouseBusy):
            rollback(settings, first)
    assert current_release_id(settings) == second
