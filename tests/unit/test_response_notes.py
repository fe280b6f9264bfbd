"""What a manifest says of who was invited: it lands beside the number, and it is published, so it names nobody."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from mini_study import MiniStudy, build_mini_study

from orchestration.deliveries import DeliveryProblems, land_all

WAVE = "mini_2020"


@pytest.fixture
def study(tmp_path: Path) -> MiniStudy:
    return build_mini_study(tmp_path)


def write_note(study: MiniStudy, note: str) -> None:
    invited = [
        {"population": "raadsleden", "invited": 150, "note": note},
        {"population": "wethouders", "invited": 90},
    ]
    study.write_manifest(WAVE, {"response": invited})


def test_a_note_lands_beside_its_number(study: MiniStudy):
    write_note(study, "Ook steunfractieleden.")
    land_all(study.settings)
    landed = parquet.read_table(study.landed(WAVE) / "response.parquet").to_pylist()
    assert [(row["population_id"], row["invited"], row["note"]) for row in landed] == [
        ("raadsleden", 150, "Ook steunfractieleden."),
        ("wethouders", 90, None),
    ]


def test_a_note_is_landed_anew_when_it_changes(study: MiniStudy):
    land_all(study.settings)
    write_note(study, "Ook steunfractieleden.")
    assert [file.wave_id for file in land_all(study.settings) if file.is_new] == [WAVE]


@pytest.mark.parametrize(
    ("note", "kind"),
    [
        ("Lijst van jan.jansen@voorbeeld.nl.", "email_address"),
        ("Nagebeld door mevrouw De Boer.", "person_name"),
    ],
)
def test_a_note_is_published_and_names_nobody(study: MiniStudy, note: str, kind: str):
    write_note(study, note)
    with pytest.raises(DeliveryProblems) as caught:
        land_all(study.settings)
    [problem] = caught.value.problems
    assert (problem.kind, problem.file) == (kind, "raw/mini/mini_2020/delivery.yml")
    assert "the note on raadsleden of ambtsdragers holds what looks like" in problem.message
    assert note not in str(problem)
