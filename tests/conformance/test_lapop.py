"""A second study through the same code: the AmericasBarometer of Brazil, four waves of real SPSS files.

It has a manifest per wave and a registry of its own beside this test, and no line of Python or SQL. The judge
is R's ``survey`` package: estimates, standard errors, degrees of freedom and design effects of a stratified
cluster design with unequal weights. 2021 was a telephone round, hence a segment of its own.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from estimator_alone import Estimator

from orchestration.deliveries import load_manifest, write_lock
from orchestration.publication.comparability_matrix import read_matrices
from orchestration.publication.comparability_words import lines_of
from orchestration.registry import load_registry

STUDY = Path(__file__).resolve().parent / "lapop"
YEARS = (2017, 2019, 2021, 2023)

pytestmark = [pytest.mark.conformance, pytest.mark.slow]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def study(
    tmp_path_factory: pytest.TempPathFactory, project_root: Path, reference_folder: Callable
) -> SimpleNamespace:
    """The refreshed study: ``trend`` and ``comparability`` at full precision, and what R says."""
    reference = reference_folder("lapop")
    place = tmp_path_factory.mktemp("lapop")
    raw, home = place / "raw", place / "warehouse"
    shutil.copytree(STUDY / "raw", raw)
    registry = load_registry(STUDY / "registry")
    for year in YEARS:
        folder = raw / "lapop" / f"lapop_{year}"
        shutil.copyfile(reference / f"cm23_{year}.sav", folder / f"cm23_{year}.sav")
        write_lock(load_manifest(folder, registry))

    environment = {
        **os.environ,
        "PEILSTOK_RAW": str(raw),
        "PEILSTOK_REGISTRY": str(STUDY / "registry"),
        "PEILSTOK_HOME": str(home),
    }
    command = [sys.executable, "-m", "orchestration.cli", "refresh"]
    run = subprocess.run(
        command,
        cwd=project_root,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr

    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:

        def table(name: str) -> list[dict]:
            cursor = connection.execute(f"select * from marts.{name}")
            columns = [column[0] for column in cursor.description]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

        trend = {(row["indicator_id"], row["year"]): row for row in table("mart_trend")}
        comparability = {(row["indicator_id"], row["wave_id"]): row for row in table("mart_comparability")}
    expected = {
        (row["var"], int(row["year"])): row
        for row in rows_of(reference / "expected_trend_R_survey.csv")
        if int(row["year"]) in YEARS
    }
    changes = {
        (row["var"], int(row["from"]), int(row["to"])): row
        for row in rows_of(reference / "expected_changes_R.csv")
    }
    return SimpleNamespace(
        trend=trend,
        comparability=comparability,
        expected=expected,
        changes=changes,
        home=home,
    )


def test_every_cell_that_was_asked_is_there_and_no_other(study: SimpleNamespace) -> None:
    estimated = {cell for cell, row in study.trend.items() if row["estimate"] is not None}
    assert estimated == set(study.expected)
    assert len(estimated) == 12


def test_estimates_equal_r_survey(study: SimpleNamespace) -> None:
    for cell, expected in study.expected.items():
        ours = study.trend[cell]
        assert ours["estimate"] / 100 == pytest.approx(float(expected["est"]), abs=1e-9, rel=0), cell
        assert ours["n_unweighted"] == int(expected["n"]), cell


def test_errors_of_the_cluster_design_equal_r_survey(study: SimpleNamespace) -> None:
    for cell, expected in study.expected.items():
        ours = study.trend[cell]
        assert ours["standard_error"] / 100 == pytest.approx(float(expected["se"]), rel=1e-9), cell
        assert ours["degrees_of_freedom"] == int(expected["df"]), cell
        assert ours["deff"] == pytest.approx(float(expected["deff"]), rel=1e-9), cell
        assert ours["n_effective"] == pytest.approx(ours["n_unweighted"] / ours["deff"], rel=1e-9), cell


def test_intervals_equal_r_survey(study: SimpleNamespace) -> None:
    for cell, expected in study.expected.items():
        ours = study.trend[cell]
        assert ours["ci_method"] == "logit", cell
        assert ours["ci_low"] / 100 == pytest.approx(float(expected["logit_lo"]), rel=1e-8), cell
        assert ours["ci_high"] / 100 == pytest.approx(float(expected["logit_hi"]), rel=1e-8), cell


def test_the_telephone_round_is_a_segment_apart(study: SimpleNamespace) -> None:
    telephone = study.trend["ing4", 2021]
    assert telephone["change_direction"] == "not_tested"
    assert telephone["change"] is None
    assert telephone["comparable_wave_id"] is None
    after = study.trend["ing4", 2023]
    assert after["comparable_wave_id"] == "lapop_2019"
    assert after["change_direction"] in {"up", "down", "stable"}
    assert study.trend["ing4", 2019]["comparable_wave_id"] == "lapop_2017"
    assert study.trend["ing4", 2017]["change_direction"] == "not_tested"


def test_changes_over_the_telephone_round_equal_r_survey(study: SimpleNamespace) -> None:
    tested = {
        (indicator, year): int(row["comparable_wave_id"].removeprefix("lapop_"))
        for (indicator, year), row in study.trend.items()
        if row["comparable_wave_id"]
    }
    assert tested == {
        ("ing4", 2019): 2017,
        ("b13", 2019): 2017,
        ("b21", 2019): 2017,
        ("ing4", 2023): 2019,
        ("b13", 2023): 2019,
        ("b21", 2023): 2019,
        ("b31", 2023): 2019,
    }
    for (indicator, year), earlier in tested.items():
        ours = study.trend[indicator, year]
        then, now = study.expected[indicator, earlier], study.expected[indicator, year]
        change = float(now["est"]) - float(then["est"])
        error = (float(now["se"]) ** 2 + float(then["se"]) ** 2) ** 0.5
        assert ours["change"] / 100 == pytest.approx(change, abs=1e-6), (indicator, year)
        assert ours["change_standard_error"] / 100 == pytest.approx(error, rel=1e-6), (indicator, year)
        # R's file of changes tests neighbouring rounds, the telephone round too: compare where it can be.
        if expected := study.changes.get((indicator, earlier, year)):
            assert ours["change"] / 100 == pytest.approx(float(expected["diff"]), abs=1e-6)
            assert ours["change_standard_error"] / 100 == pytest.approx(float(expected["se"]), rel=1e-6)


def test_every_neighbouring_change_equals_r_survey_with_the_sum_of_the_degrees_of_freedom(
    study: SimpleNamespace,
) -> None:
    """Also the two over the telephone round, which the marts rightly do not test: the estimator is asked by itself."""
    estimator = Estimator(change_df="sum")
    with duckdb.connect(str(study.home / "warehouse.duckdb"), read_only=True) as connection:
        estimator.load("est_cells", connection.execute("select * from estimates.est_cells").df())
        panels = connection.execute("select * from estimates.est_panel_covariances").df()
        estimator.load("est_panel_covariances", panels)
        estimator.load("dim_domain", connection.execute("select * from core.dim_domain").df())
        estimator.load("dim_indicator", connection.execute("select * from core.dim_indicator").df())
        comparability = connection.execute("select * from estimates.est_comparability").df()
    asked = {
        name: sorted(year for other, year in study.expected if other == name) for name, _ in study.expected
    }
    before = {(name, now): then for name, years in asked.items() for then, now in pairwise(years)}
    comparability["comparable_wave_id"] = [
        f"lapop_{before[cell]}" if cell in before else None
        for cell in zip(comparability.indicator_id, comparability.year, strict=True)
    ]
    estimator.load("est_comparability", comparability)
    changes = {
        (row["indicator_id"], int(row["comparable_wave_id"][6:]), int(row["wave_id"][6:])): row
        for row in estimator.run(("est_changes",)).to_dict("records")
    }
    expected = {key: row for key, row in study.changes.items() if key[1] in YEARS and key[2] in YEARS}
    assert set(changes) == set(expected)
    assert {key[1:] for key in changes if key[0] == "ing4"} == {(2017, 2019), (2019, 2021), (2021, 2023)}
    for key, ours in changes.items():
        theirs = {name: float(expected[key][name]) for name in ("diff", "se", "df", "p_t", "lo", "hi")}
        assert ours["change"] == pytest.approx(theirs["diff"], rel=1e-8), key
        assert ours["change_standard_error"] == pytest.approx(theirs["se"], rel=1e-8), key
        assert ours["change_df"] == theirs["df"], key
        assert ours["p_value"] == pytest.approx(theirs["p_t"], rel=1e-8), key
        assert ours["change_ci_low"] == pytest.approx(theirs["lo"], rel=1e-8), key
        assert ours["change_ci_high"] == pytest.approx(theirs["hi"], rel=1e-8), key


def test_every_interval_of_r_survey_is_there_beside_the_chosen_one(study: SimpleNamespace) -> None:
    with duckdb.connect(str(study.home / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute("select * from estimates.est_intervals").df().to_dict("records")
    cells = {(row["indicator_id"], int(row["wave_id"][6:])): row for row in rows}
    for cell, theirs in study.expected.items():
        for ours, name in (("wald", "wald"), ("logit", "logit"), ("korn_graubard", "kg")):
            assert cells[cell][f"{ours}_low"] == pytest.approx(float(theirs[f"{name}_lo"]), rel=1e-8), cell
            assert cells[cell][f"{ours}_high"] == pytest.approx(float(theirs[f"{name}_hi"]), rel=1e-8), cell


def test_what_a_wave_did_not_ask_says_so(study: SimpleNamespace) -> None:
    not_asked = {cell for cell, row in study.comparability.items() if row["asked"] == "not asked"}
    assert not_asked == {("b31", "lapop_2017"), *((trust, "lapop_2021") for trust in ("b13", "b21", "b31"))}


def test_the_matrix_shows_the_telephone_round_apart(study: SimpleNamespace) -> None:
    with duckdb.connect(
        str(study.home / "published" / "current" / "marts.duckdb"), read_only=True
    ) as release:
        [matrix] = read_matrices(release)
        design = release.execute("select distinct part from mart_lineage where concept_id is null order by 1")
        parts = [row[0] for row in design.fetchall()]
    (row,) = (row for row in matrix.rows if row.indicator_id == "ing4")
    years = [wave.year for wave in matrix.waves]
    assert dict(zip(years, [cell.state for cell in row.cells], strict=True)) == {
        2017: "first",
        2019: "comparable",
        2021: "apart",
        2023: "comparable",
    }
    assert [left for left, _ in lines_of(matrix, row)] == [False, True, True, True]
    assert parts == ["psu", "stratum", "weight"]


def test_the_study_is_released_as_real(study: SimpleNamespace) -> None:
    release = study.home / "published" / "current" / "marts.duckdb"
    with duckdb.connect(str(release), read_only=True) as connection:
        assert connection.execute("select is_synthetic from release_info").fetchone() == (False,)
        assert connection.execute("select count(*) from mart_trend").fetchone()[0] >= len(study.expected)
