"""Publishing: equal bytes for equal input, one atomic switch, nothing private, nothing half."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from small_warehouse import (
    AS_BUILT,
    NOTICE,
    TREND_ROWS,
    build_warehouse,
    failed_check,
    hashes_as_built,
    make_settings,
    record_green,
    write_register,
)

from orchestration.publication.duckdb_file import DuckdbFileNotWritten, write_duckdb
from orchestration.publication.evidence import CHECK_FIELDS, record
from orchestration.publication.gate import PublicationRefused
from orchestration.publication.manifest import verify_files
from orchestration.publication.release import current_release_id, publish
from orchestration.publication.tables import ReleaseTable
from orchestration.settings import PROJECT_ROOT


def publish_small(settings):
    return publish(settings, hashes=hashes_as_built)


def data_files(release: Path) -> dict[str, bytes]:
    return {
        path.relative_to(release).as_posix(): path.read_bytes()
        for folder in ("parquet", "csv")
        for path in (release / folder).iterdir()
    }


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_first_release_holds_every_file_of_the_contract(tmp_path):
    settings = make_settings(tmp_path)
    outcome = publish_small(settings)
    assert (outcome.status, outcome.previous_id) == ("published", None)
    assert os.readlink(settings.published / "current") == outcome.release_id
    tables = [
        "mart_comparability", "mart_reconciliation", "mart_trend", "release_info", "release_inputs", "release_registry",
    ]  # fmt: skip
    assert names_in(outcome.path / "csv") == [f"{name}.csv" for name in tables]
    assert names_in(outcome.path / "parquet") == [f"{name}.parquet" for name in tables]
    assert names_in(outcome.path) == ["MANIFEST.json", "csv", "diff", "marts.duckdb", "parquet", "quality"]
    assert names_in(outcome.path / "quality") == ["checks.json", "reconciliation.csv"]
    assert names_in(settings.published) == sorted([outcome.release_id, "current", "ledger.parquet"])


def test_manifest_lists_every_file_with_its_hash_but_not_itself(tmp_path):
    outcome = publish_small(make_settings(tmp_path))
    manifest = json.loads((outcome.path / "MANIFEST.json").read_text())
    on_disk = {
        path.relative_to(outcome.path).as_posix(): path for path in outcome.path.rglob("*") if path.is_file()
    }
    assert {row["path"] for row in manifest["files"]} == on_disk.keys() - {"MANIFEST.json"}
    for row in manifest["files"]:
        content = on_disk[row["path"]].read_bytes()
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
        assert row["bytes"] == len(content)
    assert manifest["release_id"] == outcome.release_id
    assert manifest["tables"]["mart_trend"] == len(TREND_ROWS)
    assert manifest["is_synthetic"] is True
    assert verify_files(outcome.path) == []


def test_duckdb_file_has_the_same_rows_and_descriptions(tmp_path):
    outcome = publish_small(make_settings(tmp_path))
    with duckdb.connect(str(outcome.path / "marts.duckdb"), read_only=True) as connection:
        names = {row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()}
        assert names == set(outcome.tables)
        for name in names:
            rows = connection.execute(f"from {name}").fetchall()
            assert rows == connection.execute(f"from '{outcome.path}/parquet/{name}.parquet'").fetchall()
        info = connection.execute("select release_id, is_synthetic, contract_version, notice, input_files_n "
                                  "from release_info").fetchall()  # fmt: skip
        assert info == [(outcome.release_id, True, "1.0", NOTICE, 2)]
        assert connection.execute("select file_id, path, sha256 from release_inputs").fetchall() == [
            ("a", "a.sav", "1" * 64), ("b", "b.sav", "2" * 64),
        ]  # fmt: skip
        comment = connection.execute(
            "select comment from duckdb_columns() "
            "where table_name = 'mart_trend' and column_name = 'estimate'"
        ).fetchone()
        assert comment == ("gewogen schatting",)
    # Bytes 12-19 of a DuckDB file: the version of its format; 64 is the one that DuckDB 1.0 reads.
    assert int.from_bytes((outcome.path / "marts.duckdb").read_bytes()[12:20], "little") == 64


def test_csv_is_utf8_lf_sorted_and_keeps_nothing_apart_from_empty(tmp_path):
    outcome = publish_small(make_settings(tmp_path))
    content = (outcome.path / "csv" / "mart_trend.csv").read_bytes()
    assert b"\r" not in content
    assert not content.startswith(b"\xef\xbb\xbf")
    assert "Slachtoffer van agressie – é".encode() in content
    rows = list(csv.DictReader(content.decode().splitlines()))
    keys = [(row["population_id"], row["wave_id"]) for row in rows]
    assert keys == sorted(keys)
    suppressed = next(row for row in rows if row["publication_status"] == "suppress")
    assert suppressed["estimate"] == ""
    reconciliation = (outcome.path / "csv" / "mart_reconciliation.csv").read_text().splitlines()
    assert reconciliation[1] == 'f1,estimate,true,true,met,"a, ""quoted"" value"'
    assert reconciliation[2] == 'f2,estimate,true,,"reconciled, not shown",""'
    assert reconciliation[3] == "f3,estimate,true,false,differs,"
    assert (outcome.path / "quality" / "reconciliation.csv").read_text().splitlines() == reconciliation


def test_checks_json_is_the_contracts_list(tmp_path):
    settings = make_settings(tmp_path)
    run_id = record_green(settings)
    outcome = publish_small(settings)
    checks = json.loads((outcome.path / "quality" / "checks.json").read_text())
    assert len(checks) == 7
    assert all(set(check) == set(CHECK_FIELDS) and check["run_id"] == run_id for check in checks)


def test_equal_input_gives_equal_bytes_in_another_home(tmp_path):
    first = publish_small(make_settings(tmp_path / "one"))
    second = publish_small(make_settings(tmp_path / "two"))
    assert first.release_id == second.release_id
    assert data_files(first.path) == data_files(second.path)


def test_rows_in_another_order_give_the_same_release(tmp_path):
    first = publish_small(make_settings(tmp_path / "one"))
    settings = make_settings(tmp_path / "two")
    build_warehouse(
        settings,
        more_sql="create table t as from release.mart_trend order by random();"
        "drop table release.mart_trend; create table release.mart_trend as from t;"
        "comment on column release.mart_trend.estimate is 'gewogen schatting'",
    )
    record_green(settings)
    assert publish_small(settings).release_id == first.release_id


@pytest.mark.parametrize("what", ["figure", "registry", "input"])
def test_other_input_gives_another_release(tmp_path, what):
    first = publish_small(make_settings(tmp_path / "one"))
    settings = make_settings(tmp_path / "two", estimate=48.0 if what == "figure" else 49.0)
    registry_hash = "h" * 64 if what == "registry" else "g" * 64
    if what == "input":
        write_register(settings, is_synthetic=False)
    now = replace(AS_BUILT, registry=registry_hash)
    record_green(settings, now)
    assert publish(settings, hashes=lambda _: now).release_id != first.release_id


def test_publishing_twice_is_no_change(tmp_path):
    settings = make_settings(tmp_path)
    first = publish_small(settings)
    before = {path: path.stat().st_mtime_ns for path in settings.published.rglob("*")}
    record_green(settings)
    second = publish_small(settings)
    assert (second.status, second.release_id, second.previous_id) == (
        "no_change",
        first.release_id,
        first.release_id,
    )
    assert {path: path.stat().st_mtime_ns for path in settings.published.rglob("*")} == before


def test_a_new_release_switches_and_the_previous_one_stays(tmp_path):
    settings = make_settings(tmp_path)
    first = publish_small(settings)
    kept = data_files(first.path)
    build_warehouse(settings, estimate=48.0)
    record_green(settings)
    second = publish_small(settings)
    assert (second.status, second.previous_id) == ("published", first.release_id)
    assert current_release_id(settings) == second.release_id
    assert data_files(first.path) == kept
    assert verify_files(first.path) == []


def test_a_release_that_was_there_already_is_switched_to(tmp_path):
    settings = make_settings(tmp_path)
    first = publish_small(settings)
    for estimate in (48.0, 49.0):
        build_warehouse(settings, estimate=estimate)
        record_green(settings)
        last = publish_small(settings)
    assert (last.status, last.release_id) == ("switched", first.release_id)
    assert current_release_id(settings) == first.release_id


def test_a_failed_check_keeps_the_current_release(tmp_path):
    settings = make_settings(tmp_path)
    first = publish_small(settings)
    build_warehouse(settings, estimate=48.0)
    record_green(settings)
    record(settings.home, "marts_suite", [failed_check()])
    with pytest.raises(PublicationRefused) as refused:
        publish_small(settings)
    assert refused.value.exit_code == 1
    assert "vi_2016/office_holders · unique_respondents" in str(refused.value)
    assert f"stays at {first.release_id}" in str(refused.value)
    assert current_release_id(settings) == first.release_id
    assert names_in(settings.published) == sorted([first.release_id, "current", "ledger.parquet"])


def test_an_interrupted_publish_leaves_nothing_visible_and_is_cleaned_up(tmp_path):
    settings = make_settings(tmp_path)
    first = publish_small(settings)
    build_warehouse(settings, estimate=48.0)
    record_green(settings)
    # A child publishes and is killed when everything is written but not yet in place.
    child = (
        "import os, sys; sys.path[:0] = sys.argv[2:]\n"
        "from pathlib import Path\n"
        "from small_warehouse import hashes_as_built\n"
        "from orchestration.publication import release\n"
        "from orchestration.settings import Settings\n"
        "root = Path(sys.argv[1])\n"
        "release.sync_tree = lambda folder: os._exit(9)\n"
        "release.publish(Settings(root / 'raw', root / 'registry', root / 'home'), hashes=hashes_as_built)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", child, str(tmp_path), str(PROJECT_ROOT), str(Path(__file__).parent)],
        check=False,
    )
    assert done.returncode == 9
    assert current_release_id(settings) == first.release_id
    [left] = [name for name in names_in(settings.published) if name.startswith(".incoming-")]
    second = publish_small(settings)
    assert second.status == "published"
    assert left not in names_in(settings.published)
    assert names_in(settings.published) == sorted(
        [first.release_id, second.release_id, "current", "ledger.parquet"]
    )


def test_a_damaged_current_release_is_written_again_and_kept_aside(tmp_path):
    settings = make_settings(tmp_path)
    first = publish_small(settings)
    with (first.path / "csv" / "mart_trend.csv").open("a") as stream:
        stream.write("tampered\n")
    again = publish_small(settings)
    assert (again.status, again.release_id) == ("published", first.release_id)
    assert verify_files(again.path) == []
    [aside] = [name for name in names_in(settings.published) if name.startswith(".damaged-")]
    assert (settings.published / aside / "csv" / "mart_trend.csv").read_text().endswith("tampered\n")


def test_readers_see_a_whole_release_at_every_switch(tmp_path):
    settings = make_settings(tmp_path)
    publish_small(settings)
    reader = (
        "import sys, time, duckdb\n"
        "seen = set(); stop = time.time() + 4\n"
        "print('ready', flush=True)\n"
        "while time.time() < stop and len(seen) < 2:\n"
        "    with duckdb.connect(sys.argv[1], read_only=True) as c:\n"
        "        seen.add((c.execute('select release_id from release_info').fetchone()[0],\n"
        "                  c.execute('select count(*) from mart_trend').fetchone()[0]))\n"
        "assert {n for _, n in seen} == {8}, seen\n"
        "assert len(seen) == 2, seen\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", reader, str(settings.published / "current" / "marts.duckdb")],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout.readline() == "ready\n"
    build_warehouse(settings, estimate=48.0)
    record_green(settings)
    publish_small(settings)
    assert child.wait(timeout=20) == 0
    child.stdout.close()


def test_the_ledger_keeps_every_cell_of_every_release_once(tmp_path):
    settings = make_settings(tmp_path)
    ids = []
    for estimate in (49.0, 49.0, 48.0):
        build_warehouse(settings, estimate=estimate)
        record_green(settings)
        ids.append(publish_small(settings).release_id)
    rows = duckdb.sql(
        f"select release_sequence, release_id, max(estimate) filter (wave_id = 'vi_2022'), count(*) "
        f"from '{settings.published}/ledger.parquet' group by all order by all"
    ).fetchall()
    assert rows == [(1, ids[0], 49.0, len(TREND_ROWS)), (2, ids[2], 48.0, len(TREND_ROWS))]


def test_the_id_can_be_computed_again_from_the_release_alone(tmp_path):
    outcome = publish_small(make_settings(tmp_path))
    lines = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in sorted(data_files(outcome.path).items())
        if "release_info" not in name
    )
    with duckdb.connect(str(outcome.path / "marts.duckdb"), read_only=True) as connection:
        result = connection.execute("select * exclude (release_id) from release_info")
        names = [column[0] for column in result.description]
        values = dict(zip(names, result.fetchone(), strict=True))
    values["is_synthetic"] = str(values["is_synthetic"]).lower()
    lines += "".join(f"{name}={value}\n" for name, value in values.items())
    assert outcome.release_id == hashlib.sha256(lines.encode()).hexdigest()[:16]


def test_nothing_that_the_process_had_in_memory_is_in_the_duckdb_file(tmp_path):
    settings = make_settings(tmp_path)
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute(
            "create table private as select 'ANSWER-OF-SOMEONE-' || range as a from range(300000)"
        )
        connection.execute("drop table private")
    outcome = publish_small(settings)
    assert b"ANSWER-OF-SOMEONE" not in (outcome.path / "marts.duckdb").read_bytes()


def test_a_duckdb_file_that_cannot_be_written_stops_the_release(tmp_path):
    (tmp_path / "parquet").mkdir()
    with pytest.raises(DuckdbFileNotWritten, match=r"mart_trend\.parquet"):
        write_duckdb([ReleaseTable("mart_trend", (), 0, None, {})], tmp_path)
