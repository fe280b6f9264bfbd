"""The reference pages say what the program does: tables as declared, examples that are accepted."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
import yaml

from orchestration.deliveries import load_manifest
from orchestration.deliveries.codebook import COLUMNS, NEEDED, codebook_from_rows
from orchestration.deliveries.corrections.reading import read_corrections
from orchestration.deliveries.corrections.reference_page import PAGE as CORRECTIONS_PAGE
from orchestration.deliveries.corrections.reference_page import correction_tables
from orchestration.deliveries.lock import LockedFile
from orchestration.deliveries.manifest import DeliveredFile, InvitedCount, ManifestHead
from orchestration.deliveries.manifest_twin import TwinFile
from orchestration.deliveries.reference_page import PAGE as MANIFEST_PAGE
from orchestration.deliveries.reference_page import manifest_tables
from orchestration.registry import TABLES, load_registry
from orchestration.registry.reference_page import BEGIN, END, fill_page, registry_tables
from orchestration.registry.reference_page import PAGE as REGISTRY_PAGE
from orchestration.registry.validate import wrong_value


def text_of(project_root: Path, page: str) -> str:
    return (project_root / page).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def section(text: str, title: str) -> str:
    return text.split(f"{title}\n", 1)[1].split("\n#", 1)[0]


def columns_of(section_text: str) -> list[list[str]]:
    rows = [line.strip("|").split(" | ") for line in section_text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in rows]


@pytest.mark.parametrize(
    ("page", "tables", "module"),
    [
        (REGISTRY_PAGE, registry_tables, "orchestration.registry.reference_page"),
        (MANIFEST_PAGE, manifest_tables, "orchestration.deliveries.reference_page"),
        (CORRECTIONS_PAGE, correction_tables, "orchestration.deliveries.corrections.reference_page"),
    ],
)
def test_pages_are_made_from_the_declaration(project_root: Path, page: str, tables, module: str):
    text = text_of(project_root, page)
    assert fill_page(text, tables()) == text, f"run `python -m {module}`"


def test_a_page_without_markers_is_refused():
    with pytest.raises(ValueError, match="lacks"):
        fill_page("no markers", "x")
    assert fill_page(f"a\n{BEGIN}\nold\n{END}\nb\n", "new\n") == f"a\n{BEGIN}\n\nnew\n\n{END}\nb\n"


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_table_of_the_registry_is_told(project_root: Path, table):
    told = section(text_of(project_root, REGISTRY_PAGE), f"### {table.path}")
    rows = columns_of(told)
    assert [row[0].strip("`") for row in rows] == list(table.column_names)
    for row, column in zip(rows, table.columns, strict=True):
        assert row[1] == column.value_type
        assert row[2] == ("" if column.required else "yes")
        assert all(f"`{value}`" in row[3] for value in column.allowed)
        assert column.references in row[3]
        assert len(column.description) > 3
    header, example = csv.reader(io.StringIO(blocks(told, "csv")[0]))
    assert header == list(table.column_names)
    assert [wrong_value(column, text) for column, text in zip(table.columns, example, strict=True)] == [
        None
    ] * len(example)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_keys_and_references_of_the_declaration_exist(table):
    assert set(table.key) <= set(table.column_names)
    assert len(set(table.column_names)) == len(table.column_names)
    for column in table.columns:
        if column.references:
            target, name = column.references.split(".")
            assert TABLES[target].key[0] == name


@pytest.mark.parametrize(
    ("title", "model", "more"),
    [
        ("## The delivery", ManifestHead, ["files"]),
        ("## Each entry of `files`", DeliveredFile, []),
        ("## Each entry of `response`", InvitedCount, []),
        ("## A `twin`", TwinFile, []),
    ],
)
def test_every_field_of_the_manifest_is_told(project_root: Path, title: str, model, more: list[str]):
    rows = columns_of(section(text_of(project_root, MANIFEST_PAGE), title))
    assert [row[0].strip("`") for row in rows] == [*model.model_fields, *more]
    for row, (name, field) in zip(rows, model.model_fields.items(), strict=False):
        assert row[2] == ("yes" if field.is_required() else ""), name
        assert field.description


def test_the_example_of_a_manifest_is_accepted(project_root: Path, tmp_path: Path):
    folder = tmp_path / "raw" / "vi" / "vi_2016"
    folder.mkdir(parents=True)
    (folder / "delivery.yml").write_text(
        blocks(text_of(project_root, MANIFEST_PAGE), "yaml")[0], encoding="utf-8"
    )
    manifest = load_manifest(folder, load_registry(project_root / "dbt_project" / "seeds"))
    assert [(entry.file_id, entry.version) for entry in manifest.current] == [
        ("office_holders", 2),
        ("organisations", 1),
    ]


def test_the_example_of_corrections_is_accepted(project_root: Path, tmp_path: Path):
    folder = tmp_path / "raw" / "vi" / "vi_2016"
    folder.mkdir(parents=True)
    for page, name in ((MANIFEST_PAGE, "delivery.yml"), (CORRECTIONS_PAGE, "corrections.yml")):
        (folder / name).write_text(blocks(text_of(project_root, page), "yaml")[0], encoding="utf-8")
    manifest = load_manifest(folder, load_registry(project_root / "dbt_project" / "seeds"))
    (correction,) = read_corrections(manifest)
    assert (correction.action.codes, correction.expect.rows) == ({"1": "2", "2": "1"}, 4856)


def test_codebook_and_lock_are_told(project_root: Path):
    text = text_of(project_root, MANIFEST_PAGE)
    rows = columns_of(section(text, "## The codebook of a csv or xlsx file"))
    assert [row[0].strip("`") for row in rows] == list(COLUMNS)
    assert [row[0].strip("`") for row in rows if row[2]] == list(NEEDED)
    example = list(csv.reader(io.StringIO(blocks(text, "csv")[0]), delimiter=";"))
    assert list(codebook_from_rows("example", example).entries) == ["V12"]
    lock = section(text, "## The lock")
    fields = [row[0].strip("`") for row in columns_of(lock)]
    assert fields == ["files", *LockedFile.__dataclass_fields__]
    (locked,) = yaml.safe_load(blocks(lock, "yaml")[0])["files"].values()
    assert list(locked) == fields[1:]
