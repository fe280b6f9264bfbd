"""The mutation run itself: reproducible, fair in what it counts, and a slice of it that is caught."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from figures import MARTS, differing
from mutation_trial import prepare_baseline, try_all
from registry_mutations import FOLDERS, KINDS, TABLES, Mutation, mutations

from orchestration.registry import load_registry

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
SEED, SLICE = 2026, 10


@pytest.fixture(scope="module")
def registry():
    return load_registry(SEEDS)


def test_the_same_seed_makes_the_same_mutations(registry) -> None:
    first, again = list(mutations(registry, SEED, 60)), list(mutations(registry, SEED, 60))
    assert first == again
    assert len({made.told for made in first}) == 60
    assert {made.told for made in first} != {made.told for made in mutations(registry, SEED + 1, 60)}
    assert {made.kind for made in first} == set(KINDS)
    assert {TABLES[made.table].folder for made in first} == set(FOLDERS)


def test_each_mutation_changes_its_file_and_says_where(registry) -> None:
    for made in mutations(registry, SEED, 60):
        before = registry.contents[made.path].decode()
        assert made.text != before, made.told
        assert made.text.splitlines()[0] == before.splitlines()[0], made.told
        assert bool(made.lines) == (made.kind != "delete_row"), made.told


def made(lines: tuple[int, ...], row: tuple[str, ...]) -> Mutation:
    return Mutation(0, "change_cell", "indicator_codes", "code", (row,), lines, "", "")


@pytest.mark.parametrize(
    ("message", "is_named"),
    [
        ("registry/indicator_codes.csv:12, code nee", True),
        ("registry/indicator_codes.csv:123, code nee", False),
        ("registry/indicators.csv:12, code nee", False),
        ("add victim_any_12m,<code>, to registry/indicator_codes.csv, with one of ja, nee", True),
        ("add victim_any_12m,<code>, to registry/indicator_codes.csv", False),
        ("victim_any_12m counts ja", False),
    ],
)
def test_a_message_names_the_file_and_the_line_or_the_whole_key(message: str, is_named: bool) -> None:
    assert made((12,), ("victim_any_12m", "ja", "")).is_named_in(message) is is_named


def warehouse(path: Path, estimate: str) -> Path:
    with duckdb.connect(str(path)) as connection:
        for schema in ("marts", "release"):
            connection.execute(f"create schema {schema}")
            for mart, keys in MARTS.items():
                columns = ", ".join(f"'k' as {key}" for key in keys)
                connection.execute(
                    f"create table {schema}.{mart} as select {columns}, {estimate}::double as estimate, 3 as sort_order"
                )
    return path


def test_figures_differ_by_more_than_the_noise_of_a_sum(tmp_path: Path) -> None:
    baseline = warehouse(tmp_path / "a.duckdb", "12.5")
    assert differing(warehouse(tmp_path / "b.duckdb", "12.5 + 1e-9"), baseline) == (0, [])
    count, shown = differing(warehouse(tmp_path / "c.duckdb", "12.6"), baseline)
    assert (count, shown[0]) == (2 * len(MARTS), "marts.mart_trend k/k/k/k/k")
    assert differing(warehouse(tmp_path / "d.duckdb", "null"), baseline)[0] == 2 * len(MARTS)
    gone = warehouse(tmp_path / "e.duckdb", "12.5")
    with duckdb.connect(str(gone)) as connection:
        connection.execute("delete from marts.mart_response")
        connection.execute("update marts.mart_trend set sort_order = 4")
    assert differing(gone, baseline) == (1, ["marts.mart_response k/k"])


@pytest.mark.thorough
def test_a_slice_of_the_mutations_is_caught(registry, tmp_path: Path) -> None:
    prepare_baseline(tmp_path / "baseline")
    trials = list(try_all(list(mutations(registry, SEED, SLICE)), tmp_path / "baseline", processes=1))
    assert len(trials) == SLICE
    assert [trial.mutation.told for trial in trials if trial.caught_by == "crash"] == []
    counting = [trial for trial in trials if trial.counts]
    assert len(counting) >= SLICE / 2
    assert [trial.mutation.told for trial in counting if not trial.is_caught] == []
