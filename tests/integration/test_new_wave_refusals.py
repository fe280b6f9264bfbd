"""What ``peilstok new-wave`` refuses: one clear problem each, the right exit code, and nothing written."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import yaml
from held_back import fill_in
from mini_study import FILE_NAME, ROWS, MiniStudy, build_mini_study, enter

from orchestration.cli import main
from orchestration.deliveries import DeliveryProblems, load_manifest
from orchestration.deliveries.receiving import check_receivable
from orchestration.registry import load_registry
from orchestration.settings import load_settings

NEW = "mini_2024"
CODEBOOK = "variable,variable_label,code,label\n"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MiniStudy:
    study = build_mini_study(tmp_path / "study")
    rules = load_registry(load_settings({}).registry).table("proposal_rules")
    study.edit_registry("proposal_rules", lambda _: [dict(row) for row in rules])
    enter(study, monkeypatch)
    return study


@pytest.fixture
def came_in(study: MiniStudy, tmp_path: Path) -> Path:
    """A file as it came in: that of the last wave, with one more respondent's answers changed."""
    study.write_answers("mini_2022", "../../../in.sav", LEEFTIJD=44.0)
    path = tmp_path / "in" / "mini2024.sav"
    path.parent.mkdir()
    shutil.move(study.root / "in.sav", path)
    return path


def everything(study: MiniStudy) -> dict[str, bytes]:
    roots = (study.settings.raw, study.settings.registry)
    return {str(path): path.read_bytes() for root in roots for path in root.rglob("*") if path.is_file()}


def refused(study: MiniStudy, capsys: pytest.CaptureFixture, *arguments: str) -> tuple[int, str]:
    """Exit code and message of a command that must write nothing."""
    before = everything(study)
    code = main(["new-wave", *arguments])
    said = capsys.readouterr()
    assert everything(study) == before
    assert said.err.count("error[") == 1, said.err
    assert "Traceback" not in said.err
    return code, said.err


def test_a_file_like_the_last_one_is_taken_in(study: MiniStudy, came_in: Path, capsys: pytest.CaptureFixture):
    before = everything(study)
    assert main(["new-wave", NEW, str(came_in), "--dry-run"]) == 0
    assert everything(study) == before, "a dry run writes nothing"
    assert main(["new-wave", NEW, str(came_in)]) == 0
    assert came_in.is_file()
    folder = study.settings.raw / "mini" / NEW
    assert {path.name for path in folder.iterdir()} == {"mini2024.sav", "delivery.yml"}
    assert not [path for path in study.settings.registry.rglob("*") if path.suffix not in ("", ".csv")]
    entry = yaml.safe_load((folder / "delivery.yml").read_text(encoding="utf-8"))["files"][0]
    assert (entry["respondent_id"], entry["weight"], entry["strata"]) == ("RESPNR", "WEEG", ["STRATUM"])
    rows = [row for row in study.registry().table("xw_variables") if row["wave_id"] == NEW]
    assert {(row["source_variable"], row["concept_id"], row["verb"], row["status"]) for row in rows} >= {
        ("S1", "norms_tightened", "reverse", "proposed"),
        ("LEEFTIJD", "age_class", "bucket", "proposed"),
        ("N1", "incident_count", "copy", "proposed"),
    }
    capsys.readouterr()
    code, said = refused(study, capsys, NEW, str(came_in))
    assert (code, "error[wave_exists]" in said) == (1, True)


def test_a_manifest_with_gaps_is_refused_until_they_are_filled(study: MiniStudy, came_in: Path):
    assert main(["new-wave", NEW, str(came_in)]) == 0
    folder = study.settings.raw / "mini" / NEW
    with pytest.raises(DeliveryProblems) as caught:
        load_manifest(folder, study.registry())
    assert caught.value.exit_code == 2
    assert {problem.kind for problem in caught.value.problems} == {"to_be_filled_in"}
    said = str(caught.value)
    for field in ("received_on", "supplier", "is_synthetic", "notice", "licence"):
        assert f"{field}: is still to be filled in" in said
    fill_in(folder / "delivery.yml")
    assert load_manifest(folder, study.registry()).supplier == "Onderzoeksbureau"


@pytest.mark.parametrize(
    ("wave", "kind", "code"),
    [
        ("other_2024", "unknown_programme", 2),
        ("mini", "wave_name", 2),
        ("2024", "wave_name", 2),
        ("mini_24", "wave_name", 2),
        ("../mini_2024", "unknown_programme", 2),
        ("mini_2022", "wave_exists", 1),
    ],
)
def test_names_that_are_no_new_wave(
    study: MiniStudy, came_in: Path, capsys: pytest.CaptureFixture, wave: str, kind: str, code: int
):
    found, said = refused(study, capsys, wave, str(came_in))
    assert (found, f"error[{kind}]" in said) == (code, True)


def test_a_folder_that_is_there_already(study: MiniStudy, came_in: Path, capsys: pytest.CaptureFixture):
    (study.settings.raw / "mini" / NEW).mkdir()
    code, said = refused(study, capsys, NEW, str(came_in))
    assert (code, "error[wave_exists]" in said) == (1, True)


def test_a_file_that_is_in_raw_already_or_a_copy_of_one(
    study: MiniStudy, tmp_path: Path, capsys: pytest.CaptureFixture
):
    delivered = study.file("mini_2022")
    code, said = refused(study, capsys, NEW, str(delivered))
    assert (code, "error[already_in_raw]" in said) == (1, True)
    copy = shutil.copyfile(delivered, tmp_path / "other_name.sav")
    code, said = refused(study, capsys, NEW, str(copy))
    assert (code, "error[already_in_raw]" in said) == (1, True)
    assert f"mini_2020/{FILE_NAME}" in said or f"mini_2022/{FILE_NAME}" in said
    assert "ask the supplier for the file of this wave" in said


def test_a_lock_that_is_nested_without_end_is_passed_over(study: MiniStudy, came_in: Path):
    (study.folder("mini_2020") / "delivery.lock").write_text("files: " + "[" * 5_000, encoding="utf-8")
    assert main(["new-wave", NEW, str(came_in), "--dry-run"]) == 0


def test_a_codebook_may_be_that_of_an_earlier_wave(study: MiniStudy, tmp_path: Path):
    copy = shutil.copyfile(study.file("mini_2022"), tmp_path / "codeboek.csv")
    folder = study.settings.raw / "mini" / NEW
    assert [problem.kind for problem in check_receivable(study.settings.raw, folder, [copy])] == [
        "already_in_raw"
    ]
    assert check_receivable(study.settings.raw, folder, [copy], codebooks=[copy]) == []


@pytest.mark.parametrize(("extra", "is_shown_first"), [("", False), ("V1;Verbaal bejegend;3;Soms\n", True)])
def test_another_answer_list_is_shown_first_however_like_the_question_is(
    study: MiniStudy, tmp_path: Path, capsys: pytest.CaptureFixture, extra: str, is_shown_first: bool
):
    answers = tmp_path / "antwoorden.csv"
    answers.write_text("V1;V2\n" + "".join(f"{n % 2 + 1};1\n" for n in range(40)), "utf-8")
    codebook = tmp_path / "antwoorden_codeboek.csv"
    codebook.write_text(
        CODEBOOK.replace(",", ";")
        + "V1;Verbaal bejegend;1;Ja\nV1;Verbaal bejegend;2;Nee\n"
        + extra
        + "V2;Bedreigd;1;Ja\nV2;Bedreigd;2;Nee\n",
        encoding="utf-8",
    )
    option = "--instrument=antwoorden.csv=office_holders"
    assert main(["new-wave", NEW, str(answers), str(codebook), option, "--dry-run"]) == 0
    first = capsys.readouterr().out.partition("\nsure:")[0]
    assert (
        "victim_verbal" in first.partition("to look at first")[2].partition("left out")[0]
    ) == is_shown_first


def test_two_files_of_one_instrument_have_to_be_told(
    study: MiniStudy, came_in: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    study.write_answers("mini_2022", "../../../deel2.sav", LEEFTIJD=55.0)
    other = study.root / "deel2.sav"
    code, said = refused(study, capsys, NEW, str(came_in), str(other))
    assert (code, "error[two_files_of_one_instrument]" in said) == (1, True)
    options = [f"--instrument={path.name}=office_holders" for path in (came_in, other)]
    assert main(["new-wave", NEW, str(came_in), str(other), *options]) == 0
    rows = [row for row in study.registry().table("xw_variables") if row["wave_id"] == NEW]
    assert {row["file_id"] for row in rows} == {""}, "what both files share stands once"


def damaged(content: bytes, name: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name.encode("latin-1")))
        path.write_bytes(content)
        return path

    return write


def far(folder: Path) -> Path:
    """A small workbook of which the only sheet spans all the places that there are."""
    book = openpyxl.Workbook()
    book.active["A1"] = "RESPNR"
    book.active["XFD1048576"] = 1
    book.save(folder / "ver.xlsx")
    return folder / "ver.xlsx"


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (damaged(b"", "leeg.sav"), "truncated_file"),
        (damaged(b"no spss at all", "geen.sav"), "not_spss"),
        (damaged(b"geen word", "brief.docx"), "unknown_format"),
        (damaged(b"$FL2 niets", "caf\xe9.sav"), "file_name"),
        (damaged(b"$FL2 niets", " blank.sav"), "file_name"),
        (damaged(b"$FL2 niets", "delivery.yml"), "file_name"),
        (damaged(b"PK\x03\x04 kapot", "kapot.xlsx"), "damaged_file"),
        (far, "damaged_file"),
        (damaged((CODEBOOK + "V1,Vraag,1,Ja\n").encode(), "codeboek.csv"), "codebook_of_no_file"),
        (lambda folder: folder / "nergens.sav", "missing_file"),
        (lambda folder: folder, "unknown_format"),
    ],
)
def test_files_that_cannot_be_taken_in(
    study: MiniStudy, tmp_path: Path, capsys: pytest.CaptureFixture, make: Callable, kind: str
):
    code, said = refused(study, capsys, NEW, str(make(tmp_path)))
    assert (code, f"error[{kind}]" in said) == (2, True), said


def test_a_file_of_nothing_that_is_known(study: MiniStudy, tmp_path: Path, capsys: pytest.CaptureFixture):
    path = tmp_path / "weer.csv"
    path.write_text("station,neerslag\n1,2\n2,3\n", encoding="utf-8")
    code, said = refused(study, capsys, NEW, str(path))
    assert (code, "error[unknown_instrument]" in said) == (1, True)


def test_a_name_with_a_leading_blank_and_an_address_in_a_codebook(
    study: MiniStudy, tmp_path: Path, capsys: pytest.CaptureFixture
):
    """A variable keeps its name as the reader has it; a label with an address is told and never copied."""
    answers = tmp_path / "antwoorden.csv"
    answers.write_text(" V1;V2;WIE\n" + "".join(f"{n % 2 + 1};1;{n % 3}\n" for n in range(40)), "utf-8")
    codebook = tmp_path / "antwoorden_codeboek.csv"
    codebook.write_text(
        CODEBOOK.replace(",", ";")
        + "V1;Verbaal bejegend;1;Ja\nV1;Verbaal bejegend;2;Nee\nV2;Bedreigd;1;Ja\nV2;Bedreigd;2;Nee\n"
        + "WIE;Wie het was;1;jan@example.org\nWIE;Wie het was;2;Een ander\n",
        encoding="utf-8",
    )
    option = "--instrument=antwoorden.csv=office_holders"
    assert main(["new-wave", NEW, str(answers), str(codebook), option]) == 0
    said = capsys.readouterr().out
    assert "notice[personal_data_in_codebook]" in said
    assert "variable WIE" in said
    rows = study.registry().tables
    mapped = {
        row["source_variable"]: row["concept_id"]
        for row in rows["xw_variables"]
        if row["wave_id"] == NEW and row["source_variable"]
    }
    assert mapped == {"V1": "victim_verbal", "V2": "victim_threat"}
    assert not any("example.org" in cell for table in rows.values() for row in table for cell in row.values())
    assert "example.org" not in said


def test_words_among_numbers_that_are_classed_are_only_counted(
    study: MiniStudy, came_in: Path, capsys: pytest.CaptureFixture
):
    ages = ["geen idee" if row == 3 else "44" for row in range(ROWS)]
    study.write_answers("mini_2022", "../../../in.sav", LEEFTIJD=ages, labels={"LEEFTIJD": {}})
    shutil.move(study.root / "in.sav", came_in)
    assert main(["new-wave", NEW, str(came_in)]) == 0
    said = capsys.readouterr()
    assert "geen idee" not in said.out + said.err
    rows = [row for row in study.registry().table("xw_buckets") if row["wave_id"] == NEW]
    assert {row["source_variable"] for row in rows} == {"LEEFTIJD"}
    assert all("1 antwoorden liggen in geen enkel bereik" in row["note"] for row in rows)


def test_a_number_too_long_for_a_code_is_not_written_into_the_registry(
    study: MiniStudy, came_in: Path, capsys: pytest.CaptureFixture
):
    study.write_answers("mini_2022", "../../../in.sav", V2=[612345678.0, 7.0, *[2.0] * (ROWS - 2)])
    shutil.move(study.root / "in.sav", came_in)
    assert main(["new-wave", NEW, str(came_in)]) == 0
    said = capsys.readouterr()
    assert "612345678" not in said.out + said.err
    rows = [row for row in study.registry().table("xw_values") if row["wave_id"] == NEW]
    codes = {row["source_code"] for row in rows if row["source_variable"] == "V2"}
    assert "7" in codes
    assert "612345678" not in codes


def test_a_weight_that_is_infinite_is_left_for_a_person(study: MiniStudy, came_in: Path):
    study.write_answers("mini_2022", "../../../in.sav", WEEG=[float("inf"), *[1.5] * (ROWS - 1)])
    shutil.move(study.root / "in.sav", came_in)
    assert main(["new-wave", NEW, str(came_in)]) == 0
    manifest = (study.settings.raw / "mini" / NEW / "delivery.yml").read_text(encoding="utf-8")
    assert re.search("weight: .*TO BE FILLED IN.*it was WEEG", manifest)
    (row,) = [one for one in study.registry().table("weight_totals") if one["wave_id"] == NEW]
    assert row["total"] == str(ROWS)


def test_an_earlier_wave_that_is_not_there(study: MiniStudy, came_in: Path, capsys: pytest.CaptureFixture):
    code, said = refused(study, capsys, NEW, str(came_in), "--like", "mini_1999")
    assert (code, "error[unknown_wave]" in said) == (2, True)


def test_rules_that_are_absent_are_named(study: MiniStudy, came_in: Path, capsys: pytest.CaptureFixture):
    study.edit_registry("proposal_rules", lambda rows: [r for r in rows if r["rule_id"] != "sure"])
    code, said = refused(study, capsys, NEW, str(came_in))
    assert (code, "lacks sure" in said) == (2, True)


def test_what_fails_halfway_leaves_nothing(study: MiniStudy, came_in: Path, monkeypatch: pytest.MonkeyPatch):
    from orchestration.deliveries import receiving

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = everything(study)
    monkeypatch.setattr(receiving.shutil, "copyfile", full)
    assert main(["new-wave", NEW, str(came_in)]) == 2
    assert everything(study) == before
    assert [path.name for path in (study.settings.raw / "mini").iterdir() if path.name[0] == "."] == []
