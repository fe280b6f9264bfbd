"""Redeliveries: the same in every cell, the same in meaning, or different, and never an answer in the words."""

from __future__ import annotations

from pathlib import Path

import pytest
from mini_study import FILE_ID, ROWS, MiniStudy, answers, build_mini_study, enter

from orchestration.cli import main
from orchestration.deliveries import land_wave, write_register
from orchestration.deliveries.access_log import read_accesses
from orchestration.deliveries.comparison import (
    DIFFERENT,
    SAME_CELLS,
    SAME_MEANING,
    compare_deliveries,
    parse_delivery,
)
from orchestration.deliveries.comparison.told import comparison_lines, counting, smallest_count
from orchestration.registry import load_registry
from orchestration.settings import load_settings

WAVE = "mini_2020"


@pytest.fixture
def study(tmp_path: Path) -> MiniStudy:
    return build_mini_study(tmp_path)


def compared(study: MiniStudy):
    comparison = compare_deliveries(study.manifest(WAVE), 1, 2)
    (file,) = comparison.files
    return file, list(comparison_lines(comparison, load_registry(load_settings({}).registry)))


def test_other_bytes_and_another_order_are_the_same_in_every_cell(study: MiniStudy):
    frame = answers()
    order = list(reversed(range(len(frame))))
    study.redeliver(WAVE, **{name: [frame[name].iloc[row] for row in order] for name in frame})
    file, lines = compared(study)
    assert file.verdict == SAME_CELLS
    assert file.is_reordered
    assert lines[0] == f"{FILE_ID}: version 1 -> 2 is {SAME_CELLS}"
    (landed,) = land_wave(study.settings, WAVE)
    assert landed.notes == (f"{WAVE}: version 2 of {FILE_ID} is the same in every cell as version 1",)
    (row,) = write_register(study.settings).superseded
    assert (row["delivery_version"], row["superseded_by"], row["compared_with_next"]) == (1, 2, SAME_CELLS)
    assert len(row["sha256"]) == 64


def test_another_format_is_the_same_in_every_cell(study: MiniStudy):
    frame = answers().drop(columns=["OPM"])
    study.write_answers(WAVE, labels={}, drop=("OPM",))
    study.write_manifest(WAVE, file={"free_text": []})
    (study.folder(WAVE) / "v2").mkdir()
    study.redeliver(WAVE, drop=("OPM",))
    study.file(WAVE, "v2/ambtsdragers.sav").unlink()
    path = study.file(WAVE, "v2/ambtsdragers.csv")
    frame.to_csv(path, index=False, sep=";")
    from mini_study import MISSING, VALUE_LABELS, VARIABLE_LABELS

    lines = ["variable;variable_label;code;label;is_missing"]
    for name in frame:
        codes = VALUE_LABELS.get(name, {}) or {"": ""}
        for code, label in codes.items():
            is_missing = "ja" if code in MISSING.get(name, []) else ""
            lines.append(
                f"{name};{VARIABLE_LABELS[name]};{code if code == '' else int(code)};{label};{is_missing}"
            )
    study.file(WAVE, "v2/codeboek.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    files = study.manifests[WAVE]["files"]
    files[1] |= {
        "format": "csv",
        "path": "v2/ambtsdragers.csv",
        "delimiter": ";",
        "codebook": "v2/codeboek.csv",
    }
    study.write_manifest(WAVE)
    study.lock(WAVE)
    file, _ = compared(study)
    assert (file.verdict, file.variables) == (SAME_CELLS, ())


def test_a_label_that_is_a_number_is_no_code_of_that_number(study: MiniStudy):
    ends = {"N1": {1.0: "0", 11.0: "10"}}
    study.write_answers(WAVE, N1=[11.0, *[5.0] * (ROWS - 1)], labels=ends)
    study.lock(WAVE)
    study.redeliver(WAVE, N1=[10.0, *[5.0] * (ROWS - 1)], labels=ends)
    file, _ = compared(study)
    assert file.verdict == DIFFERENT
    assert [(one.name, one.cells, one.meanings) for one in file.variables] == [("N1", 1, 1)]


def test_below_four_and_a_half_is_below_five(study: MiniStudy):
    rules = load_registry(load_settings({}).registry).table("confidentiality_rules")
    study.edit_registry("confidentiality_rules", lambda _: [{**row, "threshold": "4.5"} for row in rules])
    assert smallest_count(study.registry(), "office_holders") == 5


def test_without_rules_that_say_how_few_is_too_few_nothing_is_told(
    study: MiniStudy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    study.redeliver(WAVE, V1=1.0)
    rules = load_registry(load_settings({}).registry).table("confidentiality_rules")
    study.edit_registry("confidentiality_rules", lambda _: [{**row, "threshold": "5,0"} for row in rules])
    enter(study, monkeypatch)
    assert main(["diff", f"{WAVE}@1", f"{WAVE}@2"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "error[registry_value] registry/confidentiality_rules.csv:2" in said.err
    assert "Traceback" not in said.err


def test_a_label_that_would_steer_the_terminal_is_printed_as_its_escape(
    study: MiniStudy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    study.redeliver(WAVE, labels={"V1": {1.0: "\x1b[2Jweg", 2.0: "Nee", 9.0: "Weet niet"}})
    enter(study, monkeypatch)
    assert main(["diff", f"{WAVE}@1", f"{WAVE}@2"]) == 0
    told = capsys.readouterr().out
    assert "code 1 was 'Ja', is '\\x1b[2Jweg'" in told
    assert "\x1b[2J" not in told


def test_labels_in_capitals_and_moved_codes_are_the_same_in_meaning(study: MiniStudy):
    flipped = [3 - code for code in answers()["V2"]]
    study.redeliver(
        WAVE,
        labels={
            "V2": {1.0: "Nee", 2.0: "Ja", 9.0: "Weet niet"},
            "FUNCTIE": {1.0: "RAADSLID", 2.0: "Wethouder"},
        },
        V2=flipped,
    )
    file, lines = compared(study)
    assert file.verdict == SAME_MEANING
    assert "  variable FUNCTIE: code 1 was 'Raadslid', is 'RAADSLID' (spelling only)" in lines


def test_swapped_labels_alone_are_different(study: MiniStudy):
    """Every cell holds the same code, and every answer says the opposite."""
    study.redeliver(WAVE, labels={"V2": {1.0: "Nee", 2.0: "Ja", 9.0: "Weet niet"}})
    file, lines = compared(study)
    assert file.verdict == DIFFERENT
    assert "  every cell that both versions have is the same" in lines
    assert "  variable V2: code 1 was 'Ja', is 'Nee'" in lines


def test_small_counts_are_not_told(study: MiniStudy):
    frame = answers()
    few = [2.0 if row < 8 and code == 1 else code for row, code in enumerate(frame["V2"])]
    many = [3 - code for code in frame["SEXE"]]
    study.redeliver(WAVE, V2=few, SEXE=many, RESPNR=[float(1000 + row + 3) for row in range(120)])
    file, lines = compared(study)
    assert (file.matched.appeared, file.matched.vanished, len(file.matched.old)) == (3, 3, 117)
    text = "\n".join(lines)
    assert "rows that appeared: fewer than 10; that vanished: fewer than 10" in text


def test_changes_are_counted_by_column(study: MiniStudy):
    frame = answers()
    study.redeliver(
        WAVE, V2=[3 - code for code in frame["V2"]], WEEG=list(frame["WEEG"] * 2), NIEUW=[1.0] * 120
    )
    _, lines = compared(study)
    assert "  variable NIEUW: appeared" in lines
    assert "  variable V2: cells changed: 120" in lines
    assert "    among them 2 'Nee' -> 1 'Ja', 1 'Ja' -> 2 'Nee'" in lines
    assert "  weights (WEEG): changed in 120 rows, sum 120 -> 240, 2 times as much" in lines
    assert not any("1000" in line or "@" in line for line in lines)


def test_counts_below_the_threshold_are_told_as_such():
    assert [counting(10)(count) for count in (0, 9, 10, 1234)] == ["0", "fewer than 10", "10", "1,234"]
    assert counting(None)(500) == "some"


@pytest.mark.parametrize(
    "text", ["vi_2016", "vi_2016@", "vi_2016@0", "vi_2016@01", "vi_2016@+1", "vi_2016@１", "@1", "a@1@2"]
)
def test_only_a_plain_version_is_one(text: str):
    assert parse_delivery(text) is None
    assert parse_delivery("vi_2016@12") == ("vi_2016", 12)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f"{WAVE}@1", f"{WAVE}@3", "delivery.yml has versions 1 to 2"),
        (f"{WAVE}@1", "mini_1999@2", "is not in the registry"),
        (f"{WAVE}@1", "mini_2022@1", "only versions of one wave"),
        (f"{WAVE}@1", "current", "is no version of a delivery"),
    ],
)
def test_a_wrong_use_ends_with_two(study: MiniStudy, monkeypatch, capsys, old: str, new: str, said: str):
    study.redeliver(WAVE)
    enter(study, monkeypatch)
    assert main(["diff", old, new]) == 2
    assert said in capsys.readouterr().err
    assert main(["diff", f"{WAVE}@1", f"{WAVE}@2"]) == 0
    assert SAME_CELLS in capsys.readouterr().out


@pytest.mark.parametrize("has_landed", [True, False])
def test_comparing_answers_is_noted_where_there_is_a_warehouse(
    study: MiniStudy, monkeypatch, has_landed: bool
):
    study.redeliver(WAVE)
    enter(study, monkeypatch)
    if has_landed:
        (study.settings.home / "privacy").mkdir(parents=True)
    assert main(["diff", f"{WAVE}@1", f"{WAVE}@2"]) == 0
    noted = [(access.purpose, access.waves) for access in read_accesses(study.settings.home)[0]]
    assert noted == ([("diff", (WAVE,))] if has_landed else [])
