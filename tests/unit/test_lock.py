"""Locks: what lies in a delivery folder is what was received, superseded versions and codebooks included."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from mini_study import MiniStudy, build_mini_study

from orchestration.deliveries import DeliveryProblems, read_lock, verify_lock, write_lock

WAVE = "mini_2020"


@pytest.fixture
def study(tmp_path: Path) -> MiniStudy:
    return build_mini_study(tmp_path)


def kinds(study: MiniStudy) -> list[tuple[str, int, str]]:
    return [
        (problem.kind, problem.exit_code, problem.file.rsplit("/", 1)[1])
        for problem in verify_lock(study.manifest(WAVE))
    ]


def deny(monkeypatch: pytest.MonkeyPatch, denied: Path) -> None:
    """As chmod 000 does to everybody but root."""
    opened, read, open_descriptor = Path.open, Path.read_bytes, os.open

    def refuse_or(action: Callable) -> Callable:
        def act(path: Path, *arguments, **options):
            if path == denied:
                raise PermissionError(13, "Permission denied")
            return action(path, *arguments, **options)

        return act

    monkeypatch.setattr(Path, "open", refuse_or(opened))
    monkeypatch.setattr(Path, "read_bytes", refuse_or(read))

    def open_or_refuse(path, *arguments, **options):
        if path == denied.name:
            raise PermissionError(13, "Permission denied")
        return open_descriptor(path, *arguments, **options)

    monkeypatch.setattr(os, "open", open_or_refuse)


def with_codebook(study: MiniStudy) -> None:
    """The delivery of the wave as semicolon CSV with a codebook of its own."""
    study.file(WAVE).unlink()
    study.file(WAVE, "data.csv").write_text("RESPNR;WEEG\n1;1,5\n2;0,5\n3;1\n")
    study.file(WAVE, "codes.csv").write_text("variable;code;label\nWEEG;1;een\n")
    study.write_manifest(
        WAVE,
        {
            "path": "data.csv",
            "format": "csv",
            "delimiter": ";",
            "decimal": ",",
            "codebook": "codes.csv",
            "strata": [],
            "identifiers": [],
            "free_text": [],
        },
    )
    study.lock(WAVE)


def test_a_lock_holds_hash_bytes_rows_and_columns(study: MiniStudy):
    data = study.file(WAVE).read_bytes()
    locked = read_lock(study.manifest(WAVE)).files
    assert vars(locked["ambtsdragers.sav"]) == {
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "rows": 120,
        "columns": 13,
    }
    text = (study.folder(WAVE) / "delivery.lock").read_text()
    assert set(yaml.safe_load(text)) == {"files"}
    assert text.startswith("# Written by")


def test_writing_a_lock_again_changes_no_byte(study: MiniStudy):
    path = study.folder(WAVE) / "delivery.lock"
    before = path.read_bytes()
    write_lock(study.manifest(WAVE))
    assert path.read_bytes() == before
    assert sorted(child.name for child in study.folder(WAVE).iterdir()) == [
        "ambtsdragers.sav",
        "delivery.lock",
        "delivery.yml",
    ]


def test_codebooks_are_locked_too(study: MiniStudy):
    with_codebook(study)
    files = read_lock(study.manifest(WAVE)).files
    assert [(name, file.rows, file.columns) for name, file in files.items()] == [
        ("codes.csv", 1, 3),
        ("data.csv", 3, 2),
    ]
    assert verify_lock(study.manifest(WAVE)) == []
    study.file(WAVE, "codes.csv").write_text("variable;code;label\nWEEG;1;EEN\n")
    assert kinds(study) == [("wrong_hash", 1, "codes.csv")]


def test_a_changed_file_is_not_locked_anew_in_silence(study: MiniStudy):
    study.write_answers(WAVE, V2=1.0)
    with pytest.raises(DeliveryProblems) as caught:
        write_lock(study.manifest(WAVE))
    assert [problem.kind for problem in caught.value.problems] == ["locked_file_changed"]
    assert caught.value.exit_code == 1
    assert kinds(study) == [("wrong_hash", 1, "ambtsdragers.sav")]
    write_lock(study.manifest(WAVE), accept_changes=True)
    assert kinds(study) == []


def test_an_unreadable_codebook_is_told_once(study: MiniStudy):
    with_codebook(study)
    study.file(WAVE, "codes.csv").write_bytes(b"")
    with pytest.raises(DeliveryProblems) as caught:
        write_lock(study.manifest(WAVE))
    (problem,) = caught.value.problems
    assert (problem.kind, problem.file, problem.message) == (
        "truncated_file",
        "raw/mini/mini_2020/codes.csv",
        "is empty",
    )


def test_check_and_lock_say_the_same_of_a_folder_in_the_place_of_a_file(study: MiniStudy):
    study.file(WAVE).unlink()
    study.file(WAVE).mkdir()
    (checked,) = verify_lock(study.manifest(WAVE))
    with pytest.raises(DeliveryProblems) as caught:
        write_lock(study.manifest(WAVE))
    assert caught.value.problems == [checked]
    assert (checked.kind, checked.exit_code, checked.message) == (
        "unreadable_file",
        2,
        "is a folder, not a file",
    )


def test_pipes_and_files_that_cannot_be_opened_are_refused_at_once(
    study: MiniStudy, monkeypatch: pytest.MonkeyPatch
):
    path = study.file(WAVE)
    path.rename(study.root / "away")
    os.mkfifo(path)
    assert kinds(study) == [("unreadable_file", 2, "ambtsdragers.sav")]
    path.unlink()
    (study.root / "away").rename(path)
    deny(monkeypatch, path)
    (problem,) = verify_lock(study.manifest(WAVE))
    assert (problem.kind, problem.exit_code) == ("unreadable_file", 2)
    assert problem.message == "cannot be opened: Permission denied"
    assert problem.remedy == "make it a readable file"
    with pytest.raises(DeliveryProblems) as caught:
        write_lock(study.manifest(WAVE))
    assert caught.value.problems == [problem]


def test_a_lock_that_cannot_be_opened_is_not_to_be_written_again(
    study: MiniStudy, monkeypatch: pytest.MonkeyPatch
):
    deny(monkeypatch, study.folder(WAVE) / "delivery.lock")
    (problem,) = verify_lock(study.manifest(WAVE))
    assert (problem.kind, problem.exit_code, problem.remedy) == (
        "unreadable_lock",
        2,
        "make it a readable file",
    )


def test_a_size_that_differs_is_said(study: MiniStudy):
    with study.file(WAVE).open("ab") as stream:
        stream.write(b"xyz")
    (problem,) = verify_lock(study.manifest(WAVE))
    size = study.file(WAVE).stat().st_size
    assert f"({size} bytes instead of {size - 3})" in problem.message


def test_absent_files_and_locks(study: MiniStudy):
    study.file(WAVE).unlink()
    assert kinds(study) == [("missing_file", 2, "ambtsdragers.sav")]
    (study.folder(WAVE) / "delivery.lock").unlink()
    assert kinds(study) == [("missing_file", 2, "ambtsdragers.sav"), ("missing_lock", 2, "delivery.lock")]
    with pytest.raises(DeliveryProblems) as caught:
        write_lock(study.manifest(WAVE))
    assert caught.value.exit_code == 2
    assert not (study.folder(WAVE) / "delivery.lock").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "files: [",
        "files: 3",
        "files: {a: {sha256: x}}",
        "files: {a: {sha256: x, bytes: -1, rows: 1, columns: 1}}",
        "files: {a: {sha256: x, bytes: '1', rows: 1, columns: 1}}",
    ],
)
def test_locks_that_are_none(study: MiniStudy, text: str):
    (study.folder(WAVE) / "delivery.lock").write_text(text)
    assert kinds(study) == [("unreadable_lock", 2, "delivery.lock")]


def test_manifest_and_lock_must_name_the_same_files(study: MiniStudy):
    study.redeliver(WAVE)
    study.manifests[WAVE]["files"].pop()
    study.write_manifest(WAVE, version=1)
    assert kinds(study) == [("unnamed_file", 1, "ambtsdragers.sav"), ("lock_names_more", 1, "delivery.lock")]
    lock = study.folder(WAVE) / "delivery.lock"
    lock.write_text(lock.read_text().replace("ambtsdragers.sav", "andere.sav"))
    assert ("file_not_locked", 1, "ambtsdragers.sav") in kinds(study)


def test_superseded_versions_are_verified(study: MiniStudy):
    study.redeliver(WAVE)
    assert kinds(study) == []
    study.file(WAVE).unlink()
    assert kinds(study) == [("missing_file", 2, "ambtsdragers.sav")]


def test_stray_files_are_found_in_folders_below_and_system_files_are_not(study: MiniStudy):
    for name in (".DS_Store", "Thumbs.db", "corrections.yml"):
        study.file(WAVE, name).write_bytes(b"")
    assert kinds(study) == []
    (study.folder(WAVE) / "oud").mkdir()
    (study.folder(WAVE) / "oud" / ".verborgen.sav").write_bytes(b"")
    assert kinds(study) == [("unnamed_file", 1, ".verborgen.sav")]
    for number in range(30):
        study.file(WAVE, f"oud/{number:02}.sav").write_bytes(b"")
    found = verify_lock(study.manifest(WAVE))
    assert (len(found), found[-1].message) == (6, "and 26 more like these")


def test_folders_that_the_walk_would_pass_over(study: MiniStudy, monkeypatch: pytest.MonkeyPatch):
    closed, link = study.folder(WAVE) / "dicht", study.folder(WAVE) / "elders"
    closed.mkdir()
    link.symlink_to(study.root)
    shown = os.scandir

    def scandir(path):
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return shown(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert kinds(study) == [("unreadable_folder", 2, "dicht"), ("symlinked_folder", 1, "elders")]
