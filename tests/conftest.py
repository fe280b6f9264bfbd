"""What every test relies on: an environment of its own, tools that are there, and honest skips.

A test that needs a tool asks for it with ``require_tool``. On a laptop it is skipped where the tool is
absent; with ``PEILSTOK_REQUIRE_TOOLS=1`` (the build server) a skip is a failure, unless its reason names
``../shared``: the reference material beside the checkout, which not every machine has.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.settings import Settings, load_settings

PROJECT_ROOT = Path(__file__).resolve().parent.parent
REFERENCE_ROOT = PROJECT_ROOT.parent / "shared" / "reference"

REQUIRE_TOOLS = "PEILSTOK_REQUIRE_TOOLS"

# A tool goes by several names; the first that is found is used.
TOOL_NAMES = {"chromium": ("chromium", "chromium-browser", "google-chrome")}


def tools_are_required() -> bool:
    """Whether an absent tool is a failure here."""
    return os.environ.get(REQUIRE_TOOLS, "") not in ("", "0")


def pytest_configure() -> None:
    """No test sees, or touches, the warehouse or the Dagster instance of whoever runs it.

    Done once and for the whole session, so that fixtures of every scope and child processes inherit it.
    """
    for variable in list(os.environ):
        if variable.startswith("PEILSTOK_") and variable != REQUIRE_TOOLS:
            del os.environ[variable]
    os.environ.pop("DAGSTER_HOME", None)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
    os.environ["DO_NOT_TRACK"] = "1"


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The checkout."""
    return PROJECT_ROOT


@pytest.fixture(scope="session")
def require_tool() -> Callable[[str], str]:
    """``require_tool('chromium')`` gives the program's path, or skips the test with a reason."""

    def find(tool: str) -> str:
        for name in TOOL_NAMES.get(tool, (tool,)):
            if path := shutil.which(name):
                return path
        pytest.skip(f"{tool} is not installed")

    return find


@pytest.fixture(scope="session")
def reference_folder() -> Callable[[str], Path]:
    """``reference_folder('lapop')`` gives a folder of reference material, or skips the test."""

    def find(name: str) -> Path:
        folder = REFERENCE_ROOT / name
        if not folder.is_dir():
            pytest.skip(f"../shared/reference/{name} is absent")
        return folder

    return find


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn the report of a skip that the build server does not accept into a failure."""
    if report.outcome != "skipped" or hasattr(report, "wasxfail") or not tools_are_required():
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if "../shared" not in reason:
        report.outcome = "failed"
        report.longrepr = f"skipped although {REQUIRE_TOOLS} is set: {reason}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    outcome = yield
    _refuse_skip(outcome.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report():
    outcome = yield
    _refuse_skip(outcome.get_result())


@dataclass(frozen=True)
class SampleRun:
    """The main job, run once on the committed sample deliveries: where its state is and what it printed."""

    settings: Settings
    output: str

    @property
    def current(self) -> Path:
        return self.settings.published / "current"

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PEILSTOK_HOME": str(self.settings.home)}


def _refresh_sample(folder: Path) -> None:
    """Run the main job on the sample into `folder`/home; what it printed goes to `folder`/printed.txt."""
    run = SampleRun(load_settings({"PEILSTOK_HOME": str(folder / "home")}), "")
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "refresh"],
        cwd=PROJECT_ROOT,
        env=run.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "printed.txt").write_text(done.stdout, encoding="utf-8")


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> SampleRun:
    """`peilstok refresh` on all nine waves, once for the whole session. Tests read it and change nothing in it.

    Of the processes that share the tests the first to come builds, the others wait and take a copy: one
    warehouse has one writer, and some tests ask a second refresh to find nothing to do.
    """
    folder = tmp_path_factory.mktemp("sample")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _refresh_sample(folder)
    else:
        built = tmp_path_factory.getbasetemp().parent / "sample"
        with built.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (built / "printed.txt").exists():
                built.mkdir(exist_ok=True)
                _refresh_sample(built)
        shutil.copytree(built, folder, symlinks=True, dirs_exist_ok=True)
    settings = load_settings({"PEILSTOK_HOME": str(folder / "home")})
    return SampleRun(settings, (folder / "printed.txt").read_text(encoding="utf-8"))
