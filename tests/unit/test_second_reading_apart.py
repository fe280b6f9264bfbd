"""A second reading that crashes, hangs or unfolds ends itself alone; nothing of answers is left lying about."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.deliveries.confined_reading.limits import FileLimits
from orchestration.deliveries.private_files import private_temporary_folder
from orchestration.deliveries.second_reading.apart import apart
from orchestration.deliveries.second_reading.differences import Comparison, Difference
from orchestration.deliveries.second_reading.pspp import read_spss_again
from orchestration.deliveries.second_reading.second_table import CannotReadAgain

LIMITS = FileLimits(memory=200 << 20, cpu=20, wall=20)


@pytest.mark.parametrize(
    ("work", "argument", "said"),
    [
        (os._exit, 3, "it crashes the reader"),
        (bytearray, 3 << 30, "it takes more than 200 MB to read"),
        (json.loads, '{"naam": Jansen', "it stopped the reader with JSONDecodeError"),
    ],
)
def test_what_goes_wrong_is_told_and_no_more(work: Callable, argument: object, said: str):
    with pytest.raises(CannotReadAgain) as caught:
        apart(work, argument, limits=LIMITS)
    assert str(caught.value) == said


def test_a_reading_without_end_is_ended():
    with pytest.raises(CannotReadAgain, match="not read within 1 seconds"):
        apart(time.sleep, 60, limits=FileLimits(LIMITS.memory, 20, 1))


def read_by(program: str, folder: str) -> None:
    with read_spss_again(program, Path(folder) / "file.sav", None):
        pass


def test_pspp_has_the_limits_of_the_process_that_asks_it(tmp_path: Path):
    told, program = tmp_path / "limits", tmp_path / "pspp"
    program.write_text(
        f"#!/bin/sh\nulimit -t > '{told}'\nulimit -v >> '{told}'\nulimit -f >> '{told}'\nexit 1\n"
    )
    program.chmod(0o700)
    (tmp_path / "file.sav").write_bytes(b"$FL2")
    with pytest.raises(CannotReadAgain, match="PSPP refuses it"):
        apart(read_by, str(program), str(tmp_path), limits=LIMITS)
    seconds, addresses, blocks = map(int, told.read_text().split())
    # Beside what the process has used before, and what its libraries take of addresses.
    assert LIMITS.cpu <= seconds <= LIMITS.cpu + 10
    assert LIMITS.memory < addresses * 1024 < LIMITS.memory + 4 * 2**30
    assert blocks * 512 == LIMITS.memory


def test_pspp_ends_with_a_reading_that_takes_too_long(tmp_path: Path):
    noted, program = tmp_path / "pid", tmp_path / "pspp"
    program.write_text(f"#!/bin/sh\necho $$ > '{noted}.new'\nmv '{noted}.new' '{noted}'\nexec sleep 60\n")
    program.chmod(0o700)
    (tmp_path / "file.sav").write_bytes(b"$FL2")
    with pytest.raises(CannotReadAgain, match="not read within 5 seconds"):
        apart(read_by, str(program), str(tmp_path), limits=FileLimits(LIMITS.memory, 20, 5))
    assert until(lambda: not Path(f"/proc/{noted.read_text().strip()}").exists())


def test_what_goes_right_comes_back_from_another_process():
    assert apart(os.getpid, limits=LIMITS) != os.getpid()
    found = Comparison("x", 3, 2, 6, differences=[Difference("cells", "V1", 2, (1, 3), ("9",))])
    assert Comparison.from_json(json.loads(json.dumps(found.as_json()))) == found


def test_who_asks_and_is_killed_leaves_nobody_behind(tmp_path: Path):
    noted = tmp_path / "pid"
    program = (
        "import os\n"
        "from orchestration.deliveries.confined_reading.limits import FileLimits\n"
        "from orchestration.deliveries.second_reading.apart import apart\n"
        "if __name__ == '__main__':\n"
        f"    apart(os.system, 'echo $PPID > {noted}.new; mv {noted}.new {noted}; sleep 60', "
        "limits=FileLimits(1 << 30, 60, 60))\n"
    )
    asker = tmp_path / "asker.py"
    asker.write_text(program)
    with subprocess.Popen([sys.executable, str(asker)]) as running:
        assert until(noted.exists)
        reader = int(noted.read_text())
        assert Path(f"/proc/{reader}").exists()
        running.kill()
    assert until(lambda: not Path(f"/proc/{reader}").exists())


def until(is_so: Callable[[], bool]) -> bool:
    """Whether it becomes so within a minute."""
    for _ in range(600):
        if is_so():
            return True
        time.sleep(0.1)
    return False


def test_folders_of_processes_that_were_killed_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen(["true"])
    gone.wait()
    left, ours = tmp_path / f"peilstok-pspp-{gone.pid}-abc", tmp_path / f"peilstok-pspp-{os.getpid()}-abc"
    others = [tmp_path / "peilstok-pspp-abc-def", tmp_path / f"other-pspp-{gone.pid}-abc"]
    for folder in (left, ours, *others):
        folder.mkdir()
        (folder / "file.dat").write_text("antwoorden")
    with private_temporary_folder("pspp") as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.name.startswith(f"peilstok-pspp-{os.getpid()}-")
    assert sorted(tmp_path.iterdir()) == sorted([ours, *others])
