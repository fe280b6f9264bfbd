"""Builds ``warehouse.duckdb`` from landing with dbt, in this process.

The stock way starts dbt as a child after asking for its version; in process the same build takes a third of
the time. What dbt leaves open is closed here, so that the next reader of the file finds it free.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from orchestration.deliveries.access_log import record_access
from orchestration.deliveries.landed_tables import TABLE_NAMES
from orchestration.deliveries.private_files import owner_only, private_home
from orchestration.fault_text import without_values
from orchestration.settings import Settings
from orchestration.statistics.registration import register_functions
from orchestration.warehouse.tellable_rows import is_about_cells, tellable

FAILURE_ROWS_SHOWN = 3
PROJECT_PARTS = ("dbt_project.yml", "profiles.yml", "models", "macros", "tests", "docs", "vocabulary")


class WarehouseBuildError(Exception):
    """dbt could not even start: a model that does not compile, a project that does not parse."""


@dataclass(frozen=True)
class ModelResult:
    """Outcome of one seed or model; ``status`` is success, error or skipped."""

    unique_id: str
    name: str
    schema: str
    resource_type: str
    status: str
    seconds: float
    message: str


@dataclass(frozen=True)
class TestResult:
    """Outcome of one data or unit test; ``status`` is pass, fail, warn, error or skipped.

    ``observed`` holds the first failing rows as text, so that a refusal can name wave and numbers.
    """

    unique_id: str
    name: str
    model: str
    status: str
    severity: str
    failures: int
    seconds: float
    message: str
    observed: str
    description: str = ""
    is_unit_test: bool = False


@dataclass(frozen=True)
class BuildResult:
    """All outcomes of one dbt invocation."""

    success: bool
    models: list[ModelResult] = field(default_factory=list)
    tests: list[TestResult] = field(default_factory=list)


def dbt_folder(settings: Settings) -> Path:
    """Manifest, partial parse and logs of dbt: state, so it lives under home."""
    return settings.home / "dbt"


@contextlib.contextmanager
def dbt_environment(settings: Settings) -> Iterator[None]:
    """The variables that ``dbt_project.yml``, ``profiles.yml`` and the sources read, for the time of one call."""
    from orchestration.deliveries.privacy_rules import rules_of_folder

    digits = rules_of_folder(settings.registry).threshold("unlabelled_code", "message", "digits") or 0
    values = {
        "PEILSTOK_HOME": str(settings.home),
        "PEILSTOK_DIGITS_OF_SHOWN_CODES": f"{digits:g}",
        "PEILSTOK_PROJECT_ROOT": str(settings.project_root),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def project_folder(settings: Settings) -> Path:
    """The dbt project to run: the checkout's, or for another registry a folder of links with its seeds put in.

    dbt writes the SQL of a seed to ``<target>/run/<project>/<path of the seed>``. With an absolute seed path that
    is the seed itself, so another registry must look like a folder inside the project.
    """
    if settings.registry == settings.dbt_project / "seeds":
        return settings.dbt_project
    linked = dbt_folder(settings) / "project"
    linked.mkdir(parents=True, exist_ok=True)
    places = {name: settings.dbt_project / name for name in PROJECT_PARTS} | {"seeds": settings.registry}
    for name, place in places.items():
        link = linked / name
        if not link.is_symlink() or link.readlink() != place:
            link.unlink(missing_ok=True)
            link.symlink_to(place)
    return linked


def _arguments(settings: Settings, command: str) -> list[str]:
    folder, project = dbt_folder(settings), project_folder(settings)
    return [
        command,
        "--project-dir", str(project),
        "--profiles-dir", str(project),
        "--target-path", str(folder / "target"),
        "--log-path", str(folder / "logs"),
        # What dbt prints and logs of a failure repeats the rows that failed: everything is told from its results.
        "--log-level", "none", "--log-level-file", "none",
        "--no-use-colors", "--quiet", "--no-version-check",
    ]  # fmt: skip


def _invoke(settings: Settings, arguments: list[str], callbacks: list[Callable[[Any], None]]) -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner

    private_home(settings.home)
    # The working file holds answers of respondents: nobody but its owner reads it.
    with owner_only(), dbt_environment(settings):
        try:
            return dbtRunner(callbacks=callbacks).invoke(arguments)
        finally:
            # dbt keeps the DuckDB file open for its next call; the next reader wants another mode.
            DuckDBConnectionManager.close_all_connections()
            reset_adapters()


def _newest_source(settings: Settings) -> float:
    files = [p for p in settings.dbt_project.rglob("*") if p.suffix in {".sql", ".py", ".yml"} and "target" not in p.parts]
    return max(p.stat().st_mtime for p in files)


def prepare(settings: Settings) -> Path:
    """Path of dbt's manifest, made anew when it is absent or older than the project (a fresh clone has none)."""
    manifest = dbt_folder(settings) / "target" / "manifest.json"
    if not manifest.exists() or manifest.stat().st_mtime < _newest_source(settings):
        result = _invoke(settings, _arguments(settings, "parse"), [])
        if not result.success:
            raise WarehouseBuildError(f"dbt does not parse the project: {without_values(str(result.exception))}")
    return manifest


def _failing_rows(connection: duckdb.DuckDBPyConnection, sql: str, are_cells: bool) -> str:
    relation = connection.execute(f"select * from ({sql}) limit {FAILURE_ROWS_SHOWN}")
    names = [column[0] for column in relation.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
    told = [row if are_cells else tellable(row) for row in rows]
    return "; ".join(", ".join(f"{n}={v}" for n, v in row.items()) for row in told if row)


def _observed(settings: Settings, results: list[Any]) -> dict[str, str]:
    """First failing rows of each failed data test, by unique id."""
    failed = [r for r in results if r.node.resource_type == "test" and str(r.status) in {"fail", "warn"}]
    if not failed or not settings.warehouse.exists():
        return {}
    rows: dict[str, str] = {}
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        register_functions(connection)
        for result in failed:
            with contextlib.suppress(duckdb.Error):
                are_cells = is_about_cells(result.node.depends_on.nodes)
                rows[result.node.unique_id] = _failing_rows(
                    connection, result.node.compiled_code, are_cells
                )
    return rows


def _test_result(result: Any, observed: dict[str, str]) -> TestResult:
    node = result.node
    is_unit_test = str(node.resource_type) == "unit_test"
    # A unit test that could not be compiled has no tested node yet.
    owner = getattr(node, "tested_node_unique_id" if is_unit_test else "attached_node", None)
    attached = (owner or "").rsplit(".", 1)[-1]
    status = str(result.status)
    return TestResult(
        unique_id=node.unique_id,
        name=node.name,
        model=attached,
        status="pass" if status == "success" else status,
        severity="error" if is_unit_test else str(node.config.severity).lower(),
        failures=int(result.failures or 0),
        seconds=float(result.execution_time),
        message=without_values(str(result.message or "")),
        observed=observed.get(node.unique_id, ""),
        description=str(getattr(node, "description", "") or ""),
        is_unit_test=is_unit_test,
    )


def build(
    settings: Settings,
    select: list[str] | None = None,
    on_event: Callable[[str, str, float], None] | None = None,
) -> BuildResult:
    """Run seeds, models and tests; a failed test of severity error skips what lies behind it.

    ``select``: dbt selectors; without them the whole file is made anew, so that nothing of an earlier build
    survives in it. ``on_event(name, status, seconds)`` is called as each node finishes. Unit tests of the models are
    left out: they say nothing about data.
    Raises :class:`WarehouseBuildError` when dbt cannot run at all.
    """
    if select is None:
        settings.warehouse.unlink(missing_ok=True)
        settings.warehouse.with_suffix(".duckdb.wal").unlink(missing_ok=True)

    def listen(event: Any) -> None:
        if on_event is not None and event.info.name == "NodeFinished":
            info = event.data.node_info
            on_event(info.node_name, info.node_status, float(event.data.run_result.execution_time))

    record_access(settings.home, "build", (), TABLE_NAMES)
    # dbt's record of the run would hold the messages of failures as they came.
    arguments = [*_arguments(settings, "build"), "--no-write-json"] + (["--select", *select] if select else [])
    return _run(settings, [*arguments, "--exclude-resource-type", "unit_test"], [listen])


def run_unit_tests(settings: Settings) -> BuildResult:
    """Run the models' unit tests; they need the columns of a warehouse that has been built, not its rows."""
    return _run(settings, [*_arguments(settings, "test"), "--no-write-json", "--select", "test_type:unit"], [])


def _run(settings: Settings, arguments: list[str], callbacks: list[Callable[[Any], None]]) -> BuildResult:
    outcome = _invoke(settings, arguments, callbacks)
    if outcome.result is None:
        raise WarehouseBuildError(f"dbt could not build the warehouse: {without_values(str(outcome.exception))}")
    results = list(outcome.result.results)
    observed = _observed(settings, results)
    kinds = {"test", "unit_test"}
    return BuildResult(
        success=bool(outcome.success),
        models=[
            ModelResult(
                unique_id=r.node.unique_id,
                name=r.node.name,
                schema=str(r.node.schema),
                resource_type=str(r.node.resource_type),
                status=str(r.status),
                seconds=float(r.execution_time),
                message=without_values(str(r.message or "")),
            )
            for r in results
            if str(r.node.resource_type) not in kinds
        ],
        tests=[_test_result(r, observed) for r in results if str(r.node.resource_type) in kinds],
    )
