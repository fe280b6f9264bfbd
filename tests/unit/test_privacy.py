"""Privacy at the door: the key, the pseudonyms, what is whose, and who read what."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from mini_study import MiniStudy, build_mini_study, enter

from orchestration.cli import main
from orchestration.deliveries import land_all, write_register
from orchestration.deliveries.access_log import read_accesses, record_access
from orchestration.deliveries.privacy import KEY_VARIABLE, PseudonymKey, load_key
from orchestration.deliveries.private_files import private_home
from orchestration.deliveries.problems import DeliveryProblems

KEY = PseudonymKey(bytes(range(32)))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path):
    first = load_key(tmp_path, {})
    path = tmp_path / "privacy" / "pseudonym.key"
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert load_key(tmp_path, {}) == first
    assert load_key(tmp_path / "other", {}) != first
    assert len(first.secret) == 32


def test_a_key_can_be_given(tmp_path: Path):
    given = tmp_path / "given.key"
    given.write_text("ab" * 32 + "\n")
    given.chmod(0o644)  # as a secret store mounts it
    key = load_key(tmp_path, {KEY_VARIABLE: str(given)})
    assert key.secret == b"\xab" * 32
    assert not (tmp_path / "privacy").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "too short"), (b"ab" * 8, "too short"), (b"not a key", "hexadecimal"), (b"\xff", "hex")],
)
def test_keys_that_are_none(tmp_path: Path, content: bytes, said: str):
    given = tmp_path / "given.key"
    given.write_bytes(content)
    with pytest.raises(DeliveryProblems) as caught:
        load_key(tmp_path, {KEY_VARIABLE: str(given)})
    assert caught.value.exit_code == 2
    assert said in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_an_absent_key_is_not_replaced_by_another(tmp_path: Path):
    with pytest.raises(DeliveryProblems):
        load_key(tmp_path, {KEY_VARIABLE: str(tmp_path / "absent.key")})
    assert not (tmp_path / "privacy").exists()


def test_our_own_key_must_not_be_readable_by_others(tmp_path: Path):
    load_key(tmp_path, {})
    (tmp_path / "privacy" / "pseudonym.key").chmod(0o644)
    with pytest.raises(DeliveryProblems, match="can be read by others"):
        load_key(tmp_path, {})


def test_pseudonyms_are_stable_apart_and_tell_nothing():
    one = KEY.pseudonyms("vi_2016", "ambtsdragers", ["1", "2", "1"])
    assert one == KEY.pseudonyms("vi_2016", "ambtsdragers", ["1", "2", "1"])
    assert (one[0] == one[2], one[0] == one[1]) == (True, False)
    assert all(len(value) == 32 and set(value) <= set("0123456789abcdef") for value in one)
    assert KEY.pseudonyms("vi_2018", "ambtsdragers", ["1"])[0] != one[0]
    assert KEY.pseudonyms("vi_2016", "ambtenaren", ["1"])[0] != one[0]
    assert PseudonymKey(bytes(32)).pseudonyms("vi_2016", "ambtsdragers", ["1"])[0] != one[0]


def test_neither_the_repr_nor_the_fingerprint_gives_the_key_away():
    assert KEY.secret.hex() not in repr(KEY)
    assert KEY.fingerprint != PseudonymKey(bytes(32)).fingerprint
    assert KEY.fingerprint not in KEY.secret.hex()


def test_everything_private_is_its_owners_alone(tmp_path: Path):
    """Under a umask that would let everybody read, in a home that stood open."""
    study = build_mini_study(tmp_path)
    study.settings.home.mkdir(mode=0o755)
    before = os.umask(0o000)
    try:
        land_all(study.settings)
        write_register(study.settings)
    finally:
        os.umask(before)
    # Others may pass through to what is published, and not look around.
    assert mode(study.settings.home) == 0o711
    places = list(study.settings.home.rglob("*"))
    assert {path.name for path in places} >= {
        "answers.parquet",
        "register.parquet",
        "pseudonym.key",
        "access.jsonl",
    }
    for path in places:
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_a_home_that_is_everybodys_by_its_nature_is_left_alone(tmp_path: Path):
    tmp_path.chmod(0o1777)
    private_home(tmp_path)
    assert mode(tmp_path) == 0o1777
    private_home(tmp_path / "new")
    assert mode(tmp_path / "new") == 0o711


def test_an_id_that_is_also_named_as_identifier_lands_as_its_hash_only(tmp_path: Path):
    import pyarrow.parquet as parquet

    study = build_mini_study(tmp_path)
    study.write_answers("mini_2020", PANEL=[f"lid{row:03}" for row in range(120)])
    names = {"identifiers": ["MAIL", "RESPNR", "PANEL"], "panel": "flitspanel", "panel_id": "PANEL"}
    study.write_manifest("mini_2020", names)
    study.lock("mini_2020")
    land_all(study.settings, ["mini_2020"])
    landed = parquet.read_table(study.landed("mini_2020") / "answers.parquet")
    assert not {"MAIL", "RESPNR", "PANEL"} & set(landed.column_names)
    assert len(set(landed["_panel_member"].to_pylist())) == 120
    assert "lid007" not in str(landed.to_pylist())


def test_what_is_found_is_refused_before_anything_is_written(tmp_path: Path, monkeypatch, capsys):
    study = build_mini_study(tmp_path)
    study.write_answers("mini_2020", ANDERS=["bel 06-12345678"] + ["geen"] * 119)
    study.lock("mini_2020")
    enter(study, monkeypatch)
    with pytest.raises(DeliveryProblems) as caught:
        land_all(study.settings)
    assert [(p.kind, p.variable) for p in caught.value.problems] == [("telephone_number", "ANDERS")]
    assert not study.landed("mini_2020").exists()
    assert study.landed("mini_2022").exists()
    assert main(["check", "--wave", "mini_2020"]) == 1
    told = capsys.readouterr().out
    assert "error[telephone_number] raw/mini/mini_2020/ambtsdragers.sav, variable ANDERS" in told
    assert "12345678" not in told
    row = {
        "wave_id": "mini_2020",
        "file_id": "ambtsdragers",
        "source_variable": "ANDERS",
        "place": "answers",
        "kind": "telephone_number",
        "reason": "FG: nummer van het meldpunt",
    }
    left_out = {
        "wave_id": "mini_2020",
        "instrument_id": "office_holders",
        "file_id": "ambtsdragers",
        "source_variable": "ANDERS",
        "source_label": "ANDERS",
        "status": "accepted",
        "reason": "hulpvraag",
    }
    study.edit_registry("xw_left_out", lambda rows: [*rows, left_out])
    study.edit_registry("privacy_exceptions", lambda rows: [*rows, row])
    assert main(["check", "--wave", "mini_2020"]) == 0
    land_all(study.settings)
    # Judged again as soon as the judgement changes, although the file is the same.
    study.edit_registry("privacy_exceptions", lambda _: [])
    with pytest.raises(DeliveryProblems, match="telephone_number"):
        land_all(study.settings)


@pytest.fixture
def study(tmp_path: Path) -> MiniStudy:
    return build_mini_study(tmp_path)


def test_every_reading_is_logged(study: MiniStudy, monkeypatch, capsys):
    enter(study, monkeypatch)
    monkeypatch.setattr("sys.argv", ["peilstok", "refresh", "--wave", "mini_2020"])
    land_all(study.settings, ["mini_2020"])
    record_access(study.settings.home, "build", (), ("answers",))
    accesses, damaged = read_accesses(study.settings.home)
    assert damaged == 0
    assert [(row.command, row.purpose, row.waves, row.tables) for row in accesses] == [
        ("peilstok refresh", "land", ("mini_2020",), ("raw",)),
        ("peilstok refresh", "build", (), ("answers",)),
    ]
    assert accesses[0].user
    assert accesses[0].time.endswith("+00:00")
    capsys.readouterr()
    assert main(["access-log"]) == 0
    assert capsys.readouterr().out.count("peilstok refresh") == 2
    assert main(["access-log", "--wave", "mini_2022"]) == 0
    told = capsys.readouterr().out
    assert "build" in told  # of all waves, hence of this one
    assert "land" not in told
    assert main(["access-log", "--wave", "mini_1999"]) == 2
    assert "mini_1999" in capsys.readouterr().err


def test_commands_that_read_deliveries_and_land_nothing_are_logged_too(study: MiniStudy, monkeypatch, capsys):
    enter(study, monkeypatch)
    assert main(["check"]) == 0
    assert not (study.settings.home / "privacy").exists()  # looking alone makes no log
    land_all(study.settings)
    for command in (
        ["check"],
        ["lock", "mini_2020"],
        ["new-wave", "mini_2024", str(study.file("mini_2022"))],
    ):
        main(command)
    capsys.readouterr()
    accesses, _ = read_accesses(study.settings.home)
    assert [(row.purpose, row.waves, row.tables) for row in accesses[1:]] == [
        ("check", (), ("raw",)),
        ("lock", ("mini_2020",), ("raw",)),
        ("new-wave", ("mini_2024",), ("raw",)),
    ]


def test_the_log_is_only_ever_appended(study: MiniStudy):
    path = study.settings.home / "privacy" / "access.jsonl"
    record_access(study.settings.home, "build", (), ("answers",))
    first = path.read_bytes()
    path.open("a").write("half a li\n")
    path.chmod(0o644)
    record_access(study.settings.home, "audit", ["mini_2020"], ("answers",))
    assert path.read_bytes().startswith(first)
    assert mode(path) == 0o600
    accesses, damaged = read_accesses(study.settings.home)
    assert ([row.purpose for row in accesses], damaged) == (["build", "audit"], 1)
    assert set(json.loads(first)) == {"time", "user", "command", "purpose", "waves", "tables"}


def test_what_cannot_be_logged_is_not_read(study: MiniStudy):
    path = study.settings.home / "privacy" / "access.jsonl"
    path.mkdir(parents=True)
    with pytest.raises(DeliveryProblems) as caught:
        land_all(study.settings)
    assert (caught.value.problems[0].kind, caught.value.exit_code) == ("access_log", 2)
    assert not study.settings.landing.exists()
