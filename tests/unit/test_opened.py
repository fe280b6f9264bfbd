"""A delivered file is opened inside its delivery folder, whatever is put in its place meanwhile."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.deliveries import DeliveryProblems
from orchestration.deliveries.confined_reading import opened
from orchestration.deliveries.confined_reading.opened import OpenedFolder, opened_inside
from orchestration.deliveries.lock import size_and_hash


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    """A delivery folder with a file below it, and a secret beside it."""
    folder = tmp_path / "delivery"
    (folder / "v1").mkdir(parents=True)
    (folder / "v1" / "a.csv").write_text("inside")
    (tmp_path / "secret.csv").write_text("outside")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.csv").write_text("outside")
    return folder


def content(folder: Path, path: str) -> str:
    with opened_inside(folder, path) as descriptor:
        return os.read(descriptor, 100).decode()


def refusal(folder: Path, path: str) -> tuple[str, int, str]:
    with pytest.raises(DeliveryProblems) as caught:
        content(folder, path)
    (problem,) = caught.value.problems
    return problem.kind, problem.exit_code, problem.message


def test_a_file_and_a_symlink_that_stays_inside(delivery: Path):
    (delivery / "link.csv").symlink_to("v1/a.csv")
    (delivery / "v2").symlink_to("v1")
    assert [content(delivery, path) for path in ("v1/a.csv", "link.csv", "v2/a.csv")] == ["inside"] * 3
    assert size_and_hash(delivery, "v1/a.csv")[0] == 6


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("../secret.csv", "path_outside_delivery"),
        ("link.csv", "path_outside_delivery"),
        ("absent.csv", "missing_file"),
    ],
)
def test_symlinks_that_lead_out_round_or_nowhere(delivery: Path, target: str, kind: str):
    (delivery / "link.csv").symlink_to(target)
    assert refusal(delivery, "link.csv")[:2] == (kind, 2)


@pytest.mark.parametrize("path", ["../secret.csv", "v1/../../secret.csv"])
def test_paths_that_lead_out(delivery: Path, path: str):
    assert refusal(delivery, path)[0] == "path_outside_delivery"


def test_what_is_no_file_is_refused_at_once(delivery: Path):
    os.mkfifo(delivery / "pipe.csv")
    (delivery / "device.csv").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as unix:
        here = os.getcwd()
        os.chdir(delivery)  # the path of a socket has at most some hundred characters
        try:
            unix.bind("socket.csv")
        finally:
            os.chdir(here)
    assert refusal(delivery, "pipe.csv")[::2] == (
        "unreadable_file",
        "is a pipe, a socket or a device, not a file",
    )
    assert refusal(delivery, "socket.csv")[0] == "unreadable_file"
    assert refusal(delivery, "v1")[::2] == ("unreadable_file", "is a folder, not a file")
    assert refusal(delivery, "device.csv")[0] == "path_outside_delivery"
    assert refusal(delivery, "absent/a.csv")[0] == "missing_file"
    assert refusal(delivery, "v1/a.csv/b.csv")[0] == "missing_file"


def swap_file(folder: Path) -> None:
    (folder / "v1" / "a.csv").unlink()
    (folder / "v1" / "a.csv").symlink_to(folder.parent / "secret.csv")


def swap_folder(folder: Path) -> None:
    (folder / "v1").rename(folder / "away")
    (folder / "v1").symlink_to(folder.parent / "elsewhere")


def swap_for_a_pipe(folder: Path) -> None:
    (folder / "v1" / "a.csv").unlink()
    os.mkfifo(folder / "v1" / "a.csv")


@pytest.mark.parametrize("swap", [swap_file, swap_folder, swap_for_a_pipe])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_what_is_swapped_after_the_check_is_not_followed(
    delivery: Path, monkeypatch: pytest.MonkeyPatch, swap: Callable[[Path], None], call: int
):
    """The swap comes right before the first, second or third opening: of the folder, v1 and the file."""
    real, calls = os.open, []

    def swapping(path, flags, *arguments, **options):
        calls.append(path)
        if len(calls) == call:
            swap(delivery)
        return real(path, flags, *arguments, **options)

    monkeypatch.setattr(opened.os, "open", swapping)
    if call == 3 and swap is swap_folder:
        # The folder that was opened is still the one inside.
        assert content(delivery, "v1/a.csv") == "inside"
    else:
        kind, exit_code, _ = refusal(delivery, "v1/a.csv")
        assert (kind in ("path_outside_delivery", "unreadable_file"), exit_code) == (True, 2)


def test_no_descriptor_is_left_of_a_refusal(delivery: Path):
    (delivery / "link.csv").symlink_to("../secret.csv")
    os.mkfifo(delivery / "pipe.csv")
    before = sorted(os.listdir("/proc/self/fd"))
    for path in ("link.csv", "pipe.csv", "v1", "absent.csv", "v1/a.csv/b"):
        refusal(delivery, path)
    content(delivery, "v1/a.csv")
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_a_reader_sees_the_name_and_the_opened_file(delivery: Path):
    with opened_inside(delivery, "v1/a.csv") as descriptor:
        swap_file(delivery)
        path = OpenedFolder({"v1/a.csv": descriptor}) / "v1/a.csv"
        assert (path.name, path.suffix, path.stem, path.read_text()) == ("a.csv", ".csv", "a", "inside")
        with open(str(path)) as stream:
            assert stream.read() == "inside"
        with pytest.raises(KeyError):
            OpenedFolder({"v1/a.csv": descriptor}) / "../secret.csv"
