"""The gate, tried with corrupted data only: whatever layer notices the fault, nothing is switched.

Six faults, each seen by one producer of evidence alone; drift is told to look for reworded questions only, or
it would see them all. Every one is a plausible slip in a delivery whose lock is in order, and is refused by
``peilstok refresh``, by the Dagster job, and by ``publish`` on its own.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pandas as pd
import pyreadstat
import pytest

from orchestration.cli import main
from orchestration.definitions import defs
from orchestration.deliveries import land_all, load_manifest, write_lock, write_register
from orchestration.deliveries.register import landed_folders
from orchestration.publication import evidence
from orchestration.publication.manifest import verify_files
from orchestration.quality import frames
from orchestration.quality.crosswalk_results import crosswalk_checks
from orchestration.quality.dbt_results import dbt_checks
from orchestration.quality.drift_results import drift_checks
from orchestration.quality.flags import apply_flags, blocking_failures
from orchestration.quality.suites import run_layer
from orchestration.registry import Registry, compare_drift, compare_landing, load_registry
from orchestration.settings import load_settings
from orchestration.warehouse import build as warehouse_build
from orchestration.warehouse.audit import audit_warehouse

pytestmark = pytest.mark.slow

WAVES = ("vi_2022", "vi_2024")
WAVE = "vi_2022"


@dataclass(frozen=True)
class Place:
    """A raw folder of its own with a warehouse beside it."""

    raw: Path
    home: Path
    registry: Path

    @property
    def delivery(self) -> Path:
        return self.raw / "vi" / WAVE

    @property
    def current(self) -> str:
        return os.readlink(self.home / "published" / "current")

    def enter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PEILSTOK_RAW", str(self.raw))
        monkeypatch.setenv("PEILSTOK_HOME", str(self.home))
        monkeypatch.setenv("PEILSTOK_REGISTRY", str(self.registry))


@dataclass(frozen=True)
class Codes:
    """How one instrument of the wave names and codes the concepts."""

    registry: Registry
    instrument: str

    def variable(self, concept: str) -> str:
        return self._one("xw_variables", "source_variable", concept_id=concept)

    def code(self, concept: str, code: str) -> int:
        variable = self.variable(concept)
        return int(self._one("xw_values", "source_code", source_variable=variable, code=code))

    def _one(self, table: str, column: str, **wanted: str) -> str:
        wanted |= {"wave_id": WAVE, "instrument_id": self.instrument}
        rows = [
            row
            for row in self.registry.table(table)
            if all(row[name] == value for name, value in wanted.items())
        ]
        return rows[0][column]


def edit_sav(path: Path, change: Callable[[pd.DataFrame], None]) -> None:
    """Change the answers in an SPSS file and leave its labels and missing codes as they are."""
    frame, meta = pyreadstat.read_sav(str(path), user_missing=True, disable_datetime_conversion=True)
    change(frame)
    pyreadstat.write_sav(
        frame,
        str(path),
        file_label=meta.file_label or "",
        column_labels=meta.column_names_to_labels,
        variable_value_labels=meta.variable_value_labels,
        missing_ranges=meta.missing_ranges,
        variable_measure=meta.variable_measure,
        variable_format=meta.original_variable_types,
    )


def edit_csv(path: Path, change: Callable[[list[dict[str, str]]], None]) -> None:
    """Change the rows of a semicolon CSV."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=";", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def office_holders(place: Place) -> Path:
    return place.delivery / "iv2022_politiek.sav"


def panel(place: Place) -> Path:
    return place.delivery / "iv2022_panel_medewerkers.csv"


def one_weight_counts_for_a_hundred(place: Place, registry: Registry) -> None:
    """A slipped decimal comma: positive and a number, so the reader takes it."""

    def change(rows: list[dict[str, str]]) -> None:
        weights = [float(row["panelweging"].replace(",", ".")) for row in rows]
        rows[0]["panelweging"] = f"{100 * sum(weights) / len(weights):.4f}".replace(".", ",")

    edit_csv(panel(place), change)


def provincial_councillors_in_a_municipality(place: Place, registry: Registry) -> None:
    """Valid roles, a valid layer, and no such office."""
    codes = Codes(registry, "office_holders")

    def change(frame: pd.DataFrame) -> None:
        role, layer = codes.variable("role"), codes.variable("layer")
        found = frame.index[frame[role] == codes.code("role", "statenlid")][:3]
        frame.loc[found, layer] = codes.code("layer", "gemeente")

    edit_sav(office_holders(place), change)


def answers_behind_a_gate_that_was_not_passed(place: Place, registry: Registry) -> None:
    """People whom nothing happened to, and who went to the police about it."""
    codes = Codes(registry, "civil_servants")
    victim = [codes.variable(f"victim_{kind}") for kind in ("verbal", "threat", "physical")]
    went = codes.code("police_report", "ja")

    def change(rows: list[dict[str, str]]) -> None:
        unharmed = [row for row in rows if all(row[name] == "0" for name in victim)]
        for row in unharmed[:4]:
            row[codes.variable("police_report")] = str(went)

    edit_csv(panel(place), change)


def an_answer_turned_round(place: Place, registry: Registry) -> None:
    """Yes and no swapped in a question about which nothing was ever published."""
    codes = Codes(registry, "office_holders")
    name = codes.variable("knows_code_of_conduct")
    yes, no = (codes.code("knows_code_of_conduct", code) for code in ("ja", "nee"))

    def change(frame: pd.DataFrame) -> None:
        frame[name] = frame[name].replace({yes: no, no: yes})

    edit_sav(office_holders(place), change)


def a_published_share_missed(place: Place, registry: Registry) -> None:
    """Three points more of a share that a letter to parliament gives as ten per cent."""
    codes = Codes(registry, "office_holders")
    name = codes.variable("considered_quitting")
    yes, no = (codes.code("considered_quitting", code) for code in ("ja", "nee"))

    def change(frame: pd.DataFrame) -> None:
        frame.loc[frame.index[frame[name] == no][::30], name] = yes

    edit_sav(office_holders(place), change)


def a_question_worded_anew(place: Place, registry: Registry) -> None:
    """The same variable, codes, labels and answers; another question."""
    path = office_holders(place)
    frame, meta = pyreadstat.read_sav(str(path), user_missing=True, disable_datetime_conversion=True)
    name = Codes(registry, "office_holders").variable("considered_quitting")
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels={**meta.column_names_to_labels, name: "Wel eens aan vertrekken gedacht"},
        variable_value_labels=meta.variable_value_labels,
        missing_ranges=meta.missing_ranges,
    )


def the_project_with_one_rule_of_drift(registry: Path) -> None:
    """Drift looks for reworded questions only: it would see every one of these faults before the others do."""
    shutil.copytree(load_settings({}).registry, registry)
    path = registry / "registry" / "drift_rules.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow(row if row["kind"] == "question_changed" else {**row, "verdict": "ignore"})
    # What is not looked for cannot be accepted either.
    accepted = registry / "registry" / "accepted_drift.csv"
    accepted.write_text(accepted.read_text(encoding="utf-8").splitlines(keepends=True)[0], encoding="utf-8")


FAULTS = {
    "drift": (
        a_question_worded_anew,
        "question_changed",
        WAVE,
        r"the delivery asks 'Wel eens aan vertrekken gedacht', crosswalk/xw_variables.csv:\d+",
    ),
    "landing_suite": (one_weight_counts_for_a_hundred, "weights_largest", WAVE, r"weight_max_over_mean = \d"),
    "core_suite": (
        provincial_councillors_in_a_municipality,
        "roles_exist_in_layer|members_inside_parent",
        WAVE,
        r"(misfits_n|outside_parent_n) = 3",
    ),
    "dbt": (
        answers_behind_a_gate_that_was_not_passed,
        "assert_routed_questions_are_answered_only_behind_their_gate",
        WAVE,
        r"answers_n=4",
    ),
    "marts_suite": (an_answer_turned_round, "jump_bounded", "vi_2024", r"jump = \d\d\.\d"),
    "warehouse_checks": (
        a_published_share_missed,
        "published_figures_met",
        WAVE,
        r"published 10, ours 1[2-4]",
    ),
}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(load_settings().registry)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Place:
    """Two waves, refreshed and released."""
    folder = tmp_path_factory.mktemp("gate")
    place = Place(folder / "raw", folder / "home", folder / "registry")
    the_project_with_one_rule_of_drift(place.registry)
    for wave in WAVES:
        shutil.copytree(project_root / "raw" / "vi" / wave, place.raw / "vi" / wave)
    with pytest.MonkeyPatch.context() as monkeypatch:
        place.enter(monkeypatch)
        assert main(["refresh"]) == 0
    return place


@pytest.fixture
def place(healthy: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A copy of the healthy place that a test may spoil."""
    copy = Place(tmp_path / "raw", tmp_path / "home", healthy.registry)
    shutil.copytree(healthy.raw, copy.raw)
    shutil.copytree(healthy.home, copy.home, symlinks=True)
    copy.enter(monkeypatch)
    return copy


def run_job(name: str) -> dg.ExecuteInProcessResult:
    """A job of the code location as Dagster loads it, on an instance on disk."""
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with dg.DagsterInstance.local_temp(overrides={"telemetry": {"enabled": False}}) as instance:
        job = defs().resolve_job_def(name)
        return job.execute_in_process(instance=instance, raise_on_error=False, run_config=quiet)


def steps(result: dg.ExecuteInProcessResult, event: str) -> set[str]:
    return {found.step_key for found in result.all_events if found.event_type_value == event}


def blocking_producers(home: Path) -> set[str]:
    found = evidence.load(home)
    assert found.run is not None
    return {
        producer
        for producer, results in found.results.items()
        if found.producer_runs[producer] == found.run.run_id and blocking_failures(results)
    }


def producers_that_say_no(registry: Registry) -> set[str]:
    """Every producer asked on its own, over a warehouse that was built without a gate."""
    settings = load_settings()
    # `dbt run` makes the models without their tests, which a refresh never does.
    assert warehouse_build._run(settings, warehouse_build._arguments(settings, "run"), []).success
    tests = warehouse_build.build(settings, select=["resource_type:test"])
    results = {
        "landing_suite": run_layer(settings, "landing"),
        "crosswalk": crosswalk_checks(compare_landing(registry, settings.landing), WAVES),
        "drift": drift_checks(compare_drift(registry, landed_folders(settings.landing)), WAVES),
        "dbt": dbt_checks(tests),
        "core_suite": run_layer(settings, "core"),
        "marts_suite": run_layer(settings, "marts"),
        "warehouse_checks": audit_warehouse(settings, registry),
    }
    assert set(results) == set(evidence.REQUIRED_PRODUCERS)
    flags = registry.table("quality_flags")
    return {name for name, found in results.items() if blocking_failures(apply_flags(found, flags))}


@pytest.mark.parametrize("producer", ["landing_suite", "dbt"])
def test_a_fault_that_stops_a_run_early_would_pass_every_later_gate(
    producer: str, place: Place, registry: Registry
) -> None:
    """These two stop the run before the others are asked, so they are asked here."""
    spoil, *_ = FAULTS[producer]
    spoil(place, registry)
    write_lock(load_manifest(place.delivery, registry), accept_changes=True)
    land_all(load_settings())
    write_register(load_settings())
    assert producers_that_say_no(load_registry(place.registry)) == {producer}


def test_publish_alone_refuses_when_a_delivery_changed_since_the_build(
    place: Place, registry: Registry
) -> None:
    """Green evidence of another delivery is no evidence of this one."""
    released = place.current
    a_published_share_missed(place, registry)
    write_lock(load_manifest(place.delivery, registry), accept_changes=True)
    alone = run_job("publish")
    assert steps(alone, "STEP_FAILURE") == {"release__publish"}
    [failure] = [event for event in alone.all_events if event.event_type_value == "STEP_FAILURE"]
    assert "deliveries in raw/" in str(failure.event_specific_data.error_display_string)
    assert place.current == released


@pytest.mark.parametrize("producer", FAULTS)
def test_a_fault_that_one_layer_sees_stops_the_release(
    producer: str, place: Place, registry: Registry, capsys: pytest.CaptureFixture
) -> None:
    spoil, check, wave, numbers = FAULTS[producer]
    released = place.current
    spoil(place, registry)
    write_lock(load_manifest(place.delivery, registry), accept_changes=True)

    capsys.readouterr()
    assert main(["refresh"]) == 1
    told = capsys.readouterr()
    message = " ".join((told.out + told.err).split())
    assert "Traceback" not in message
    assert re.search(check, message), message
    assert wave in message
    assert re.search(numbers, message), message
    assert blocking_producers(place.home) == {producer}
    assert place.current == released


# Each job is half a minute: the fault that stops before dbt, the one within it and the one after it run always.
IN_DAGSTER = [
    producer
    if producer in ("drift", "dbt", "warehouse_checks")
    else pytest.param(producer, marks=pytest.mark.thorough)
    for producer in FAULTS
]


@pytest.mark.parametrize("producer", IN_DAGSTER)
def test_a_fault_that_one_layer_sees_stops_the_job_and_publish_alone(
    producer: str, place: Place, registry: Registry
) -> None:
    spoil, *_ = FAULTS[producer]
    released = place.current
    spoil(place, registry)
    write_lock(load_manifest(place.delivery, registry), accept_changes=True)

    result = run_job("refresh_all")
    assert not result.success
    assert "release__publish" not in steps(result, "STEP_SUCCESS")
    failed = " ".join(steps(result, "STEP_FAILURE"))
    assert "dbt" in failed if producer == "dbt" else producer in failed
    assert blocking_producers(place.home) == {producer}
    assert place.current == released

    alone = run_job("publish")
    assert not alone.success
    assert steps(alone, "STEP_FAILURE") == {"release__publish"}
    assert place.current == released
    assert verify_files(place.home / "published" / "current") == []


def test_without_publishing_everything_is_checked_and_nothing_switched(
    place: Place, capsys: pytest.CaptureFixture
) -> None:
    released = place.current
    assert main(["refresh", "--all", "--no-publish"]) == 0
    told = capsys.readouterr().out
    assert "warehouse_checks done" in told
    assert "publish ..." not in told
    assert place.current == released


def test_publish_alone_says_no_change_when_all_is_well(place: Place) -> None:
    released = place.current
    result = run_job("publish")
    assert result.success
    [event] = result.get_asset_materialization_events()
    assert event.materialization.metadata["status"].value == "no_change"
    assert place.current == released


def test_the_wave_job_lands_its_wave_and_releases(place: Place) -> None:
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with dg.DagsterInstance.local_temp(overrides={"telemetry": {"enabled": False}}) as instance:
        job = defs().resolve_job_def("refresh_vi_wave")
        result = job.execute_in_process(
            instance=instance, raise_on_error=False, run_config=quiet, partition_key=WAVE
        )
    assert result.success
    events = {event.asset_key.to_user_string(): event for event in result.get_asset_materialization_events()}
    raw = events["vi/civil_servants"].materialization
    assert raw.partition == WAVE
    assert raw.metadata["dagster/row_count"].value > 1000
    assert "Bestuurslaag" in raw.metadata["codebook"].value
    trend = events["marts/mart_trend"].materialization
    assert trend.metadata["dagster/row_count"].value > 100
    published = events["release/publish"].materialization.metadata
    assert "data:image/png;base64," in published["victim_any_12m"].value
    assert "politieke ambtsdragers" in published["victim_any_12m"].value
    assert "SYNTHETISCH" in published["notice"].value


def test_an_older_landing_in_the_warehouse_is_noticed(
    place: Place, registry: Registry, capsys: pytest.CaptureFixture
) -> None:
    """Landing only the other wave leaves raw/ and landing at odds: a release would tell of old data."""
    released = place.current
    a_published_share_missed(place, registry)
    write_lock(load_manifest(place.delivery, registry), accept_changes=True)
    other = place.raw / "vi" / "vi_2024" / "delivery.yml"
    other.write_text(other.read_text(encoding="utf-8") + "contact: monitor@example.org\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["refresh", "--wave", "vi_2024"]) == 1
    assert "deliveries_are_landed" in capsys.readouterr().out
    assert place.current == released


def test_frames_have_the_columns_that_their_suites_judge(healthy: Place, monkeypatch) -> None:
    healthy.enter(monkeypatch)
    settings = load_settings()
    for builders in frames.FRAMES.values():
        for name, build in builders.items():
            frame = build(settings)
            assert len(frame), name
            suite = (settings.expectations / "suites" / f"{name}.json").read_text(encoding="utf-8")
            judged = {word for word in frame.columns if f'"{word}"' in suite}
            assert judged
            assert frame[sorted(judged)].notna().all(axis=None), f"{name}: a NULL would be passed over"
