"""One writer at a time, in one process and between processes."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_warehouse import hashes_as_built, make_settings

from orchestration.publication.release import publish
from orchestration.publication.writer_lock import WarehouseBusy, writer_lock


def publish_small(settings):
    return publish(settings, hashes=hashes_as_built)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_second_writer_is_turned_away(tmp_path):
    settings = make_settings(tmp_path)
    with (settings.home / ".lock").open("w+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.write(json.dumps({"pid": 4711, "action": "refresh", "since": "2026-11-23T10:00:00+01:00"}))
        other.flush()
        with pytest.raises(
            WarehouseBusy, match=r"in use by another peilstok run \(refresh, process 4711"
        ) as busy:
            publish_small(settings)
    assert busy.value.exit_code == 2
    assert "Wait until it is done" in str(busy.value)
    assert not settings.published.exists()
    assert publish_small(settings).status == "published"


def test_the_lock_is_reentrant_in_one_process_and_freed_after_the_last(tmp_path):
    settings = make_settings(tmp_path)
    with writer_lock(settings.home, "refresh"):
        publish_small(settings)
        with (settings.home / ".lock").open() as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with (settings.home / ".lock").open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_warehouse_that_is_open_elsewhere_is_told(tmp_path):
    settings = make_settings(tmp_path)
    holder = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    child = subprocess.Popen(
        [sys.executable, "-c", holder, str(settings.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "open\n"
    try:
        with pytest.raises(WarehouseBusy, match="another program has it open"):
            publish_small(settings)
    finally:
        child.communicate("\n")
    assert names_in(settings.published) == []
