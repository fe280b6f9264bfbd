"""Lets unit tests import ``mini_study``, the study in miniature of the integration tests, and their neighbours."""

from __future__ import annotations

import copy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import jinja2
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from mini_study import MiniStudy, build_mini_study

from orchestration.deliveries import land_all
from orchestration.settings import Settings


@pytest.fixture(scope="session")
def landed_once(tmp_path_factory: pytest.TempPathFactory) -> MiniStudy:
    """The study with both waves landed, to be copied."""
    made = build_mini_study(tmp_path_factory.mktemp("landed"))
    land_all(made.settings)
    return made


@pytest.fixture
def landed_study(landed_once: MiniStudy, tmp_path: Path) -> MiniStudy:
    """A copy of it, to be spoilt."""
    shutil.copytree(landed_once.root, tmp_path, dirs_exist_ok=True)
    settings = Settings(raw=tmp_path / "raw", registry=tmp_path / "registry", home=tmp_path / "warehouse")
    return MiniStudy(tmp_path, settings, copy.deepcopy(landed_once.manifests))


@pytest.fixture
def data_test(project_root: Path) -> Callable[[str, duckdb.DuckDBPyConnection], list[tuple]]:
    """The rows that a singular test of the dbt project finds in tables of a connection."""

    def rows(name: str, connection: duckdb.DuckDBPyConnection) -> list[tuple]:
        return connection.execute(_rendered(project_root / "dbt_project", f"tests/{name}.sql")).fetchall()

    return rows


@pytest.fixture
def model_sql(project_root: Path) -> Callable[[str], str]:
    """The SQL of a model of the dbt project, by its path: as it reads tables of a connection."""
    return lambda path: _rendered(project_root / "dbt_project", f"models/{path}.sql")


def _rendered(dbt_project: Path, path: str) -> str:
    """A file of the dbt project with its macros filled in, and each ref as the table of that name."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    files = (*sorted((dbt_project / "macros").glob("*.sql")), dbt_project / path)
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    return environment.from_string(text).render(ref=lambda table: table)
