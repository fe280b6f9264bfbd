"""The diff of two releases beside the figures: verdicts on changes, what is new as a whole, and what it was made from."""

from __future__ import annotations

import csv
from dataclasses import replace

import duckdb
import pytest
from rich.console import Console
from small_warehouse import AS_BUILT, build_warehouse, make_settings, passed_check

from orchestration.commands.diff import diff
from orchestration.commands.refresh import print_moves
from orchestration.publication.evidence import REQUIRED_PRODUCERS, record, start_run
from orchestration.publication.origin_diff import compare_origins, origin_lines
from orchestration.publication.release import publish
from orchestration.publication.release_diff import compare_releases
from orchestration.publication.release_diff_told import cell_text, headline, whole_lines

WHERE = "where population_id = '{}' and wave_id = '{}'"
FILES = (
    {"path": "registry/indicators.csv", "sha256": "a" * 64, "rows": 131},
    {"path": "registry/bases.csv", "sha256": "b" * 64, "rows": 20},
)


def publish_with(settings, more_sql="", files=FILES, inputs=AS_BUILT):
    build_warehouse(settings, more_sql=more_sql)
    start_run(settings.home, inputs, registry_files=files)
    for producer in REQUIRED_PRODUCERS:
        record(settings.home, producer, [passed_check(f"{producer}_check")])
    return publish(settings, hashes=lambda _: inputs).path


def rows_of(release, name="diff.csv"):
    return list(csv.DictReader((release / "diff" / name).read_text(encoding="utf-8").splitlines()))


@pytest.fixture
def settings(tmp_path):
    return make_settings(tmp_path)


def test_a_change_that_is_judged_otherwise_is_told_first(settings):
    first = publish_with(settings)
    second = publish_with(
        settings,
        "update release.mart_trend set change_direction = 'stable', ci_low = 46.5, n_unweighted = 95 "
        f"{WHERE.format('politieke_ambtsdragers', 'vi_2022')};"
        f"update release.mart_trend set ci_high = 41 {WHERE.format('politieke_ambtsdragers', 'ag_2012')}",
    )
    turned, wider = rows_of(second)
    assert (turned["kind"], turned["previous_change_direction"], turned["change_direction"]) == (
        "direction_changed",
        "up",
        "stable",
    )
    assert (turned["previous_n_unweighted"], turned["n_unweighted"]) == ("100", "95")
    assert (turned["previous_ci_low"], turned["ci_low"]) == ("47.0", "46.5")
    assert (wider["kind"], wider["previous_ci_high"], wider["ci_high"]) == ("details_changed", "40.0", "41.0")
    told = [cell_text(cell) for cell in compare_releases(first, second)]
    assert told == [
        "victim_any_12m, politieke_ambtsdragers, vi_2022: change_direction up -> stable",
        "victim_any_12m, politieke_ambtsdragers, ag_2012: ci_high 40 -> 41",
    ]
    summary = (second / "diff" / "summary.md").read_text(encoding="utf-8")
    assert (
        "## 1 kept their figure, and its change is judged otherwise\n\n- **1** change_direction up -> stable\n"
        in summary
    )


def test_a_figure_that_moved_says_when_its_change_is_judged_otherwise(settings):
    first = publish_with(settings)
    second = publish_with(
        settings,
        "update release.mart_trend set estimate = 48, change_direction = 'stable' "
        f"{WHERE.format('politieke_ambtsdragers', 'vi_2022')}",
    )
    cells = compare_releases(first, second)
    assert headline(cells) == "1 moved (0 beyond their interval, 1 judged otherwise)"
    assert cell_text(cells[0]).endswith("49 -> 48 (-1, within its interval); change_direction up -> stable")


def test_a_change_to_a_cell_that_is_suppressed_now_is_not_repeated(settings):
    publish_with(settings)
    second = publish_with(
        settings,
        "update release.mart_trend set publication_status = 'suppress', estimate = null, n_unweighted = null, "
        f"ci_low = null, ci_high = null {WHERE.format('politieke_ambtsdragers', 'vi_2020')};"
        "update release.mart_trend set change = null, change_direction = 'not_tested' "
        f"{WHERE.format('politieke_ambtsdragers', 'vi_2022')}",
    )
    rows = {row["wave_id"]: row for row in rows_of(second)}
    assert rows["vi_2020"]["kind"] == "suppressed"
    later = rows["vi_2022"]
    assert (later["kind"], later["estimate"]) == ("direction_changed", "49.0")
    # 49 less its change of 14 is the cell of 2020.
    assert {later[name] for name in ("previous_change", "previous_change_direction", "change_direction")} == {
        ""
    }
    assert {"14", "14.0"}.isdisjoint(later.values())


def test_what_is_new_or_gone_as_a_whole_takes_one_line(settings):
    first = publish_with(settings)
    second = publish_with(
        settings,
        "insert into release.mart_trend select * replace ('victim_new' as indicator_id) from release.mart_trend;"
        f"delete from release.mart_trend {WHERE.format('raadsleden', 'vi_2016')}",
    )
    cells = compare_releases(first, second)
    assert whole_lines(cells) == [
        "indicator `victim_new` added: 7 cells, 1 of them suppressed",
        "wave `vi_2016` removed: 1 cells",
    ]
    assert headline(cells) == "7 appeared (1 of them suppressed), 1 vanished"
    assert {row["because"] for row in rows_of(second)} == {"indicator_added", "wave_removed"}
    summary = (second / "diff" / "summary.md").read_text(encoding="utf-8")
    assert "- indicator `victim_new` added: 7 cells, 1 of them suppressed" in summary
    assert "victim_new, burgemeesters" not in summary


def test_a_new_wave_has_a_part_of_its_own(settings):
    publish_with(settings)
    second = publish_with(
        settings,
        "insert into release.mart_trend select * replace ('vi_2024' as wave_id) from release.mart_trend "
        f"{WHERE.format('politieke_ambtsdragers', 'vi_2022')}",
    )
    summary = (second / "diff" / "summary.md").read_text(encoding="utf-8")
    assert "- wave `vi_2024` added: 1 cells" in summary
    assert "## The new wave vi_2024\n\n- changes of whole populations: 1 up\n" in summary


def test_deliveries_registry_and_program_that_are_others_are_named(settings):
    first = publish_with(settings)
    with duckdb.connect() as connection:
        register = settings.landing / "register.parquet"
        connection.execute(f"create table landed as from read_parquet('{register}')")
        connection.execute(
            "update landed set delivery_version = 2, sha256 = repeat('7', 64) where file_id = 'a'"
        )
        connection.execute("delete from landed where file_id = 'b'")
        connection.execute(f"copy landed to '{register}' (format parquet)")
    files = (
        {**FILES[0], "sha256": "c" * 64, "rows": 132},
        FILES[1],
        {"path": "registry/new.csv", "sha256": "d" * 64, "rows": 1},
    )
    second = publish_with(settings, files=files, inputs=replace(AS_BUILT, registry="h" * 64))
    assert origin_lines(compare_origins(first, second, ("1.0", "1.1"))) == [
        "delivery vi_2022/a: delivery_version 1 -> 2, sha256 111111111111 -> 777777777777",
        "delivery vi_2022/b: gone",
        "registry registry/indicators.csv: rows_n 131 -> 132, sha256 aaaaaaaaaaaa -> cccccccccccc",
        "registry registry/new.csv: new",
        "program: code_version 1.0 -> 1.1",
    ]
    rows = rows_of(second, "inputs.csv")
    assert rows[0] == {
        "part": "delivery",
        "name": "vi_2022/a",
        "what": "delivery_version",
        "previous": "1",
        "now": "2",
    }
    assert "registry registry/new.csv: new" in (second / "diff" / "summary.md").read_text(encoding="utf-8")


def test_the_screen_shows_the_same_after_a_refresh_and_on_demand(settings):
    first = publish_with(settings)
    second = publish_with(
        settings,
        "insert into release.mart_trend select * replace ('victim_new' as indicator_id) from release.mart_trend;"
        f"update release.mart_trend set estimate = 23.5 {WHERE.format('raadsleden', 'vi_2016')} "
        "and indicator_id = 'victim_any_12m'",
        files=({**FILES[0], "sha256": "c" * 64}, FILES[1]),
    )
    told = [
        "  registry registry/indicators.csv: sha256 aaaaaaaaaaaa -> cccccccccccc",
        "  indicator `victim_new` added: 8 cells, 1 of them suppressed",
        "  victim_any_12m, raadsleden, vi_2016: 24 -> 23.5 (-0.5, within its interval)",
    ]
    for show in (
        lambda console: diff(settings, console, first.name, second.name),
        lambda console: print_moves(settings, console, first.name, second.name),
    ):
        console = Console(record=True, width=200)
        show(console)
        assert [line for line in console.export_text().splitlines() if line.startswith("  ")] == told


def test_releases_of_the_same_say_so(settings):
    first = publish_with(settings)
    assert compare_origins(first, first, ("1.0", "1.0")) == []
    second = publish_with(
        settings, f"update release.mart_trend set estimate = 23.5 {WHERE.format('raadsleden', 'vi_2016')}"
    )
    summary = (second / "diff" / "summary.md").read_text(encoding="utf-8")
    assert "The same deliveries, registry and program." in summary
