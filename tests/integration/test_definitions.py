"""The Dagster code location: loads on a fresh clone, shows the monitors, watches deliveries and windows."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from orchestration.assets.landing import REGISTER
from orchestration.assets.release import PUBLISH
from orchestration.definitions import assemble
from orchestration.publication.evidence import REQUIRED_PRODUCERS
from orchestration.registry import load_registry
from orchestration.schedules import open_wave
from orchestration.sensors import content_hash, wave_content
from orchestration.settings import Settings, load_settings
from orchestration.warehouse.build import prepare

WAVES = {
    "ag": ["ag_2010", "ag_2012", "ag_2014"],
    "in": ["in_2012"],
    "vi": ["vi_2016", "vi_2018", "vi_2020", "vi_2022", "vi_2024"],
}
INSTRUMENTS = {"office_holders", "civil_servants", "organisations"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return replace(load_settings(), home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def definitions(settings: Settings) -> dg.Definitions:
    return assemble(settings)


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions):
    return definitions.resolve_asset_graph()


def key(*path: str) -> dg.AssetKey:
    return dg.AssetKey(list(path))


def test_the_workspace_loads_on_a_fresh_clone(tmp_path: Path, project_root: Path) -> None:
    """No manifest of dbt, no state, no DAGSTER_HOME: and nothing is left in the checkout."""

    def state() -> set[str]:
        return {path.name for path in project_root.iterdir()}

    before = state()
    environment = {**os.environ, "PEILSTOK_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"]
    run = subprocess.run(
        command, cwd=project_root, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "peilstok" in run.stdout + run.stderr
    assert state() == before


def test_great_expectations_is_not_loaded_with_the_code_location(
    settings: Settings, project_root: Path
) -> None:
    program = (
        "import sys; from orchestration.definitions import defs; defs();"
        "print([name for name in sys.modules if name.split('.')[0] in ('great_expectations', 'matplotlib')])"
    )
    environment = {**os.environ, "PEILSTOK_HOME": str(settings.home)}
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=project_root, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip().splitlines()[-1] == "[]"


def test_raw_assets_are_partitioned_by_the_waves_of_their_programme(graph) -> None:
    raw = {node.key: node for node in graph.asset_nodes if node.key.path[0] in WAVES}
    assert set(raw) == {key(programme, instrument) for programme in WAVES for instrument in INSTRUMENTS}
    for asset, node in raw.items():
        assert node.partitions_def.get_partition_keys() == WAVES[asset.path[0]]
        assert graph.get(REGISTER).parent_keys >= {asset}
    assert {node.group_name for node in raw.values()} == {
        "agressie_geweld",
        "integriteit",
        "veiligheid_integriteit",
    }


def test_layers_are_groups_and_keys(graph) -> None:
    for layer in ("registry", "staging", "harmonised", "core", "estimates", "marts", "release"):
        nodes = [node for node in graph.asset_nodes if node.key.path[0] == layer]
        assert nodes, layer
        assert {node.group_name for node in nodes} == {layer}
    assert graph.get(key("marts", "mart_trend")).description
    assert REGISTER in graph.get(key("staging", "stg_deliveries")).parent_keys


def test_every_dbt_test_is_a_check(graph, settings: Settings) -> None:
    manifest = json.loads(prepare(settings).read_text(encoding="utf-8"))
    tests = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    assert len(tests) > 50
    assert tests <= {check.name for check in graph.asset_check_keys}


def test_every_gate_blocks_and_lies_before_publish(graph) -> None:
    upstream = graph.get(PUBLISH).parent_keys
    gates = {check.name: check for check in graph.asset_check_keys if check.name in REQUIRED_PRODUCERS}
    assert set(gates) == set(REQUIRED_PRODUCERS) - {"dbt"}
    for name, check in gates.items():
        assert graph.get(check).blocking, name
        # Landing is upstream of every model; the others have to be direct parents, or publish would not wait.
        assert check.asset_key == REGISTER or check.asset_key in upstream, name
    for check in graph.asset_check_keys:
        if check.name.startswith("assert_"):
            assert graph.get(check).blocking, check


def test_jobs(definitions: dg.Definitions) -> None:
    everything = definitions.resolve_job_def("refresh_all")
    assert everything.partitions_def is None
    selected = everything.asset_layer.selected_asset_keys
    assert {REGISTER, PUBLISH, key("marts", "mart_trend")} <= selected
    assert not any(asset.path[0] in WAVES for asset in selected)
    assert definitions.resolve_job_def("publish").asset_layer.selected_asset_keys == {PUBLISH}
    for programme, waves in WAVES.items():
        job = definitions.resolve_job_def(f"refresh_{programme}_wave")
        assert job.partitions_def.get_partition_keys() == waves
        raw = {key(programme, instrument) for instrument in INSTRUMENTS}
        assert job.asset_layer.selected_asset_keys == selected | raw
    assert {job.executor_def.name for job in [everything]} == {"in_process"}


def test_a_wave_that_was_not_asked_says_so(definitions: dg.Definitions) -> None:
    asset = key("vi", "civil_servants")
    job = definitions.resolve_job_def("refresh_vi_wave")
    with dg.DagsterInstance.local_temp(overrides={"telemetry": {"enabled": False}}) as instance:
        result = job.execute_in_process(partition_key="vi_2018", asset_selection=[asset], instance=instance)
    [event] = result.get_asset_materialization_events()
    assert event.partition == "vi_2018"
    assert event.materialization.metadata["status"].value == "not asked"
    assert event.materialization.metadata["reason"].value == "ambtenaren deden aan deze meting niet mee"


# ------------------------------------------------------------------------------------------------------------
# Schedules
# ------------------------------------------------------------------------------------------------------------


def wave(wave_id: str, year: int, opens: str | None, closes: str | None) -> SimpleNamespace:
    def day(text: str | None) -> dt.date | None:
        return dt.date.fromisoformat(text) if text else None

    return SimpleNamespace(
        wave_id=wave_id, programme_id="p", year=year, refresh_from=day(opens), refresh_until=day(closes)
    )


def test_the_open_window_decides() -> None:
    waves = [
        wave("p_1", 1, "2020-01-01", "2020-06-30"),
        wave("p_2", 2, "2020-06-30", None),
        wave("p_3", 3, None, None),
    ]
    registry = SimpleNamespace(waves={one.wave_id: one for one in waves})

    def found(day: str) -> str | None:
        one = open_wave(registry, "p", dt.date.fromisoformat(day))
        return one.wave_id if one else None

    assert found("2019-12-31") is None
    assert found("2020-01-01") == "p_1"
    assert found("2020-06-30") == "p_2"
    assert found("2031-01-01") == "p_2"
    assert open_wave(registry, "other", dt.date(2020, 3, 1)) is None


def evaluate(definitions: dg.Definitions, schedule: str, day: dt.datetime):
    context = dg.build_schedule_context(
        scheduled_execution_time=day, repository_def=definitions.get_repository_def()
    )
    return definitions.resolve_schedule_def(schedule).evaluate_tick(context)


def test_a_schedule_asks_for_the_wave_whose_window_is_open(definitions: dg.Definitions) -> None:
    tick = evaluate(definitions, "refresh_vi", dt.datetime(2025, 3, 3, 7, tzinfo=dt.UTC))
    [request] = tick.run_requests
    assert request.partition_key == "vi_2024"
    schedule = definitions.resolve_schedule_def("refresh_vi")
    assert schedule.job_name == "refresh_vi_wave"
    assert schedule.execution_timezone == "Europe/Amsterdam"


def test_a_schedule_without_an_open_window_says_so(definitions: dg.Definitions) -> None:
    tick = evaluate(definitions, "refresh_ag", dt.datetime(2025, 3, 3, 7, tzinfo=dt.UTC))
    assert not tick.run_requests
    assert "no wave of ag" in tick.skip_message


# ------------------------------------------------------------------------------------------------------------
# Sensor
# ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def raw(tmp_path: Path, project_root: Path) -> Path:
    for wave_id in ("in_2012", "vi_2018"):
        programme = wave_id.split("_")[0]
        shutil.copytree(project_root / "raw" / programme / wave_id, tmp_path / "raw" / programme / wave_id)
    return tmp_path / "raw"


def look(definitions: dg.Definitions, cursor: str | None) -> tuple[dict[str, str], str]:
    """Wave → job of the requests at one look of the sensor, and the cursor after it."""
    context = dg.build_sensor_context(cursor=cursor, definitions=definitions)
    result = definitions.resolve_sensor_def("raw_deliveries").evaluate_tick(context)
    return {request.partition_key: request.job_name for request in result.run_requests}, result.cursor


def test_the_sensor_asks_for_waves_that_changed_by_content(settings: Settings, raw: Path) -> None:
    definitions = assemble(replace(settings, raw=raw))
    asked, cursor = look(definitions, None)
    assert asked == {"in_2012": "refresh_in_wave", "vi_2018": "refresh_vi_wave"}
    assert look(definitions, cursor)[0] == {}

    delivery = raw / "vi" / "vi_2018"
    for path in delivery.iterdir():
        path.touch()
    assert look(definitions, cursor)[0] == {}, "touched is not changed"

    lock = delivery / "delivery.lock"
    lock.write_text(lock.read_text(encoding="utf-8") + "# locked anew\n", encoding="utf-8")
    asked, later = look(definitions, cursor)
    assert asked == {"vi_2018": "refresh_vi_wave"}
    assert look(definitions, later)[0] == {}


def test_the_sensor_waits_for_a_lock(settings: Settings, raw: Path) -> None:
    (raw / "vi" / "vi_2018" / "delivery.lock").unlink()
    assert look(assemble(replace(settings, raw=raw)), None)[0] == {"in_2012": "refresh_in_wave"}


def test_the_sensor_leaves_alone_what_has_landed_before_its_first_look(
    settings: Settings, raw: Path, tmp_path: Path
) -> None:
    from orchestration.deliveries import land_wave, write_register

    own = replace(settings, raw=raw, home=tmp_path / "home")
    land_wave(own, "in_2012")
    write_register(own)
    assert look(assemble(own), None)[0] == {"vi_2018": "refresh_vi_wave"}


def test_equal_content_has_an_equal_hash(raw: Path) -> None:
    folder = raw / "in" / "in_2012"
    first = wave_content(folder)
    assert content_hash(first) == content_hash(wave_content(folder, first))
    (folder / "delivery.yml").write_text("other", encoding="utf-8")
    assert content_hash(first) != content_hash(wave_content(folder, first))


def test_the_registry_of_another_study_makes_other_assets(tmp_path: Path, project_root: Path) -> None:
    study = project_root / "tests" / "conformance" / "lapop" / "registry"
    own = replace(load_settings(), registry=study, home=tmp_path)
    graph = assemble(own).resolve_asset_graph()
    programmes = set(load_registry(study).programmes)
    raw = {node.key.path[0] for node in graph.asset_nodes if node.partitions_def is not None}
    assert raw == programmes
    assert not programmes & set(WAVES)
