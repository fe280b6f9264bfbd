"""The sample deliveries: the same bytes each time, marked as synthetic, of the sizes that a delivery has."""

from __future__ import annotations

import csv
import hashlib
import struct
from pathlib import Path

import numpy as np
import pyreadstat
import pytest
import yaml

from orchestration.sample_data import fitting, generate, parameters
from orchestration.sample_data.crosswalk import propose
from orchestration.sample_data.generate import wave_ids
from orchestration.sample_data.targets import TargetBook

MOST_BYTES = 3 * 1024 * 1024
FEWEST_VARIABLES, MOST_VARIABLES = 60, 200


@pytest.fixture(scope="module")
def registry_root(project_root: Path) -> Path:
    return project_root / "dbt_project" / "seeds"


@pytest.fixture(scope="module")
def raw_root(project_root: Path) -> Path:
    return project_root / "raw"


def manifests(raw_root: Path) -> dict[str, tuple[Path, dict]]:
    found = {}
    for path in sorted(raw_root.glob("*/*/delivery.yml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        found[content["wave"]] = (path.parent, content)
    return found


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "delivery.lock"
    }


# Together these waves hold every kind of file, a delivery of several files and one without weights.
@pytest.mark.parametrize("wave_id", ["ag_2010", "in_2012", "vi_2018"])
def test_a_wave_written_again_has_the_committed_bytes(
    wave_id: str, raw_root: Path, registry_root: Path, tmp_path: Path
) -> None:
    told: list[str] = []
    written = generate(tmp_path, registry_root, [wave_id], told.append)
    assert len(told) == len(written)
    folder = Path(wave_id.split("_")[0]) / wave_id
    assert hashes(tmp_path / folder) == hashes(raw_root / folder)


def test_an_unknown_wave_is_refused(registry_root: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no sample for vi_1999"):
        generate(tmp_path, registry_root, ["vi_1999"])
    assert not list(tmp_path.iterdir())


def test_every_wave_is_delivered_and_says_that_it_is_synthetic(raw_root: Path) -> None:
    found = manifests(raw_root)
    assert sorted(found) == sorted(wave_ids())
    for wave_id, (_, manifest) in found.items():
        assert manifest["is_synthetic"] is True, wave_id
        assert "SYNTHETISCH" in manifest["notice"], wave_id


def test_every_spss_file_says_so_in_its_label(raw_root: Path) -> None:
    files = [path for suffix in ("sav", "zsav") for path in raw_root.rglob(f"*.{suffix}")]
    assert files
    for path in files:
        _, described = pyreadstat.read_sav(str(path), metadataonly=True)
        assert "SYNTHETISCH" in described.file_label, path.name


def test_sizes_are_those_of_a_delivery(raw_root: Path) -> None:
    for wave_id, (folder, manifest) in manifests(raw_root).items():
        lock = yaml.safe_load((folder / "delivery.lock").read_text(encoding="utf-8"))["files"]
        rows: dict[str, int] = {}
        current = {entry["file_id"]: entry for entry in sorted(manifest["files"], key=lambda e: e["version"])}
        for entry in current.values():
            rows[entry["instrument"]] = rows.get(entry["instrument"], 0) + lock[entry["path"]]["rows"]
        for entry in manifest["files"]:
            locked = lock[entry["path"]]
            assert locked["bytes"] <= MOST_BYTES, entry["path"]
            assert FEWEST_VARIABLES <= locked["columns"] <= MOST_VARIABLES, entry["path"]
        assert 3000 <= rows["office_holders"] <= 5000, wave_id
        assert 1400 <= rows.get("civil_servants", 1400) <= 8000, wave_id
        assert 150 <= rows["organisations"] <= 400, wave_id


def test_the_corrected_redelivery_differs_in_one_variable_only(raw_root: Path) -> None:
    folder, manifest = manifests(raw_root)["vi_2016"]
    versions = {e["version"]: e for e in manifest["files"] if e["file_id"] == "office_holders"}
    old, _ = pyreadstat.read_sav(str(folder / versions[1]["path"]), user_missing=True)
    new, described = pyreadstat.read_sav(str(folder / versions[2]["path"]), user_missing=True)
    changed = [name for name in new.columns if not old[name].equals(new[name])]
    assert len(changed) == 1
    assert "fysieke agressie" in described.column_names_to_labels[changed[0]]


def test_the_spss_dictionary_names_weight_and_response_sets(raw_root: Path) -> None:
    folder, manifest = manifests(raw_root)["vi_2024"]
    entry = next(e for e in manifest["files"] if e["format"] == "zsav")
    data = (folder / entry["path"]).read_bytes()
    frame, described = pyreadstat.read_sav(str(folder / entry["path"]), user_missing=True)
    assert data[:4] == b"$FL3"
    assert struct.unpack_from("<i", data, 76)[0] > 0
    assert len(frame) == struct.unpack_from("<i", data, 80)[0]
    members = [name for one in described.mr_sets.values() for name in one["variable_list"]]
    assert len(members) > len(described.mr_sets) > 2
    assert set(members) <= set(frame.columns)


def test_organisations_are_those_of_the_fictional_register() -> None:
    register = parameters.organisation_register()
    codes = {row["organisation_code"] for row in register}
    assert min(int(code) for code in codes) >= 9001
    merged = [row for row in register if row["merged_into"]]
    assert merged
    for row in merged:
        successor = next(r for r in register if r["organisation_code"] == row["merged_into"])
        assert int(successor["first_year"]) == int(row["last_year"]) + 1


def test_the_crosswalk_maps_every_concept_that_the_sample_asks(registry_root: Path, tmp_path: Path) -> None:
    wave_id = "vi_2018"
    proposed = propose(generate(tmp_path, registry_root, [wave_id]), TargetBook(registry_root))
    for name in ("crosswalk/xw_variables.csv", "registry/routing.csv"):
        header, rows = proposed[name]
        keys = [
            k for k, column in enumerate(header) if column not in ("comparability", "status", "score", "note")
        ]
        with (registry_root / name).open(encoding="utf-8", newline="") as handle:
            known = {tuple(row[header[k]] for k in keys) for row in csv.DictReader(handle)}
        assert {tuple(row[k] for k in keys) for row in rows} <= known, name


def test_single_moves_meet_conditions_that_overlap() -> None:
    rng = np.random.default_rng(1)
    n = 900
    weight = rng.choice([0.7, 1.0, 1.4], n)
    inner = rng.random(n) < 0.3

    def share(mask: np.ndarray, percent: float) -> fitting.Condition:
        score = np.array([1 - percent / 100, -percent / 100])
        return fitting.Condition(mask, score, 100 / weight[mask].sum(), 0.0, True, "share")

    conditions = [share(np.ones(n, dtype=bool), 40.0), share(inner, 55.0)]
    everybody = np.ones(n, dtype=bool)
    allowed = np.ones((n, 2), dtype=bool)
    allowed[:20, 0] = False
    states = np.ones(n, dtype=int)
    odds = fitting.fit_log_odds(np.zeros((n, 2)), allowed, everybody, states, weight, conditions)
    drawn = fitting.draw(odds, rng)
    settled = fitting.settle(
        drawn, np.log(np.maximum(odds, 1e-12)), allowed, everybody, weight, conditions, rng
    )
    assert all(abs(c.deviation(settled, weight)) < 0.1 for c in conditions)
    assert (settled[:20] == 1).all()
