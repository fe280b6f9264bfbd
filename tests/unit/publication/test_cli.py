"""The command line: exit codes, words without tracebacks, and a quick answer when nothing changed."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from small_warehouse import build_warehouse, hashes_as_built, make_settings, record_green

from orchestration.cli import build_parser, main
from orchestration.commands.check import CheckOutcome, faulty_files
from orchestration.commands.refresh import reasons_to_run
from orchestration.deliveries.problems import Problem
from orchestration.deliveries.register import register_hash
from orchestration.publication.evidence import warehouse_stamp
from orchestration.publication.fingerprint import (
    Fingerprint,
    LastSuccess,
    hash_code,
    hash_waves,
    read_last_success,
    write_last_success,
)
from orchestration.publication.release import current_release_id, publish
from orchestration.settings import PROJECT_ROOT, Settings

HEAVY = ("dagster", "dbt", "pandas", "duckdb", "pyarrow", "great_expectations", "rich")


@pytest.fixture
def house(tmp_path, monkeypatch) -> Settings:
    """A home with one release, and the environment of the command line pointing at it."""
    settings = make_settings(tmp_path)
    wave = settings.raw / "vi" / "vi_2016"
    wave.mkdir(parents=True)
    (wave / "answers.sav").write_bytes(b"x")
    publish(settings, hashes=hashes_as_built)
    for variable, path in (
        ("PEILSTOK_RAW", settings.raw),
        ("PEILSTOK_REGISTRY", PROJECT_ROOT / "dbt_project" / "seeds"),
        ("PEILSTOK_HOME", settings.home),
    ):
        monkeypatch.setenv(variable, str(path))
    return settings


def next_release(settings: Settings) -> str:
    build_warehouse(settings, estimate=48.0)
    record_green(settings)
    return publish(settings, hashes=hashes_as_built).release_id


def succeed(settings: Settings, waves: list[str] | None = None) -> Fingerprint:
    """Note a success of the state as it is, with a landing register that has a landing hash."""
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select 'vi_2016' as wave_id, 'a' as landing_hash) "
            f"to '{settings.landing / 'register.parquet'}'"
        )
    now = Fingerprint(hash_waves(settings.raw), "registry", "code", "key")
    release, register = current_release_id(settings), register_hash([{"landing_hash": "a"}])
    noted = LastSuccess(now, release, register, warehouse_stamp(settings.home))
    write_last_success(settings, noted, waves)
    return now


def test_help_lists_the_commands_that_exist_and_imports_nothing_heavy():
    script = (
        "import sys; from orchestration.cli import main\n"
        "try: main(['--help'])\n"
        f"finally: print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=PROJECT_ROOT
    )
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "[]"
    for command in ("refresh", "check", "lock", "releases", "rollback", "weights", "sample-data"):
        assert f"\n    {command}" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["new-wave"], ["rollback"], ["refresh", "--wave"], ["lock"]])
def test_wrong_use_is_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: peilstok" in capsys.readouterr().err


def test_options_of_refresh():
    options = build_parser().parse_args(["refresh", "--wave", "a", "--wave", "b", "--all", "--no-publish"])
    assert (options.waves, options.all, options.no_publish) == (["a", "b"], True, True)


@pytest.mark.parametrize("command", [["refresh", "--wave"], ["check", "--wave"], ["lock"]])
def test_an_unknown_wave_is_2_and_names_the_known_ones(house, capsys, command):
    assert main([*command, "vi_2099"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("peilstok: wave 'vi_2099' is not in the registry; known: ag_2010, ")
    assert "Traceback" not in told


def test_a_wave_without_a_delivery_is_2_and_names_the_delivered_ones(house, capsys):
    assert main(["refresh", "--wave", "vi_2018"]) == 2
    assert "delivered: vi_2016" in capsys.readouterr().err


def test_an_unreadable_registry_is_2(house, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PEILSTOK_REGISTRY", str(tmp_path / "nowhere"))
    assert main(["refresh"]) == 2
    assert "PEILSTOK_REGISTRY" in capsys.readouterr().err


def test_releases_are_listed(house, capsys):
    first = current_release_id(house)
    second = next_release(house)
    assert main(["releases"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:2] == ["*", second]
    assert lines[2].split()[0] == first
    assert "synthetic" in lines[1]


def test_releases_before_the_first_one(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PEILSTOK_HOME", str(tmp_path / "home"))
    assert main(["releases"]) == 0
    assert "no releases yet" in capsys.readouterr().out
    assert not (tmp_path / "home").exists()


def test_rollback(house, capsys):
    first = current_release_id(house)
    second = next_release(house)
    assert main(["rollback", first]) == 0
    told = capsys.readouterr().out
    assert f"rolled back to release {first}" in told
    assert f"was {second}" in told
    assert current_release_id(house) == first


def test_rollback_to_an_unknown_release_is_2(house, capsys):
    known = current_release_id(house)
    assert main(["rollback", "0000000000000000"]) == 2
    assert f"known: {known}" in capsys.readouterr().err


def test_rollback_to_a_damaged_release_is_1(house, capsys):
    first = current_release_id(house)
    second = next_release(house)
    (house.published / first / "csv" / "mart_trend.csv").write_text("x")
    assert main(["rollback", first]) == 1
    told = capsys.readouterr().err
    assert "csv/mart_trend.csv: 1 bytes" in told
    assert f"published/current stays at {second}" in told


def test_a_second_refresh_at_the_same_time_is_2(house, capsys):
    with (house.home / ".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert main(["refresh"]) == 2
    assert "in use by another peilstok run" in capsys.readouterr().err


def test_nothing_to_do_when_all_is_as_it_was(house):
    assert reasons_to_run(house, succeed(house)) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s: (s.raw / "vi/vi_2016/answers.sav").write_bytes(b"y"), "vi_2016 changed"),
        (lambda s: shutil.copytree(s.raw / "vi/vi_2016", s.raw / "vi/vi_2018"), "vi_2018 changed"),
        (lambda s: shutil.rmtree(s.raw / "vi"), "vi_2016 changed"),
        (lambda s: s.warehouse.unlink(), "warehouse.duckdb is absent"),
        (lambda s: s.warehouse.touch(), "warehouse.duckdb was built again since, and not published"),
        (lambda s: (s.landing / "register.parquet").unlink(), "landing changed since"),
        (lambda s: (s.quality / "last_success.json").unlink(), "no note of the last successful run"),
        (lambda s: (s.published / "current").unlink(), "no release yet"),
    ],
)
def test_a_change_is_a_reason_to_run(house, change, reason):
    succeed(house)
    change(house)
    now = Fingerprint(hash_waves(house.raw), "registry", "code", "key")
    assert reasons_to_run(house, now) == [reason]


@pytest.mark.parametrize("name", ["registry", "code", "key"])
def test_another_registry_code_or_key_is_a_reason_to_run(house, name):
    before = succeed(house)
    now = Fingerprint(**{**vars(before), name: "other"})
    assert reasons_to_run(house, now) == [f"{'pseudonym key' if name == 'key' else name} changed"]


def test_a_damaged_or_rolled_back_release_is_a_reason_to_run(house):
    first = current_release_id(house)
    second = next_release(house)
    now = succeed(house)
    assert main(["rollback", first]) == 0
    assert reasons_to_run(house, now) == [f"release {first} is current, the last run gave {second}"]
    assert main(["rollback", second]) == 0
    (house.published / second / "csv" / "mart_trend.csv").write_text("x")
    [reason] = reasons_to_run(house, now)
    assert reason.startswith(f"release {second} is damaged: csv/mart_trend.csv")


def test_a_change_in_another_wave_is_no_reason_for_this_one(house):
    succeed(house)
    shutil.copytree(house.raw / "vi/vi_2016", house.raw / "vi/vi_2018")
    now = Fingerprint(hash_waves(house.raw), "registry", "code", "key")
    assert reasons_to_run(house, now, ["vi_2016"]) == []
    assert reasons_to_run(house, now, ["vi_2018"]) == ["vi_2018 changed"]


def test_after_one_wave_the_others_still_count_as_changed(house):
    succeed(house)
    (house.raw / "vi/vi_2016/answers.sav").write_bytes(b"y")
    shutil.copytree(house.raw / "vi/vi_2016", house.raw / "vi/vi_2018")
    now = succeed(house, ["vi_2018"])
    assert reasons_to_run(house, now, ["vi_2018"]) == []
    assert reasons_to_run(house, now) == ["vi_2016 changed"]


def test_no_change_is_told_quickly_and_without_the_orchestrator(house):
    from orchestration.commands.refresh import take_fingerprint
    from orchestration.deliveries.privacy import load_key
    from orchestration.registry import load_registry

    succeed(house)
    registry = load_registry(PROJECT_ROOT / "dbt_project" / "seeds")
    now = take_fingerprint(house, registry.hash, load_key(house.home).fingerprint)
    write_last_success(house, replace(read_last_success(house), fingerprint=now))
    script = (
        "import sys; from orchestration.cli import main; code = main(['refresh'])\n"
        "heavy = ('dagster', 'dbt', 'pandas', 'pyarrow', 'great_expectations')\n"
        "print([name for name in heavy if name in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=PROJECT_ROOT
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert any(line.startswith(f"no change: release {current_release_id(house)}") for line in lines)
    assert any(line.startswith("Burgemeesters") for line in lines)
    assert lines[-1] == "[]"


def test_code_hash_sees_code_and_nothing_that_tools_make(tmp_path):
    for path in ("orchestration/a.py", "dbt_project/models/m.sql", "dbt_project/seeds/registry/waves.csv"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("1")
    before = hash_code(tmp_path)
    for path in (
        "orchestration/__pycache__/a.pyc",
        "dbt_project/target/manifest.json",
        "dbt_project/logs/dbt.log",
        "dbt_project/.user.yml",
        "dbt_project/seeds/registry/waves.csv",
        "raw/vi/vi_2016/answers.sav",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("2")
    assert hash_code(tmp_path) == before
    (tmp_path / "dbt_project/models/m.sql").write_text("2")
    assert hash_code(tmp_path) != before


def test_the_sample_is_never_written_over_a_real_delivery(house, capsys):
    (house.raw / "vi" / "vi_2016" / "delivery.yml").write_text("is_synthetic: false\n")
    assert main(["sample-data", "--wave", "vi_2016"]) == 2
    assert "not a synthetic delivery" in capsys.readouterr().err
    assert sorted(Path(house.raw / "vi" / "vi_2016").iterdir())[0].read_bytes() == b"x"


def test_a_sample_of_an_unknown_wave_is_2(house, capsys):
    assert main(["sample-data", "--wave", "vi_2099"]) == 2
    assert "there is no sample of vi_2099" in capsys.readouterr().err


def test_check_tells_every_problem_and_builds_nothing(house, capsys):
    before = sorted(house.home.rglob("*"))
    assert main(["check"]) in (1, 2)
    told = capsys.readouterr().out
    assert "vi_2016" in told
    assert "remedy:" in told
    assert sorted(house.home.rglob("*")) == before


@pytest.mark.parametrize(
    ("named", "marked"),
    [
        ("raw/p/w1/a.sav", {("w1", "a.sav")}),
        ("p/w1/a.sav", {("w1", "a.sav")}),
        ("raw/p/w1/b.xlsx[blad 1]:7", {("w1", "b.xlsx")}),
        ("raw/p/w1/delivery.yml:3", {("w1", "a.sav"), ("w1", "b.xlsx")}),
        ("registry/waves.csv", {("w1", "a.sav"), ("w1", "b.xlsx")}),
    ],
)
def test_a_problem_marks_the_file_that_it_names(named: str, marked: set[tuple[str, str]]):
    files = [
        SimpleNamespace(wave_id=wave, path=name)
        for wave, name in (("w1", "a.sav"), ("w1", "b.xlsx"), ("w2", "a.sav"))
    ]
    outcome = CheckOutcome([Problem("kind", "message", "remedy", wave_id="w1", file=named)], files)
    assert faulty_files(outcome) == marked


def test_check_of_a_delivery_in_order(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PEILSTOK_HOME", str(tmp_path / "home"))
    assert main(["check", "--wave", "in_2012"]) == 0
    told = capsys.readouterr().out
    assert [line.split()[-1] for line in told.splitlines()[:3]] == ["ok", "ok", "ok"]
    assert "manifests, locks, registry and crosswalk are in order" in told
    assert not (tmp_path / "home").exists()


def test_lock_of_a_delivery_reproduces_what_is_there(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "raw" / "in" / "in_2012"
    shutil.copytree(PROJECT_ROOT / "raw" / "in" / "in_2012", folder)
    committed = (folder / "delivery.lock").read_bytes()
    (folder / "delivery.lock").unlink()
    monkeypatch.setenv("PEILSTOK_RAW", str(tmp_path / "raw"))
    assert main(["lock", "in_2012"]) == 0
    assert "locked in_2012: 3 files" in capsys.readouterr().out
    assert (folder / "delivery.lock").read_bytes() == committed
