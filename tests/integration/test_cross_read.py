"""``peilstok check --cross-read`` on a study in miniature: agreement, differences, twins, and an absent tool."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from mini_study import FILE_NAME, VALUE_LABELS, MiniStudy, answers, build_mini_study, enter

from orchestration.cli import main
from orchestration.deliveries import DeliveryProblems, load_manifest, verify_lock
from orchestration.deliveries.second_reading.reading_again import read_wave_again
from orchestration.settings import load_settings

WAVE = "mini_2020"
TWIN = "tweeling.csv"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MiniStudy:
    study = build_mini_study(tmp_path)
    enter(study, monkeypatch)
    return study


def with_twin(study: MiniStudy, frame: pd.DataFrame, name: str = TWIN, **fields: Any) -> None:
    path = study.file(WAVE, name)
    if name.endswith(".xlsx"):
        book = openpyxl.Workbook()
        book.active.append(list(frame.columns))
        for row in frame.itertuples(index=False):
            book.active.append([None if cell != cell else cell for cell in row])
        book.save(path)
    else:
        frame.to_csv(
            path, index=False, sep=fields.get("delimiter", ","), encoding=fields.get("encoding", "utf-8")
        )
    study.write_manifest(WAVE, {"twin": {"path": name, **fields}})
    study.lock(WAVE)


def beside_twin(study: MiniStudy) -> tuple[list[tuple[str, str, int, tuple[int, ...]]], Any]:
    readings = read_wave_again(study.manifest(WAVE), find_pspp=lambda: None)
    (reading,) = [reading for reading in readings if reading.reader.startswith("twin")]
    assert reading.comparison is not None, reading.problems
    found = reading.comparison.differences
    return [(d.aspect, d.variable, d.count, d.rows) for d in found], reading.comparison


def by_label() -> pd.DataFrame:
    frame = answers().astype(object)
    for name, labels in VALUE_LABELS.items():
        frame[name] = frame[name].map(lambda code, labels=labels: labels.get(code, code))
    return frame


@pytest.mark.parametrize("name", ["tweeling.csv", "tweeling.xlsx"])
@pytest.mark.parametrize("values", ["codes", "labels"])
def test_a_twin_with_the_same_answers_has_no_difference(study: MiniStudy, name: str, values: str):
    with_twin(study, answers() if values == "codes" else by_label(), name, values=values)
    told, comparison = beside_twin(study)
    assert (told, comparison.cells, comparison.blanked) == ([], 120 * 13, 0)


def test_a_twin_may_leave_missing_values_blank(study: MiniStudy):
    with_twin(study, answers().replace({"LEEFTIJD": {999.0: None}, "V1": {9.0: None}}))
    told, comparison = beside_twin(study)
    assert (told, comparison.blanked) == ([], 2)
    # A blank for an answer is no missing value that was left blank.
    with_twin(study, answers().replace({"SEXE": {1.0: None}}))
    assert beside_twin(study)[0] == [("cells", "SEXE", 72, (1, 2, 3))]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda f: f.assign(V1=f["V1"].replace({9.0: 8.0})), [("cells", "V1", 1, (12,))]),
        (lambda f: f.assign(WEEG=[0.5000001, *f["WEEG"][1:]]), [("cells", "WEEG", 1, (1,))]),
        (lambda f: f.assign(EXTRA=1), [("columns", "EXTRA", 1, ())]),
        (lambda f: f.drop(columns="V2"), [("columns", "V2", 1, ())]),
        (lambda f: f.rename(columns={"V2": "v2"}), [("name", "V2", 1, ())]),
        (lambda f: f[[*f.columns[1:], "RESPNR"]], [("column order", "RESPNR", 13, ())]),
        (lambda f: f.iloc[[1, 0, *range(2, 120)]], [("row order", "", 2, (2, 1))]),
        (lambda f: f.iloc[1:], [("rows", "", 1, ()), ("rows", "", 1, (1,))]),
        (
            lambda f: pd.concat([f, f.iloc[:1].assign(RESPNR=7.0)]),
            [("rows", "", 1, ()), ("rows", "", 1, (121,))],
        ),
        (
            lambda f: pd.concat([f, f.iloc[:1]]),
            [("rows", "", 1, ()), ("rows", "", 2, (1, 121))],
        ),
    ],
)
def test_a_twin_that_differs_is_told(
    study: MiniStudy,
    change: Callable[[pd.DataFrame], pd.DataFrame],
    expected: list[tuple[str, str, int, tuple[int, ...]]],
):
    with_twin(study, change(answers()))
    assert beside_twin(study)[0] == expected


def test_fewer_decimals_and_labels_for_codes_are_said_as_such(study: MiniStudy):
    study.write_answers(WAVE, WEEG=[1.23456] * 120)
    with_twin(study, answers().assign(WEEG=1.23))
    _, comparison = beside_twin(study)
    assert [str(d) for d in comparison.differences] == [
        "rounded: 120 (the twin has fewer decimals; row 1, 2, 3, …)"
    ]
    study.write_answers(WAVE)
    with_twin(study, by_label(), values="codes")
    _, comparison = beside_twin(study)
    assert {d.detail for d in comparison.differences} == {"the twin holds labels here: `values: labels`?"}


def test_rows_are_matched_by_place_without_a_respondent_id(study: MiniStudy):
    study.manifests[WAVE]["files"][0]["respondent_id"] = None
    with_twin(study, answers().iloc[[1, 0, *range(2, 120)]])
    told, _ = beside_twin(study)
    assert ("cells", "RESPNR", 2, (1, 2)) in told


@pytest.mark.parametrize("path", ["../mini_2022/ambtsdragers.csv", "/etc/hosts.csv", "link.csv"])
def test_a_twin_outside_the_folder_is_refused(study: MiniStudy, path: str, tmp_path: Path):
    (tmp_path / "outside.csv").write_text("RESPNR\n1\n")
    study.file(WAVE, "link.csv").symlink_to(tmp_path / "outside.csv")
    study.write_manifest(WAVE, {"twin": {"path": path}})
    with pytest.raises(DeliveryProblems) as caught:
        load_manifest(study.folder(WAVE), study.registry())
    (problem,) = caught.value.problems
    assert (problem.kind, problem.exit_code) == ("path_outside_delivery", 2)
    assert "twin.path" in problem.message


@pytest.mark.parametrize(
    ("twin", "said"),
    [
        ({"path": FILE_NAME}, "is the file itself"),
        ({"path": "tweeling.pdf"}, "no workbook and no CSV"),
        ({"path": "t.xlsx", "delimiter": ";"}, "`delimiter` means nothing"),
        ({"path": "t.csv", "sheet": "data"}, "`sheet` means nothing"),
        ({"path": "t.csv", "decimal": ","}, "also its delimiter"),
        ({"path": "t.csv", "encoding": "rot13"}, "not an encoding of text"),
    ],
)
def test_a_twin_that_contradicts_itself_is_refused(study: MiniStudy, twin: dict[str, str], said: str):
    study.write_manifest(WAVE, {"twin": twin})
    with pytest.raises(DeliveryProblems, match=said):
        load_manifest(study.folder(WAVE), study.registry())


def test_a_twin_is_locked_as_every_file_and_changes_no_landing(study: MiniStudy):
    with_twin(study, answers())
    manifest = study.manifest(WAVE)
    assert verify_lock(manifest) == []
    assert "tweeling.csv" in (study.folder(WAVE) / "delivery.lock").read_text()
    study.file(WAVE, TWIN).write_text("RESPNR\n1\n")
    assert [(p.kind, p.exit_code) for p in verify_lock(manifest)] == [("wrong_hash", 1)]
    study.file(WAVE, TWIN).unlink()
    assert [(p.kind, p.exit_code) for p in verify_lock(manifest)] == [("missing_file", 2)]


def test_a_twin_in_another_encoding_than_it_says(study: MiniStudy):
    frame = answers().assign(OPM="één opmerking")
    study.write_answers(WAVE, OPM="één opmerking")
    with_twin(study, frame, encoding="cp1252")
    assert beside_twin(study)[0] == []
    study.write_manifest(WAVE, {"twin": {"path": TWIN}})
    study.lock(WAVE)
    told, comparison = beside_twin(study)
    assert (told, comparison.repaired) == ([], 120)
    study.write_manifest(WAVE, {"twin": {"path": TWIN, "encoding": "utf-16"}})
    with pytest.raises(DeliveryProblems) as caught:
        study.lock(WAVE)
    assert [p.kind for p in caught.value.problems] == ["unreadable_twin"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["check", "--cross-read", *arguments])
    return code, capsys.readouterr().out


def test_the_command_agrees(study: MiniStudy, require_tool, capsys: pytest.CaptureFixture[str]):
    require_tool("pspp")
    code, output = run(capsys)
    assert code == 0, output
    line = next(line for line in output.splitlines() if WAVE in line and "PSPP" in line)
    assert line.split() == [f"mini/{WAVE}/{FILE_NAME}", "120", "×", "13", "PSPP", "1,560", "0"]


def test_the_command_tells_what_differs(study: MiniStudy, require_tool, capsys: pytest.CaptureFixture[str]):
    require_tool("pspp")
    with_twin(study, answers().assign(V1=2.0))
    code, output = run(capsys, "--wave", WAVE)
    assert code == 1
    assert "error[second_reading_differs]" in output
    assert "variable V1" in output
    assert "the twin has it otherwise: cells: 41 (row 1, 4, 7, …)" in output
    assert "correct `twin` of ambtsdragers in delivery.yml" in output
    assert "persoon" not in output


def test_without_pspp_the_rest_is_compared(
    study: MiniStudy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    with_twin(study, answers())
    monkeypatch.setenv("PATH", str(tmp_path))
    code, output = run(capsys, "--wave", WAVE)
    assert code == 2
    assert "error[missing_tool]" in output
    assert "apt-get install pspp" in output
    assert "not compared" in next(
        line for line in output.splitlines() if line.startswith("mini/") and "PSPP" in line
    )
    assert "twin tweeling.csv" in output
    assert "1,560" in output


def sample_differences(waves: tuple[str, ...]) -> dict[str, list[str]]:
    from orchestration.deliveries import scan_deliveries
    from orchestration.registry import load_registry

    settings = load_settings({})
    manifests, _ = scan_deliveries(settings.raw, load_registry(settings.registry))
    readings = [r for m in manifests if not waves or m.wave in waves for r in read_wave_again(m)]
    assert len(readings) >= len(waves)
    return {r.file: [str(p) for p in r.problems] for r in readings}


def test_small_sample_waves_are_read_alike_twice(require_tool):
    require_tool("pspp")
    found = sample_differences(("vi_2018", "vi_2020"))
    assert len(found) == 8
    assert all(problems == [] for problems in found.values()), found


@pytest.mark.thorough
def test_all_sample_waves_are_read_alike_twice(require_tool):
    require_tool("pspp")
    found = sample_differences(())
    assert len(found) > 20
    assert all(problems == [] for problems in found.values()), found
