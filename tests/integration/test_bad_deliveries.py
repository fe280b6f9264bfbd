"""Bad deliveries: each fault, in real files, gets an error of its own, with remedy and exit code."""

from __future__ import annotations

import copy
import hashlib
import io
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from mini_study import FILE_NAME, MiniStudy, answers, build_mini_study, enter

from orchestration.cli import main
from orchestration.deliveries import (
    DeliveryProblems,
    Problem,
    land_all,
    load_register,
    read_xlsx,
    write_lock,
    write_register,
)
from orchestration.publication.manifest import verify_files
from orchestration.registry import compare_landing, validate_registry
from orchestration.settings import Settings


@pytest.fixture
def study(tmp_path: Path) -> MiniStudy:
    return build_mini_study(tmp_path)


def refused(action: Callable[[], object]) -> DeliveryProblems:
    with pytest.raises(DeliveryProblems) as caught:
        action()
    return caught.value


def only(found: DeliveryProblems) -> Problem:
    assert len(found.problems) == 1, str(found)
    return found.problems[0]


def land(study: MiniStudy) -> DeliveryProblems:
    return refused(lambda: land_all(study.settings))


def compared(study: MiniStudy) -> list[Problem]:
    """Land, which must go well, and compare with the crosswalk."""
    land_all(study.settings)
    return compare_landing(study.registry(), study.settings.landing)


def test_a_good_delivery_lands_and_fits_its_crosswalk(study: MiniStudy):
    assert validate_registry(study.registry()) == []
    assert compared(study) == []
    register = write_register(study.settings)
    assert [(row["wave_id"], row["n_rows"]) for row in register.deliveries] == [
        ("mini_2020", 120),
        ("mini_2022", 120),
    ]


def test_missing_file(study: MiniStudy):
    study.file("mini_2020").unlink()
    found = land(study)
    problem = only(found)
    assert (problem.kind, found.exit_code) == ("missing_file", 2)
    assert problem.file == "raw/mini/mini_2020/ambtsdragers.sav"
    assert "put it back" in problem.remedy


def test_wrong_hash(study: MiniStudy):
    path = study.file("mini_2020")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    found = land(study)
    problem = only(found)
    assert (problem.kind, found.exit_code) == ("wrong_hash", 1)
    assert problem.file.endswith(f"mini_2020/{FILE_NAME}")
    assert "higher version" in problem.remedy


def test_truncated_sav_cannot_be_locked(study: MiniStudy):
    path = study.file("mini_2020")
    path.write_bytes(path.read_bytes()[:-2000])
    found = refused(lambda: write_lock(study.manifest("mini_2020"), accept_changes=True))
    problem = only(found)
    assert (problem.kind, found.exit_code) == ("truncated_file", 2)
    assert problem.file.endswith(FILE_NAME)
    assert "supplier" in problem.remedy


def test_truncated_sav_with_a_lock_to_match_cannot_land(study: MiniStudy):
    """As when the file was cut off before someone wrote its hash down."""
    path = study.file("mini_2020")
    whole = path.read_bytes()
    lock = path.with_name("delivery.lock")
    cut = whole[: len(whole) // 2]
    path.write_bytes(cut)
    lock.write_text(_lock_text(lock.read_text(), whole, cut))
    found = land(study)
    assert (only(found).kind, found.exit_code) == ("truncated_file", 2)


def test_unknown_code(study: MiniStudy):
    study.write_answers("mini_2020", V2=[3.0] * 5 + [2.0] * 115)
    study.lock("mini_2020")
    (problem,) = compared(study)
    assert (problem.kind, problem.exit_code) == ("unknown_code", 1)
    assert (problem.file, problem.variable, problem.code) == ("mini/mini_2020/ambtsdragers.sav", "V2", "3")
    assert "mini_2020,office_holders,,V2,3,,<code>,<missing_kind>" in problem.remedy
    assert "5 answers" in str(problem)


def test_unknown_label(study: MiniStudy):
    study.write_answers("mini_2020", labels={"V2": {1.0: "Nee", 2.0: "Ja", 9.0: "Weet niet"}})
    study.lock("mini_2020")
    problems = compared(study)
    assert [(p.kind, p.exit_code, p.variable, p.code) for p in problems] == [
        ("unknown_label", 1, "V2", "1"),
        ("unknown_label", 1, "V2", "2"),
    ]
    assert "the delivery says 'Nee'" in problems[0].message
    assert "says 'Ja'" in problems[0].message
    assert "crosswalk/xw_values.csv:" in problems[0].message
    assert "source_label" in problems[0].remedy


def test_variable_of_the_crosswalk_that_the_file_lacks(study: MiniStudy):
    study.write_answers("mini_2020", drop=("V2",))
    study.lock("mini_2020")
    (problem,) = compared(study)
    assert (problem.kind, problem.exit_code, problem.variable) == ("missing_variable", 1, "V2")
    assert "victim_threat" in problem.message
    assert "crosswalk/xw_variables.csv:" in problem.message
    assert "source_variable" in problem.remedy


def test_duplicate_key(study: MiniStudy):
    ids = [float(1000 + row) for row in range(117)] + [1000.0, 1000.0, 1001.0]
    study.write_answers("mini_2020", RESPNR=ids)
    study.lock("mini_2020")
    found = land(study)
    problem = only(found)
    assert (problem.kind, found.exit_code, problem.variable) == ("duplicate_respondent", 1, "RESPNR")
    assert "3 of 120 rows" in problem.message
    assert "1000" not in str(problem)


def test_negative_weight(study: MiniStudy):
    study.write_answers("mini_2020", WEEG=[-0.25, -0.75] + [1.0] * 118)
    study.lock("mini_2020")
    found = land(study)
    problem = only(found)
    assert (problem.kind, found.exit_code, problem.variable) == ("negative_weight", 1, "WEEG")
    assert "2 of 120 rows" in problem.message
    assert "-0.25" not in str(problem)


@pytest.mark.parametrize(
    ("weights", "kind"),
    [
        ([None] + [1.0] * 119, "missing_weight"),
        ([0.0] * 120, "zero_weights"),
        (["1,5"] * 120, "weight_not_numeric"),
    ],
)
def test_other_faults_of_weights(study: MiniStudy, weights: list, kind: str):
    study.write_answers("mini_2020", WEEG=weights)
    study.lock("mini_2020")
    found = land(study)
    assert (only(found).kind, found.exit_code, only(found).variable) == (kind, 1, "WEEG")


def test_weights_of_some_rows_may_be_zero(study: MiniStudy):
    study.write_answers("mini_2020", WEEG=[0.0] + [1.0] * 119)
    study.lock("mini_2020")
    assert len(land_all(study.settings)) == 2


def test_manifest_with_an_unknown_wave(study: MiniStudy):
    study.folder("mini_2022").rename(study.settings.raw / "mini" / "mini_2021")
    manifest = study.settings.raw / "mini" / "mini_2021" / "delivery.yml"
    manifest.write_text(manifest.read_text().replace("mini_2022", "mini_2021"))
    found = land(study)
    problem = only(found)
    assert (problem.kind, found.exit_code) == ("unknown_wave", 2)
    assert problem.file == "raw/mini/mini_2021/delivery.yml:3"
    assert "mini_2020, mini_2022" in problem.message
    assert "registry/waves.csv" in problem.remedy


def test_damaged_file_of_a_superseded_version(study: MiniStudy):
    study.redeliver("mini_2020", V2=2.0)
    land_all(study.settings)
    path = study.file("mini_2020")
    data = bytearray(path.read_bytes())
    data[2000] ^= 255
    path.write_bytes(data)
    found = land(study)
    problem = only(found)
    assert (problem.kind, found.exit_code) == ("wrong_hash", 1)
    assert problem.file == "raw/mini/mini_2020/ambtsdragers.sav"
    assert "superseded" in problem.message


def test_file_that_no_manifest_names(study: MiniStudy):
    study.file("mini_2020", "nog_een.sav").write_bytes(b"x")
    found = land(study)
    problem = only(found)
    assert (problem.kind, found.exit_code) == ("unnamed_file", 1)
    assert problem.file == "raw/mini/mini_2020/nog_een.sav"


def test_variable_of_the_manifest_that_the_file_lacks(study: MiniStudy):
    study.write_manifest("mini_2020", {"weight": "WEGING"})
    found = land(study)
    problem = only(found)
    assert (problem.kind, found.exit_code, problem.variable) == ("missing_variable", 1, "WEGING")
    assert "`weight`" in problem.message


def test_email_addresses_that_are_not_declared(study: MiniStudy):
    study.write_manifest("mini_2020", {"identifiers": []})
    found = land(study)
    problem = only(found)
    assert (problem.kind, found.exit_code, problem.variable) == ("email_address", 1, "MAIL")
    assert "120 answers" in problem.message
    assert "@" not in str(problem)


def test_one_run_shows_the_faults_of_every_wave(study: MiniStudy):
    study.file("mini_2020").unlink()
    study.write_answers("mini_2022", WEEG=-1.0)
    study.lock("mini_2022")
    found = land(study)
    assert {(p.wave_id, p.kind) for p in found.problems} == {
        ("mini_2020", "missing_file"),
        ("mini_2022", "negative_weight"),
    }
    # A gate that says no weighs more than input that is not there.
    assert found.exit_code == 1


def test_what_landed_before_stays_when_a_delivery_is_refused(study: MiniStudy):
    land_all(study.settings)
    before = write_register(study.settings)
    files = {path: path.read_bytes() for path in study.settings.landing.rglob("*.parquet")}
    study.write_answers("mini_2020", WEEG=-1.0)
    study.lock("mini_2020")
    land(study)
    assert {path: path.read_bytes() for path in study.settings.landing.rglob("*.parquet")} == files
    assert load_register(study.settings) == before


@pytest.mark.parametrize("damage", range(0, 40))
def test_any_damage_ends_in_problems_not_in_a_traceback(study: MiniStudy, damage: int):
    """Bytes overwritten at forty places of the file: it lands or it is refused, and no value is shown."""
    path = study.file("mini_2020")
    data = bytearray(path.read_bytes())
    start = damage * len(data) // 40
    data[start : start + 7] = b"\xff\x00\x7f\x01\xfe\x80\x0a"
    path.write_bytes(data)
    mail = answers()["MAIL"].tolist()
    said = ""
    try:
        study.lock("mini_2020")
        land_all(study.settings)
    except DeliveryProblems as found:
        said = str(found)
    assert "error[" in said or study.landed("mini_2020").is_dir()
    assert not any(address in said for address in mail)


def workbook_with(path: Path, change: Callable[[bytes], bytes]) -> Path:
    """A sound archive of a workbook in which the XML of the sheet is spoiled."""
    book, whole = openpyxl.Workbook(), io.BytesIO()
    for row in range(200):
        book.active.append([row if row else "V1"])
    book.save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, change(content) if name == "xl/worksheets/sheet1.xml" else content)
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml[: len(xml) // 2],
        lambda xml: xml.replace(b'<row r="9"', b'<row r="99999999"'),
        lambda xml: xml.replace(b'r="A7"', b'r="7A"'),
    ],
)
def test_damage_inside_a_workbook(tmp_path: Path, change: Callable[[bytes], bytes]):
    path = workbook_with(tmp_path / "a.xlsx", change)
    problem = only(refused(lambda: read_xlsx(path)))
    assert (problem.kind, problem.exit_code) == ("damaged_file", 2)


def test_bytes_of_a_workbook_that_were_overwritten(tmp_path: Path):
    path = workbook_with(tmp_path / "a.xlsx", lambda xml: xml)
    data = path.read_bytes()
    told: list[Problem] = []
    for start in range(4, len(data) - 8, len(data) // 60):
        path.write_bytes(data[:start] + b"\xff\x00\x7f\x01\xfe\x80\x0a" + data[start + 7 :])
        try:
            read_xlsx(path)
        except DeliveryProblems as found:
            told += found.problems
    assert {problem.exit_code for problem in told} == {2}
    kinds = {problem.kind for problem in told}
    assert {"damaged_file", "truncated_file"} <= kinds <= {"damaged_file", "truncated_file", "which_sheet"}


# Through the command line: a bad delivery never moves what is published.


def study_at(root: Path, manifests: dict) -> MiniStudy:
    settings = Settings(raw=root / "raw", registry=root / "registry", home=root / "warehouse")
    return MiniStudy(root, settings, copy.deepcopy(manifests))


def cut_off_before_it_was_locked(study: MiniStudy) -> None:
    path = study.file("mini_2020")
    lock, whole = path.with_name("delivery.lock"), path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    lock.write_text(_lock_text(lock.read_text(), whole, path.read_bytes()))


def flip_a_byte(study: MiniStudy) -> None:
    data = bytearray(study.file("mini_2020").read_bytes())
    data[-1] ^= 1
    study.file("mini_2020").write_bytes(data)


def damage_what_was_superseded(study: MiniStudy) -> None:
    study.redeliver("mini_2020")
    flip_a_byte(study)


def delivered_with(**changes) -> Callable[[MiniStudy], None]:
    def spoil(study: MiniStudy) -> None:
        study.write_answers("mini_2020", **changes)
        study.lock("mini_2020")

    return spoil


SAV = "mini_2020/ambtsdragers.sav"
SPOILT = {
    "missing file": (lambda study: study.file("mini_2020").unlink(), 2, "missing_file", SAV, "put it back"),
    "wrong hash": (flip_a_byte, 1, "wrong_hash", SAV, "put the file back as it was received"),
    "truncated sav": (
        cut_off_before_it_was_locked,
        2,
        "truncated_file",
        SAV,
        "ask the supplier for the whole",
    ),
    "unknown code": (delivered_with(V2=3.0), 1, "unknown_code", SAV, "xw_values.csv"),
    "unknown label": (
        delivered_with(labels={"V2": {1.0: "Nee", 2.0: "Ja", 9.0: "Weet niet"}}),
        1,
        "unknown_label",
        SAV,
        "change source_label",
    ),
    "missing variable": (delivered_with(drop=("V2",)), 1, "missing_variable", SAV, "source_variable"),
    "duplicate key": (delivered_with(RESPNR=1000.0), 1, "duplicate_respondent", SAV, "which rows count"),
    "negative weight": (delivered_with(WEEG=-0.25), 1, "negative_weight", SAV, "corrected weights"),
    "unknown wave": (
        lambda study: study.write_manifest("mini_2020", wave="mini_2019"),
        2,
        "unknown_wave",
        "mini_2020/delivery.yml",
        "registry/waves.csv",
    ),
    "damaged superseded file": (damage_what_was_superseded, 1, "wrong_hash", SAV, "as it was received"),
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> MiniStudy:
    """The study in miniature, released once."""
    study = build_mini_study(tmp_path_factory.mktemp("published"))
    study.take_rounding_rules()
    with pytest.MonkeyPatch.context() as monkeypatch:
        enter(study, monkeypatch)
        assert main(["refresh"]) == 0
    return study


@pytest.mark.slow
@pytest.mark.parametrize("fault", SPOILT)
def test_a_bad_delivery_never_moves_what_is_published(
    fault: str,
    published: MiniStudy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
):
    spoil, exit_code, kind, file, remedy = SPOILT[fault]
    shutil.copytree(published.root, tmp_path / "copy", symlinks=True)
    study = study_at(tmp_path / "copy", published.manifests)
    enter(study, monkeypatch)
    current = study.settings.published / "current"
    released = os.readlink(current)
    spoil(study)
    capsys.readouterr()
    assert main(["refresh"]) == exit_code
    told = capsys.readouterr()
    message = " ".join((told.out + told.err).split())
    assert f"error[{kind}]" in message
    assert file in message
    assert remedy in message.split("remedy: ", 1)[1]
    assert "Traceback" not in message
    assert os.readlink(current) == released
    assert verify_files(current) == []


def _lock_text(text: str, whole: bytes, cut: bytes) -> str:
    text = text.replace(hashlib.sha256(whole).hexdigest(), hashlib.sha256(cut).hexdigest())
    return text.replace(f"bytes: {len(whole)}", f"bytes: {len(cut)}")
