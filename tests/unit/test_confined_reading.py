"""Reading in a process of its own: what comes back, what a crash, a hang or a bomb becomes, and what is left."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
from mini_registry import write_registry, write_table
from mini_study import build_mini_study

from orchestration.deliveries import DeliveryProblems, confined_reading, land_all, readers
from orchestration.deliveries.confined_reading import (
    ReadingLimits,
    codebook_size,
    default_limits,
    read_source,
)
from orchestration.deliveries.confined_reading.fork_server import SERVER, ForkServer
from orchestration.deliveries.manifest import DeliveredFile
from orchestration.deliveries.source_table import SourceTable
from orchestration.registry import load_registry, validate_registry

ONE_SECOND = {**default_limits().values, "cpu_base": 1}
LITTLE_MEMORY = ReadingLimits({**default_limits().values, "memory_base": 64})
HERE = Path(__file__).resolve().parent


def entry(path: str, kind: str = "sav", **fields: object) -> DeliveredFile:
    return DeliveredFile(
        file_id="file",
        version=1,
        path=path,
        instrument="office_holders",
        format=kind,
        respondent_id=None,
        **fields,
    )


@pytest.fixture(scope="module")
def hostile_server() -> Iterator[ForkServer]:
    server = ForkServer("hostile_zygote")
    yield server
    server.stop()


@pytest.fixture
def hostile(hostile_server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> ForkServer:
    """Files say what the reader does with them."""
    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=os.pathsep)
    monkeypatch.setattr(confined_reading, "SERVER", hostile_server)
    return hostile_server


def refusal(folder: Path, deed: str, limits: ReadingLimits | None = None) -> tuple[str, str]:
    """Kind and text of the only problem of a file that holds ``deed``."""
    (folder / "file.sav").write_text(deed)
    with pytest.raises(DeliveryProblems) as caught:
        read_source(folder, entry("file.sav"), limits)
    (problem,) = caught.value.problems
    assert (problem.exit_code, problem.file) == (2, "file.sav")
    assert problem.remedy
    return problem.kind, str(problem)


def write_sav(path: Path) -> Path:
    frame = pd.DataFrame({"V1": [1.0, None, 9.0], "T1": ["é", "", "x;y"], "V2": [1e300, -0.5, 0.0]})
    pyreadstat.write_sav(
        frame,
        str(path),
        file_label="Proef",
        column_labels=["Eén", "Tekst", ""],
        variable_value_labels={"V1": {1: "Ja", 9: "Weet niet"}, "T1": {"x;y": "beide"}},
        missing_ranges={"V1": [9]},
    )
    return path


def assert_same(one: SourceTable, other: SourceTable) -> None:
    pd.testing.assert_frame_equal(one.frame, other.frame)
    for field in fields(SourceTable):
        if field.name != "frame":
            assert getattr(one, field.name) == getattr(other, field.name), field.name


def test_a_file_is_read_as_without_a_process_of_its_own(tmp_path: Path):
    write_sav(tmp_path / "a.sav")
    (tmp_path / "b.csv").write_text("Nr;Tekst\n1;é\n2;\n")
    (tmp_path / "c.csv").write_text("variable;code;label\nNr;1;Een\n")
    pd.DataFrame({"Nr": [1, 2], "Som": ["=1+1", "x"]}).to_excel(tmp_path / "d.xlsx", index=False)
    for one in (
        entry("a.sav"),
        entry("b.csv", "csv", delimiter=";", codebook="c.csv"),
        entry("d.xlsx", "xlsx"),
    ):
        assert_same(read_source(tmp_path, one), readers.read_source(tmp_path, one))
    assert codebook_size(tmp_path, "c.csv", None) == (1, 3)


def test_problems_of_the_reader_come_back_as_they_are(tmp_path: Path):
    (tmp_path / "a.csv").write_text("a,b\n" + "1\n" * 50)
    found = []
    for read in (read_source, readers.read_source):
        with pytest.raises(DeliveryProblems) as caught:
            read(tmp_path, entry("a.csv", "csv"))
        found.append(caught.value.problems)
    assert found[0] == found[1]
    assert {problem.kind for problem in found[0]} == {"row_length"}


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("segfault", "SIGSEGV"),
        ("abort", "SIGABRT"),
        ("raise", "KeyError"),
        ("exit", "SystemExit"),
        ("leave", "nothing was written"),
    ],
)
def test_a_crash_is_a_problem_of_the_file(hostile, tmp_path: Path, deed: str, said: str, capfd):
    kind, text = refusal(tmp_path, deed)
    assert (kind, said in text) == ("reader_crashed", True)
    # Neither the text of the exception nor what the parser printed is shown: it may be an answer.
    assert "answer" not in text + "".join(capfd.readouterr())
    # The next file is read as if nothing had happened, by the same zygote.
    pid = hostile.pid
    write_sav(tmp_path / "good.sav")
    assert len(read_source(tmp_path, entry("good.sav")).frame) == 3
    assert hostile.pid == pid


@pytest.mark.parametrize(
    ("deed", "wall", "said"), [("spin", 60, "1 seconds of computing"), ("sleep", 1, "1 seconds: ")]
)
def test_a_hang_is_a_problem_of_the_file(hostile, tmp_path: Path, deed: str, wall: int, said: str):
    kind, text = refusal(tmp_path, deed, ReadingLimits({**ONE_SECOND, "wall_per_cpu": wall}))
    assert (kind, said in text) == ("reader_timeout", True)
    assert "registry/reading_limits.csv" in text


def test_memory_without_end_is_a_problem_of_the_file(hostile, tmp_path: Path):
    kind, text = refusal(tmp_path, "eat", LITTLE_MEMORY)
    assert (kind, "more than 64 MB" in text) == ("reader_out_of_memory", True)


@pytest.mark.parametrize(
    "written",
    [b"garbage", b"PEILSTOK", b"PEILSTOK\x10\x00\x00\x00\x00\x00\x00\x00", b"\x80\x04\x95cos\nsystem"],
)
def test_a_result_that_is_none_is_a_crash(hostile, tmp_path: Path, written: bytes):
    (tmp_path / "file.sav").write_bytes(b"scribble " + written)
    with pytest.raises(DeliveryProblems) as caught:
        read_source(tmp_path, entry("file.sav"))
    assert [problem.kind for problem in caught.value.problems] == ["reader_crashed"]


def test_several_threads_read_at_once(hostile, tmp_path: Path):
    write_sav(tmp_path / "good.sav")
    (tmp_path / "bad.sav").write_text("segfault")

    def kind(name: str) -> str:
        try:
            return str(len(read_source(tmp_path, entry(name)).frame))
        except DeliveryProblems as found:
            return found.problems[0].kind

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(kind, ["good.sav", "bad.sav"] * 12))
    assert found == ["3", "reader_crashed"] * 12


def test_no_descriptor_is_left_open(tmp_path: Path):
    write_sav(tmp_path / "good.sav")
    (tmp_path / "bad.sav").write_bytes(b"$FL2")
    read_source(tmp_path, entry("good.sav"))
    gc.collect()
    before = sorted(os.listdir("/proc/self/fd"))
    for _ in range(3):
        read_source(tmp_path, entry("good.sav"))
        with pytest.raises(DeliveryProblems):
            read_source(tmp_path, entry("bad.sav"))
    gc.collect()
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_the_zygote_has_one_thread_and_nothing_of_our_environment(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("PEILSTOK_PSEUDONYM_KEY_FILE", "/run/secrets/key")
    server = ForkServer()
    monkeypatch.setattr(confined_reading, "SERVER", server)
    write_sav(tmp_path / "a.sav")
    read_source(tmp_path, entry("a.sav"))
    process = Path("/proc") / str(server.pid)
    assert b"PSEUDONYM" not in (process / "environ").read_bytes()
    assert len(os.listdir(process / "task")) == 1
    # No file of ours is open in it but the socket; a reader cannot print anywhere.
    targets = {os.readlink(process / "fd" / name) for name in os.listdir(process / "fd")}
    assert {target.split(":")[0] for target in targets} == {"socket", "/dev/null"}
    server.stop()
    assert not process.exists()


def test_a_zygote_that_was_killed_is_started_anew(tmp_path: Path, monkeypatch):
    server = ForkServer()
    monkeypatch.setattr(confined_reading, "SERVER", server)
    write_sav(tmp_path / "a.sav")
    read_source(tmp_path, entry("a.sav"))
    first = server.pid
    os.kill(first, signal.SIGKILL)
    assert len(read_source(tmp_path, entry("a.sav")).frame) == 3
    assert server.pid != first
    server.stop()


def test_a_reading_process_that_does_not_start_says_so(tmp_path: Path, monkeypatch):
    server = ForkServer("orchestration.deliveries.no_such_module")
    monkeypatch.setattr(confined_reading, "SERVER", server)
    write_sav(tmp_path / "a.sav")
    with pytest.raises(DeliveryProblems) as caught:
        read_source(tmp_path, entry("a.sav"))
    (problem,) = caught.value.problems
    assert (problem.kind, problem.exit_code) == ("reader_unavailable", 2)
    assert "make warehouse" in problem.remedy


PROGRAM = textwrap.dedent(
    """
    import os, sys, threading, time
    from pathlib import Path
    from orchestration.deliveries import confined_reading
    from orchestration.deliveries.confined_reading.fork_server import ForkServer
    from orchestration.deliveries.manifest import DeliveredFile
    confined_reading.SERVER = ForkServer("hostile_zygote")
    entry = DeliveredFile(
        file_id="f", version=1, path="file.sav", instrument="x", format="sav", respondent_id=None
    )
    folder = Path(sys.argv[1])
    threading.Thread(target=confined_reading.read_source, args=(folder, entry), daemon=True).start()
    while not (folder / "pids").exists() or not (folder / "pids").read_text():
        time.sleep(0.02)
    if sys.argv[2] == "forks":
        if os.fork() == 0:  # a copy that goes on living, and holds a copy of the socket
            os.close(1)
            time.sleep(5)
            os._exit(0)
    print("reading", flush=True)
    if sys.argv[2] == "leaves":
        sys.exit(0)
    time.sleep(600)
    """
)


@pytest.mark.parametrize("way", ["is killed", "leaves", "forks"])
def test_zygote_and_readers_end_with_the_program(tmp_path: Path, way: str):
    (tmp_path / "file.sav").write_text(f"pid {tmp_path / 'pids'}")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path), way],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stdout.readline() == "reading\n"
        zygote, reader = map(int, (tmp_path / "pids").read_text().split())
        assert _alive(zygote)
        assert _alive(reader)
    finally:
        if way != "leaves":
            program.kill()
        program.wait()
        program.stdout.close()
    assert _ends(zygote)
    assert _ends(reader)


def test_a_reader_ends_with_its_zygote(hostile, tmp_path: Path):
    (tmp_path / "file.sav").write_text(f"pid {tmp_path / 'pids'}")
    thread = threading.Thread(target=lambda: _quietly(tmp_path), daemon=True)
    thread.start()
    zygote, reader = _pids(tmp_path)
    (tmp_path / "file.sav").write_text("raise")  # what the second attempt finds
    os.kill(zygote, signal.SIGKILL)
    assert _ends(reader)
    thread.join(30)


def test_who_gives_up_waiting_ends_the_reader(hostile, tmp_path: Path):
    """Ctrl-C in the program, or a limit that the zygote did not keep."""
    (tmp_path / "file.sav").write_text(f"pid {tmp_path / 'pids'}")

    def interrupt() -> None:
        _pids(tmp_path)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    # Started in the background, a program does not hear Ctrl-C unless it asks to.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            read_source(tmp_path, entry("file.sav"))
    finally:
        signal.signal(signal.SIGINT, before)
    zygote, reader = _pids(tmp_path)
    assert _ends(reader)
    assert _alive(zygote)


def test_a_forked_copy_of_the_program_has_a_zygote_of_its_own(tmp_path: Path):
    write_sav(tmp_path / "a.sav")
    read_source(tmp_path, entry("a.sav"))
    first = SERVER.pid
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            read_source(tmp_path, entry("a.sav"))
            code = 0 if SERVER.pid not in (None, first) else 2
            SERVER.stop()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert _alive(first)
    assert len(read_source(tmp_path, entry("a.sav")).frame) == 3


def test_limits_grow_with_the_file_up_to_a_share_of_the_machine():
    limits = ReadingLimits.from_rows(
        [
            {"limit_id": "memory_base", "value": "100"},
            {"limit_id": "memory_per_byte", "value": "10"},
            {"limit_id": "cpu_base", "value": "10"},
            {"limit_id": "cpu_per_megabyte", "value": "5"},
            {"limit_id": "cpu_most", "value": "20"},
            {"limit_id": "of another time", "value": "1"},
        ]
    )
    small, large = limits.for_file(1 << 20), limits.for_file(1 << 50)
    assert (small.memory, small.cpu) == (110 << 20, 15)
    assert small.wall == 15 * default_limits().values["wall_per_cpu"]
    assert large.cpu == 20
    assert large.memory < os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_the_limits_of_the_registry_are_those_that_landing_reads_with(tmp_path: Path):
    study = build_mini_study(tmp_path)
    limit = {"limit_id": "memory_base", "value": "0.001", "unit": "megabytes", "reason": "x"}
    per_byte = {"limit_id": "memory_per_byte", "value": "0.001", "unit": "bytes_per_byte", "reason": "x"}
    study.edit_registry("reading_limits", lambda rows: [limit, per_byte])
    assert validate_registry(study.registry()) == []
    with pytest.raises(DeliveryProblems) as caught:
        land_all(study.settings)
    for problem in caught.value.problems:
        # Some libraries say that there is no memory, others end the process there and then.
        assert problem.kind in ("reader_out_of_memory", "reader_crashed")
        assert (problem.exit_code, problem.file) == (2, f"raw/mini/{problem.wave_id}/ambtsdragers.sav")
    study.edit_registry("reading_limits", lambda rows: [])
    assert len(land_all(study.settings)) == 2


@pytest.mark.parametrize(
    ("row", "kind", "said"),
    [
        (("memory_bas", "1", "megabytes"), "unknown_limit", "did you mean 'memory_base'"),
        (("memory_base", "1", "seconds"), "limit_unit", "is in seconds"),
        (("memory_base", "0", "megabytes"), "limit_value", "is 0 megabytes"),
        (("memory_most", "1.5", "share"), "limit_value", "is 1.5 share"),
        (("memory_most", "1", "share"), "", ""),
    ],
)
def test_a_limit_is_one_that_is_read(tmp_path: Path, row: tuple[str, str, str], kind: str, said: str):
    write_registry(tmp_path)
    limit = dict(zip(("limit_id", "value", "unit"), row, strict=True), reason="x")
    write_table(tmp_path, "reading_limits", [limit])
    found = validate_registry(load_registry(tmp_path))
    assert [problem.kind for problem in found] == ([kind] if kind else [])
    assert not kind or said in found[0].message


def _quietly(folder: Path) -> None:
    with contextlib.suppress(DeliveryProblems):
        read_source(folder, entry("file.sav"))


def _pids(folder: Path) -> tuple[int, int]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = (folder / "pids").read_text().split() if (folder / "pids").exists() else []
        if len(found) == 2:
            return int(found[0]), int(found[1])
        time.sleep(0.02)
    raise AssertionError("the reader did not start")


def _alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and that nobody has asked after yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _ends(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not _alive(pid)
