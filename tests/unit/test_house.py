"""The rules of the house: what may import what, what a file may be called, and what no file may hold."""

from __future__ import annotations

import argparse
import ast
import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from orchestration.cli import build_parser
from orchestration.deliveries.committable import uncommittable
from orchestration.deliveries.staged_files import NoRepository, files_on_disk, staged_files

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "orchestration"
DBT_PROJECT = ROOT / "dbt_project"
SEEDS = DBT_PROJECT / "seeds"

# Rooms that know files, tables and rules, and never the orchestrator: the faces import them, not the reverse.
LIBRARIES = (
    "deliveries",
    "registry",
    "statistics",
    "publication",
    "lineage",
    "quality",
    "warehouse",
    "sample_data",
)
FACES = (
    "definitions",
    "assets",
    "checks",
    "jobs",
    "schedules",
    "sensors",
    "partitions",
    "resources",
    "commands",
    "cli",
)
# The generator reproduces what was published, so it alone may know waves and figures beside the registry.
KNOWS_THE_STUDY = PACKAGE / "sample_data"

# Written by tools, by installs or by runs: not part of the house.
GENERATED_NAMES = {
    "__pycache__",
    ".pytest_cache",
    ".ruff_cache",
    ".hypothesis",
    ".venv",
    ".venv-bench",
    ".git",
    ".idea",
    ".vscode",
}
GENERATED_PLACES = {
    "warehouse",
    "logs",
    "dbt_project/target",
    "dbt_project/logs",
    "dbt_project/dbt_packages",
    "expectations/uncommitted",
}
LARGEST_FILE_BYTES = 3 * 1024 * 1024
LONGEST_MODULE_LINES = 400
LONGEST_TEST_LINES = 520


@cache
def house_files() -> tuple[Path, ...]:
    """Every file of the checkout that is, or would be, under version control."""

    def walk(folder: Path) -> Iterator[Path]:
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if entry.name in GENERATED_NAMES or entry.name.endswith((".egg-info", ".duckdb", ".wal")):
                continue
            if named(Path(entry.path)) in GENERATED_PLACES:
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from walk(Path(entry.path))
            elif entry.is_file():
                yield Path(entry.path)

    return tuple(walk(ROOT))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def text_of(path: Path) -> str | None:
    """The text of a file, or None when it is no UTF-8 text (a delivery, a picture)."""
    data = path.read_bytes()
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def python_files(folder: Path) -> list[Path]:
    return [path for path in house_files() if path.suffix == ".py" and folder in path.parents]


def sql_files(*folders: str) -> list[Path]:
    roots = [DBT_PROJECT / folder for folder in folders]
    return [
        path
        for path in house_files()
        if path.suffix == ".sql" and any(root in path.parents for root in roots)
    ]


def model_files() -> list[Path]:
    """Models of dbt, in SQL or in Python."""
    return [*sql_files("models"), *python_files(DBT_PROJECT / "models")]


def seed_column(file: str, column: str) -> set[str]:
    with (SEEDS / file).open(encoding="utf-8", newline="") as handle:
        return {row[column] for row in csv.DictReader(handle)}


def imported_modules(path: Path) -> set[str]:
    """Absolute names of all modules that a file imports, at the top or inside a function."""
    package = named(path).removesuffix(".py").replace("/", ".").split(".")[:-1]
    modules: set[str] = set()
    for node in ast.walk(ast.parse(text_of(path) or "", filename=str(path))):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*start, *([node.module] if node.module else [])])
            modules.add(origin)
            modules.update(f"{origin}.{alias.name}" for alias in node.names)
    return modules


@pytest.mark.parametrize("library", LIBRARIES)
def test_libraries_never_import_dagster_or_its_faces(library: str) -> None:
    files = python_files(PACKAGE / library)
    assert files, f"orchestration/{library} has no modules"
    forbidden = {f"orchestration.{face}" for face in FACES}
    for path in files:
        for module in imported_modules(path):
            assert not re.match(r"dagster(_\w+)?(\.|$)", module), f"{named(path)} imports {module}"
            assert not any(module == face or module.startswith(face + ".") for face in forbidden), (
                f"{named(path)} imports {module}: libraries do not know their faces"
            )


def test_great_expectations_is_imported_only_inside_functions() -> None:
    """Its import takes seconds, which loading the code location must not pay."""
    for path in python_files(PACKAGE):
        for node in ast.parse(text_of(path) or "").body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "great_expectations" for name in names), (
                f"{named(path)}:{node.lineno} imports great_expectations when it is loaded"
            )


def test_every_room_is_named_after_what_lives_in_it() -> None:
    nameless = re.compile(r"(^|/)(utils?|helpers?|common|misc|shared|base)(\.[a-z]+)?(/|$)")
    assert [named(path) for path in house_files() if nameless.search(named(path))] == []


def test_no_file_is_too_large_to_review() -> None:
    too_large = {named(path): path.stat().st_size for path in house_files()}
    assert {name: size for name, size in too_large.items() if size > LARGEST_FILE_BYTES} == {}


def test_no_module_is_too_long_to_read() -> None:
    too_long = {}
    for path in house_files():
        limit = LONGEST_TEST_LINES if ROOT / "tests" in path.parents else LONGEST_MODULE_LINES
        lines = (text_of(path) or "").count("\n") if path.suffix in {".py", ".sql"} else 0
        if lines > limit:
            too_long[named(path)] = lines
    assert too_long == {}


def test_no_file_names_a_package_index_or_a_place_on_a_machine() -> None:
    index = re.compile(r"--(extra-)?index-url|https?://[^ \"']+/(simple|packages)/|files\.pythonhosted")
    place = re.compile(r"(?<![\w.~/}-])/(home|root|Users|work|mnt|private)/[A-Za-z0-9_.-]+")
    here = f"{ROOT.parent.as_posix()}/"
    found = []
    for path in house_files():
        for number, line in enumerate((text_of(path) or "").splitlines(), start=1):
            if index.search(line) or place.search(line) or (len(here) > 2 and here in line):
                found.append(f"{named(path)}:{number}: {line.strip()[:120]}")
    assert found == []


def test_raw_holds_nothing_but_synthetic_deliveries() -> None:
    """What is staged and, without git, whatever lies there: answers of real persons are never committed."""
    try:
        files = staged_files(ROOT)
    except NoRepository:
        files = files_on_disk(ROOT)
    assert [str(problem) for problem in uncommittable(files)] == []


def test_the_hook_that_refuses_real_answers_runs_at_every_commit() -> None:
    (hook,) = [
        hook
        for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))[
            "repos"
        ]
        for hook in repository["hooks"]
        if hook["entry"].endswith("peilstok check-commit")
    ]
    assert (hook["always_run"], hook["pass_filenames"]) == (True, False)
    assert "stages" not in hook


def test_the_lock_holds_versions_and_hashes_only() -> None:
    line_of_a_lock = re.compile(
        r"#.*|[a-z0-9][a-z0-9._-]*==[0-9][0-9a-z.+!]*( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?"
    )
    lines = (text_of(ROOT / "requirements.lock") or "").splitlines()
    assert len(lines) > 100
    assert [line for line in lines if not line_of_a_lock.fullmatch(line)] == []


# ------------------------------------------------------------------------------------------------------------
# A wave is data: what a person decides stands in the registry and nowhere else
# ------------------------------------------------------------------------------------------------------------


@cache
def study_ids() -> frozenset[str]:
    """Ids that only the registry may know: waves, programmes, instruments, populations and indicators."""
    columns = {
        "registry/waves.csv": "wave_id",
        "registry/programmes.csv": "programme_id",
        "registry/instruments.csv": "instrument_id",
        "registry/populations.csv": "population_id",
        "registry/indicators.csv": "indicator_id",
    }
    ids = frozenset().union(*(seed_column(file, column) for file, column in columns.items()))
    assert len(ids) > 50
    return ids


def without_sql_comments(text: str) -> str:
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"--[^\n]*", "", text)


# Where an id is an example for the reader: columns of the reference pages, fields of the manifest.
DOCUMENTING_CALLS = {"Column", "labels"}
DOCUMENTING_KEYWORDS = {"examples", "description"}


def constants_of(path: Path) -> Iterator[tuple[int, object]]:
    """Line and value of every constant that the program works with; docstrings and examples are left out."""

    def walk(node: ast.AST) -> Iterator[ast.Constant]:
        if isinstance(node, ast.Constant):
            yield node
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_example = isinstance(node, ast.keyword) and node.arg in DOCUMENTING_KEYWORDS
        is_documenting = isinstance(node, ast.Call) and getattr(node.func, "id", "") in DOCUMENTING_CALLS
        if not (is_docstring or is_example or is_documenting):
            for child in ast.iter_child_nodes(node):
                yield from walk(child)

    for constant in walk(ast.parse(text_of(path) or "", filename=str(path))):
        yield constant.lineno, constant.value


def code_outside_the_generator() -> list[Path]:
    return [path for path in python_files(PACKAGE) if KNOWS_THE_STUDY not in path.parents]


LAYERS = ("stg_", "hrm_", "dim_|fct_", "est_", "mart_", "release_")
#: What a layer may read besides itself and the registry.
READS = {"stg_": (), "hrm_": ("stg_",), "dim_|fct_": ("stg_", "hrm_"), "est_": ("dim_|fct_",),
         "mart_": ("dim_|fct_", "est_"), "release_": ("dim_|fct_", "est_", "mart_")}  # fmt: skip


@pytest.mark.parametrize("layer", LAYERS)
def test_a_model_reads_the_layers_before_it_and_no_earlier_ones(layer: str) -> None:
    models = [path for path in model_files() if re.match(layer, path.stem)]
    assert models
    known = re.compile("|".join(LAYERS))
    allowed = re.compile("|".join((layer, *READS[layer])))
    found = [
        f"{named(path)} reads {name}"
        for path in models
        for name in re.findall(r"ref\(['\"](\w+)['\"]\)", text_of(path) or "")
        if known.match(name) and not allowed.match(name)
    ]
    assert found == []


def test_no_model_knows_a_wave_a_programme_or_an_indicator() -> None:
    files = sql_files("models", "macros", "tests")
    assert files
    found = []
    for path in files:
        for literal in re.findall(r"'([^'\n]*)'", without_sql_comments(text_of(path) or "")):
            if literal in study_ids():
                found.append(f"{named(path)}: '{literal}'")
    assert found == []


def test_no_python_knows_a_wave_a_programme_or_an_indicator() -> None:
    found = []
    for path in [*code_outside_the_generator(), *python_files(DBT_PROJECT)]:
        for line, value in constants_of(path):
            if isinstance(value, str) and value in study_ids():
                found.append(f"{named(path)}:{line}: {value!r}")
    assert found == []


@cache
def published_values() -> frozenset[float]:
    """Every published value that is no number which arithmetic needs anyway."""
    values = {float(value) for value in seed_column("published/published_figures.csv", "value") if value}
    assert len(values) > 50
    return frozenset(value for value in values if value >= 10 and value not in {10.0, 100.0, 1000.0})


def test_no_published_number_stands_in_sql() -> None:
    found = []
    for path in sql_files("models", "macros", "tests"):
        for number in re.findall(
            r"(?<![\w.'])\d+(?:\.\d+)?(?![\w.'])", without_sql_comments(text_of(path) or "")
        ):
            if float(number) in published_values():
                found.append(f"{named(path)}: {number}")
    assert found == []


def test_no_published_number_stands_in_python() -> None:
    """Two-digit numbers are everywhere (widths, hash lengths); a report's counts and fractions are not."""
    distinctive = {value for value in published_values() if value > 256 or value != int(value)}
    found = []
    for path in code_outside_the_generator():
        for line, value in constants_of(path):
            if isinstance(value, int | float) and not isinstance(value, bool) and float(value) in distinctive:
                found.append(f"{named(path)}:{line}: {value}")
    assert found == []


# ------------------------------------------------------------------------------------------------------------
# Every model and column says what it is
# ------------------------------------------------------------------------------------------------------------


@cache
def described_models() -> dict[str, dict]:
    """Model name → its entry in the yml beside it."""
    entries: dict[str, dict] = {}
    for path in house_files():
        if path.suffix in {".yml", ".yaml"} and DBT_PROJECT / "models" in path.parents:
            for model in (yaml.safe_load(text_of(path) or "") or {}).get("models", []):
                assert model["name"] not in entries, f"{model['name']} is described twice"
                entries[model["name"]] = model
    return entries


def test_every_model_is_described_with_its_grain() -> None:
    models = {path.stem for path in model_files()}
    assert models == set(described_models())
    for name, model in described_models().items():
        first_line = (model.get("description") or "").strip().split("\n")[0]
        assert re.search(r"(?i)\bgrain\b|\b(one row|a row|rows?) (per|for)\b", first_line), (
            f"{name}: the first line of the description does not state the grain: {first_line!r}"
        )


def test_every_column_is_described() -> None:
    for name, model in described_models().items():
        columns = model.get("columns") or []
        assert columns, f"{name} describes no columns"
        silent = [column["name"] for column in columns if not (column.get("description") or "").strip()]
        assert silent == [], f"{name}: columns without a description"


def test_singular_dbt_tests_are_sentences() -> None:
    names = [path.stem for path in sql_files("tests") if "generic" not in path.parts]
    assert names
    assert [name for name in names if not name.startswith("assert_")] == []


# ------------------------------------------------------------------------------------------------------------
# Pages lead somewhere, and skips are honest
# ------------------------------------------------------------------------------------------------------------


def test_links_between_pages_resolve() -> None:
    broken = []
    for page in house_files():
        if page.suffix != ".md":
            continue
        for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page) or ""):
            place = target.split("#")[0]
            if (
                place
                and "://" not in place
                and not place.startswith("mailto:")
                and not (page.parent / place).exists()
            ):
                broken.append(f"{named(page)} → {target}")
    assert broken == []


def test_make_targets_that_pages_name_exist() -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", text_of(ROOT / "Makefile") or ""))
    pages = [page for page in house_files() if page.suffix == ".md"]
    named_targets = {
        target for page in pages for target in re.findall(r"(?m)(?:`|^\s*)make ([a-z]+)", text_of(page) or "")
    }
    assert named_targets <= targets


def test_commands_that_pages_name_exist() -> None:
    actions = build_parser()._actions
    (commands,) = (action for action in actions if isinstance(action, argparse._SubParsersAction))
    command = re.compile(r"(?:`|bin/)peilstok ([a-z][a-z-]*)")
    pages = [page for page in house_files() if page.suffix == ".md"]
    named_commands = {name for page in pages for name in command.findall(text_of(page) or "")}
    assert len(named_commands) > 3
    assert named_commands <= set(commands.choices)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [("chromium is not installed", "failed"), ("../shared/reference/lapop is absent", "skipped")],
)
def test_a_skip_for_an_absent_tool_fails_where_tools_are_required(
    tmp_path: Path, reason: str, outcome: str
) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_skip.py").write_text(f"import pytest\n\ndef test_it():\n    pytest.skip({reason!r})\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)],
        env={**os.environ, "PEILSTOK_REQUIRE_TOOLS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"1 {outcome}" in run.stdout.splitlines()[-1], run.stdout
