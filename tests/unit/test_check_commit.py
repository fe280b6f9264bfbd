"""No answers of real persons under version control: what is staged below raw/ is what counts."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import yaml

from orchestration.cli import main
from orchestration.deliveries.committable import uncommittable
from orchestration.deliveries.staged_files import files_on_disk

FOLDER = "raw/vi/vi_2016"
DATA = b"respnr;v1\n1;2\n"


class Checkout:
    """A git repository with one synthetic delivery committed; ``stage`` puts bytes in the index alone."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "-q")
        self.write("answers.csv", DATA)
        self.describe(True)
        self.git("add", "-A")
        self.git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "sample")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.root), *arguments],
            capture_output=True,
            text=True,
            check=True,
            env=environment(),
        )
        return done.stdout

    def write(self, name: str, data: bytes) -> Path:
        path = self.root / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def describe(self, is_synthetic: bool, data: bytes = DATA, **more: object) -> None:
        manifest = {"is_synthetic": is_synthetic, "files": [{"path": "answers.csv"}], **more}
        self.write("delivery.yml", yaml.safe_dump(manifest).encode())
        lock = {"files": {"answers.csv": {"sha256": hashlib.sha256(data).hexdigest()}}}
        self.write("delivery.lock", yaml.safe_dump(lock).encode())


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    root = tmp_path / "checkout"
    root.mkdir()
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(root)
    return Checkout(root)


def refused(capsys: pytest.CaptureFixture, *files: str) -> str:
    capsys.readouterr()
    assert main(["check-commit", *files]) == 1
    return capsys.readouterr().out


def test_a_synthetic_delivery_may_be_committed(checkout: Checkout):
    assert main(["check-commit"]) == 0


def test_manifest_lock_and_corrections_of_a_real_delivery_may_be_committed(checkout: Checkout):
    other = checkout.root / "raw/vi/vi_2018"
    other.mkdir(parents=True)
    (other / "delivery.yml").write_text("is_synthetic: false\nfiles: [{path: echt.sav}]\n")
    (other / "delivery.lock").write_text("files: {}\n")
    (other / "corrections.yml").write_text("- reason: x\n")
    checkout.git("add", "-A")
    assert main(["check-commit"]) == 0


def test_the_file_of_a_real_delivery_is_refused(checkout: Checkout, capsys: pytest.CaptureFixture):
    checkout.describe(False)
    checkout.git("add", "-A")
    told = refused(capsys)
    assert f"error[not_committable] {FOLDER}/answers.csv" in told
    assert "may hold answers of real persons" in told
    assert f"git rm --cached -- {FOLDER}/answers.csv" in told


def test_the_index_counts_and_not_the_checkout(checkout: Checkout, capsys: pytest.CaptureFixture):
    # Staged as a real one, and made to look synthetic again before the hook runs.
    checkout.describe(False)
    checkout.git("add", "-A")
    checkout.describe(True)
    assert "answers.csv" in refused(capsys)
    # And the reverse: what only lies there is not committed.
    checkout.git("add", "-A")
    checkout.write("echt.sav", b"$FL2")
    checkout.describe(False)
    assert main(["check-commit"]) == 0


def test_a_file_named_on_the_command_line_is_judged_as_if_it_were_staged(
    checkout: Checkout, capsys: pytest.CaptureFixture
):
    checkout.write("echt.sav", b"$FL2")
    assert "the manifest does not name it" in refused(capsys, f"{FOLDER}/echt.sav")
    assert main(["check-commit", f"{FOLDER}/answers.csv"]) == 0
    assert main(["check-commit", "absent.sav"]) == 2


def test_a_file_that_the_manifest_does_not_name_is_refused(checkout: Checkout, capsys: pytest.CaptureFixture):
    checkout.write("map/echt é.sav", b"$FL2")
    checkout.git("add", "-A")
    told = refused(capsys)
    assert "echt é.sav" in told
    assert "the manifest does not name it" in told


def test_another_file_under_the_name_of_a_synthetic_one_is_refused(
    checkout: Checkout, capsys: pytest.CaptureFixture
):
    checkout.write("answers.csv", DATA + b"2;1\n")
    checkout.git("add", "-A")
    assert "it is another file than delivery.lock says" in refused(capsys)
    checkout.describe(True, DATA + b"2;1\n")
    checkout.git("add", "-A")
    assert main(["check-commit"]) == 0


def test_a_manifest_that_turns_synthetic_is_refused(checkout: Checkout, capsys: pytest.CaptureFixture):
    checkout.git("rm", "-q", "--cached", f"{FOLDER}/answers.csv")
    checkout.describe(False)
    checkout.git("add", f"{FOLDER}/delivery.yml")
    checkout.git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "real")
    assert main(["check-commit"]) == 0
    checkout.describe(True)
    checkout.git("add", "-A")
    told = refused(capsys)
    assert f"error[became_synthetic] {FOLDER}/delivery.yml" in told
    assert f"error[not_committable] {FOLDER}/answers.csv" in told


@pytest.mark.parametrize(
    "text", ["is_synthetic: false\nis_synthetic: true\n", "a: [", "respnr;v1\n1;2\n", "- 1\n"]
)
def test_a_manifest_that_is_none_vouches_for_nothing(
    checkout: Checkout, text: str, capsys: pytest.CaptureFixture
):
    checkout.write("delivery.yml", text.encode())
    checkout.git("add", "-A")
    told = refused(capsys)
    assert "is no delivery.yml" in told
    assert f"error[not_committable] {FOLDER}/answers.csv" in told


def test_a_symlink_is_refused(checkout: Checkout, capsys: pytest.CaptureFixture):
    (checkout.root / FOLDER / "answers.csv").unlink()
    (checkout.root / FOLDER / "answers.csv").symlink_to("elsewhere.csv")
    checkout.git("add", "-A")
    assert "is a symlink" in refused(capsys)


@pytest.mark.parametrize(
    "path", ["raw/echt.sav", "raw/vi/echt.sav", "RAW/vi/vi_2016/echt.sav", "raw/vi/vi_2020/x.csv"]
)
def test_files_outside_a_delivery_are_refused(checkout: Checkout, path: str, capsys: pytest.CaptureFixture):
    (checkout.root / path).parent.mkdir(parents=True, exist_ok=True)
    (checkout.root / path).write_bytes(b"x")
    checkout.git("add", "-A")
    assert path in refused(capsys)
    # The like of it elsewhere is none of this check's business.
    checkout.git("mv", path, "notes.txt")
    assert main(["check-commit"]) == 0


def test_without_a_checkout_there_is_nothing_to_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(["check-commit"]) == 2
    assert "git" in capsys.readouterr().err


def test_the_folder_on_disk_is_judged_alike(checkout: Checkout):
    assert uncommittable(files_on_disk(checkout.root)) == []
    checkout.write("echt.sav", b"$FL2")
    (checkout.root / FOLDER / "map").symlink_to(checkout.root)
    assert [problem.file for problem in uncommittable(files_on_disk(checkout.root))] == [
        f"{FOLDER}/map",
        f"{FOLDER}/echt.sav",
    ]


def test_git_itself_refuses_the_commit(checkout: Checkout, project_root: Path):
    """With the hook of this project, for all that is staged and for a single file by name."""
    program = checkout.root / ".venv/bin/peilstok"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m orchestration.cli "$@"\n')
    program.chmod(0o755)
    checkout.git("config", "core.hooksPath", str(project_root / ".githooks"))
    checkout.git("config", "core.excludesFile", str(project_root / ".gitignore"))
    (checkout.root / "notes.txt").write_text("x")
    checkout.git("add", "notes.txt")
    commit = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "x"]
    run = partial(
        subprocess.run,
        cwd=checkout.root,
        env={**environment(), "PYTHONPATH": str(project_root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run(commit).returncode == 0
    checkout.write("answers.csv", DATA + b"2;1\n")
    refusal = run([*commit, f"{FOLDER}/answers.csv"])
    assert refusal.returncode != 0
    assert "it is another file than delivery.lock says" in refusal.stdout + refusal.stderr
    checkout.write("answers.csv", DATA)
    checkout.write("echt.sav", b"$FL2")
    checkout.git("add", "-A", FOLDER)
    assert run(commit).returncode != 0
    assert checkout.git("log", "--oneline").count("\n") == 2
