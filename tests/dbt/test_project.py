"""The dbt project itself: its unit tests, its seeds as text, and a registry that dbt never writes to."""

from __future__ import annotations

import csv
import hashlib
import shutil
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.registry import load_registry
from orchestration.settings import Settings
from orchestration.warehouse.build import build, prepare, project_folder, run_unit_tests


def seed_files(registry: Path) -> list[Path]:
    return sorted(registry.glob("*/*.csv"))


def rows_of(path: Path) -> list[tuple[str | None, ...]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return [tuple(cell or None for cell in row) for row in list(csv.reader(stream))[1:]]


@pytest.mark.slow
def test_the_unit_tests_of_the_models_pass(sample_run) -> None:
    result = run_unit_tests(sample_run.settings)
    assert {test.name: test.message for test in result.tests if test.status != "pass"} == {}
    assert {test.model for test in result.tests} >= {
        "hrm_code_map",
        "hrm_answers",
        "est_cells",
        "est_disclosure",
    }


@pytest.mark.slow
def test_a_seed_comes_back_as_it_was_written(sample_run) -> None:
    """Every column is text: `01` stays `01`, and nothing is added, lost or turned into a number."""
    with duckdb.connect(str(sample_run.settings.warehouse), read_only=True) as connection:
        for path in seed_files(sample_run.settings.registry):
            table = connection.execute(f"select * from registry.{path.stem}")
            assert {str(column[1]) for column in table.description} == {"VARCHAR"}, path.name
            assert sorted(table.fetchall(), key=repr) == sorted(rows_of(path), key=repr), path.name


def test_a_leading_zero_is_among_the_codes_that_come_back(project_root: Path) -> None:
    municipalities = rows_of(project_root / "dbt_project" / "seeds" / "registers" / "municipalities.csv")
    assert any(row[1] and row[1].startswith("0") for row in municipalities)


def test_every_seed_declares_exactly_its_columns_as_text(project_root: Path) -> None:
    declared = {
        seed["name"]: seed["config"]["column_types"]
        for seed in yaml.safe_load(
            (project_root / "dbt_project" / "models" / "registry" / "_seeds.yml").read_text(encoding="utf-8")
        )["seeds"]
    }
    for path in seed_files(project_root / "dbt_project" / "seeds"):
        with path.open(encoding="utf-8", newline="") as stream:
            header = next(csv.reader(stream))
        assert declared[path.stem] == dict.fromkeys(header, "varchar"), path.name


def test_building_never_writes_to_another_registry(tmp_path: Path, project_root: Path) -> None:
    """dbt puts what it ran below its target, under the path of the seed: an absolute path would be the seed."""
    registry = tmp_path / "registry"
    shutil.copytree(project_root / "dbt_project" / "seeds", registry)
    settings = Settings(raw=tmp_path / "raw", registry=registry, home=tmp_path / "home")
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in seed_files(registry)}

    result = build(settings, select=["families", "missing_kinds"])

    assert [model.status for model in result.models] == ["success", "success"]
    assert {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in seed_files(registry)} == before
    assert load_registry(registry).hash == load_registry(project_root / "dbt_project" / "seeds").hash
    assert project_folder(settings) != settings.dbt_project
    assert prepare(settings).is_file()
