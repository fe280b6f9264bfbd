"""Manifests: every error at once, each with its field and line, and nothing that leads out of the folder."""

from __future__ import annotations

import copy
import datetime as dt
import os
from pathlib import Path

import pytest
from mini_study import MiniStudy, build_mini_study

from orchestration.deliveries import DeliveryProblems, Problem, find_deliveries, scan_deliveries
from orchestration.deliveries.manifest import check_relative_path
from orchestration.deliveries.manifest_yaml import YamlFault, parse_yaml

WAVE = "mini_2020"


@pytest.fixture
def study(tmp_path: Path) -> MiniStudy:
    return build_mini_study(tmp_path)


def problems_of(study: MiniStudy) -> list[Problem]:
    with pytest.raises(DeliveryProblems) as caught:
        study.manifest(WAVE)
    assert caught.value.exit_code == 2
    return caught.value.problems


def rewrite(study: MiniStudy, old: str, new: str) -> None:
    path = study.folder(WAVE) / "delivery.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_valid_manifest(study: MiniStudy):
    manifest = study.manifest(WAVE)
    (entry,) = manifest.files
    assert (manifest.wave, manifest.programme, manifest.received_on.isoformat()) == (
        WAVE,
        "mini",
        "2020-06-01",
    )
    assert (entry.strata, entry.psu, entry.is_assumed) == (("STRATUM",), None, False)
    assert entry.dropped == {"RESPNR", "MAIL", "OPM"}
    assert [(row.population, row.invited) for row in entry.response] == [
        ("raadsleden", 100),
        ("wethouders", 90),
    ]


def test_every_error_at_once_with_field_and_line(study: MiniStudy):
    rewrite(study, "supplier: Bureau Voorbeeld\n", "suplier: Bureau Voorbeeld\n")
    rewrite(study, "is_synthetic: true", "is_synthetic: 'yes'")
    rewrite(study, "format: sav", "format: sas7bdat")
    rewrite(study, "invited: 90", "invited: -90")
    rewrite(study, "path: ambtsdragers.sav", "path: ../ambtsdragers.sav")
    found = {problem.message.split(":")[0]: problem for problem in problems_of(study)}
    assert set(found) == {
        "supplier",
        "suplier",
        "is_synthetic",
        "files[0].format",
        "files[0].response[1].invited",
        "files[0].path",
    }
    assert "did you mean 'supplier'" in found["suplier"].message
    assert "'sav', 'zsav', 'por', 'dta', 'csv' or 'xlsx'" in found["files[0].format"].message
    lines = (study.folder(WAVE) / "delivery.yml").read_text().splitlines()
    for field in ("suplier", "is_synthetic"):
        line = int(found[field].file.rsplit(":", 1)[1])
        assert lines[line - 1].startswith(f"{field}:")
    line = int(found["files[0].format"].file.rsplit(":", 1)[1])
    assert lines[line - 1].strip() == "format: sas7bdat"


def test_numbers_that_no_table_can_hold(study: MiniStudy):
    rewrite(study, "invited: 90", f"invited: {2**63}")
    rewrite(study, "  version: 1", f"  version: {10**30}")
    assert {problem.message.split(":")[0] for problem in problems_of(study)} >= {
        "files[0].response[1].invited",
        "files[0].version",
    }
    rewrite(study, f"invited: {2**63}", "invited: 17000000")
    rewrite(study, f"  version: {10**30}", "  version: 1")
    assert study.manifest(WAVE).files[0].response[1].invited == 17_000_000


def test_unknown_names_say_which_are_known(study: MiniStudy):
    study.write_manifest(
        WAVE, {"instrument": "office_holder", "response": [{"population": "raadslid", "invited": 1}]}
    )
    kinds = {problem.kind: problem for problem in problems_of(study)}
    assert set(kinds) == {"unknown_instrument", "unknown_population"}
    assert "did you mean 'office_holders'" in kinds["unknown_instrument"].message
    assert "did you mean 'raadsleden'" in kinds["unknown_population"].message


def test_instrument_that_the_registry_says_was_not_asked(study: MiniStudy):
    study.write_manifest(WAVE, {"instrument": "organisations", "response": []})
    (problem,) = problems_of(study)
    assert problem.kind == "instrument_not_asked"
    assert "wave_instruments.csv" in problem.remedy


def test_unknown_wave_and_misplaced_folder(study: MiniStudy):
    study.write_manifest(WAVE, wave="mini_2019")
    (problem,) = problems_of(study)
    assert problem.kind == "unknown_wave"
    assert "mini_2020, mini_2022" in problem.message
    assert "the folder is called 'mini_2020'" in problem.remedy


def test_a_wave_under_another_programme_is_told_once(study: MiniStudy):
    study.write_manifest(WAVE, programme="maxi")
    (problem,) = problems_of(study)
    assert (problem.kind, problem.message) == (
        "wrong_programme",
        "programme: is 'maxi', but mini_2020 belongs to mini",
    )
    study.write_manifest(WAVE, programme="mini")
    study.folder(WAVE).parent.rename(study.settings.raw / "maxi")
    _, problems = scan_deliveries(study.settings.raw, study.registry())
    assert [problem.kind for problem in problems] == ["misplaced_delivery"] * 2


def test_a_known_wave_in_the_folder_of_another(study: MiniStudy):
    study.write_manifest(WAVE, wave="mini_2022")
    (problem,) = problems_of(study)
    assert problem.kind == "misplaced_delivery"


def test_synthetic_deliveries_must_say_so(study: MiniStudy):
    study.write_manifest(WAVE, notice=None)
    (problem,) = problems_of(study)
    assert problem.message.startswith("notice: is missing")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"format": "csv", "path": "a.csv", "delimiter": ",", "decimal": ","}, "is also the delimiter"),
        ({"format": "csv", "path": "a.csv", "delimiter": "\n"}, "is a sign that cells are made of"),
        ({"format": "csv", "path": "a.csv", "delimiter": '"'}, "is a sign that cells are made of"),
        ({"format": "csv", "path": "a.csv", "delimiter": "1"}, "is a sign that cells are made of"),
        ({"delimiter": ";"}, "means nothing for a sav file"),
        ({"codebook": "codeboek.csv"}, "means nothing for a sav file"),
        ({"format": "xlsx"}, "is xlsx, but the path is 'ambtsdragers.sav'"),
        ({"format": "csv", "path": "a.csv", "codebook": {"sheet": "codes"}}, "a csv file has no sheets"),
        ({"format": "csv", "path": "a.csv", "codebook": "a.csv"}, "is the file itself"),
        ({"encoding": "klingon"}, "'klingon' is not the name of an encoding"),
        ({"encoding": "rot13"}, "'rot13' is not an encoding of text"),
        ({"encoding": "base64"}, "'base64' is not an encoding of text"),
        ({"encoding": "unicode_escape"}, "'unicode_escape' is no encoding that text files are in"),
        ({"encoding": "UTF7"}, "'UTF7' is no encoding that text files are in"),
        ({"encoding": "idna"}, "'idna' is no encoding that text files are in"),
        ({"identifiers": ["WEEG"]}, "'WEEG' is also a weight, stratum or psu"),
        ({"free_text": ["STRATUM"]}, "free_text: 'STRATUM' is also a weight, stratum or psu"),
        ({"strata": ["RESPNR"]}, "respondent_id: 'RESPNR' is also a weight, stratum or psu"),
        ({"weight": "RESPNR"}, "respondent_id: 'RESPNR' is also a weight, stratum or psu"),
        ({"ssu": "V1"}, "ssu: needs `psu`"),
        ({"psu": "V2", "ssu": "V1", "ssu_population": "V3"}, "ssu_population: needs `psu_population`"),
        ({"psu_population": "RESPNR"}, "respondent_id: 'RESPNR' is also a weight, stratum or psu"),
        ({"panel_id": "RESPNR"}, "panel_id: needs `panel`"),
        ({"panel": "flits"}, "panel: needs `panel_id`"),
        ({"panel": "flits", "panel_id": "WEEG"}, "panel_id: 'WEEG' is also a weight, stratum or psu"),
        ({"psu": "MAIL"}, "identifiers: 'MAIL' is also a weight, stratum or psu"),
        ({"strata": ["A", "A"]}, "names a variable twice"),
        ({"version": 2}, "but the highest version of a file is 2"),
        ({"version": True}, "valid integer"),
        ({"respondent_id": ""}, "at least 1 character"),
    ],
)
def test_fields_that_contradict_each_other(study: MiniStudy, fields: dict, said: str):
    study.write_manifest(WAVE, fields)
    assert any(said in problem.message for problem in problems_of(study))


@pytest.mark.parametrize(
    ("received", "said"),
    [
        (0, "must be a day, such as 2016-11-01"),
        ("0", "must be a day, such as 2016-11-01"),
        (dt.datetime(2020, 6, 1, 12), "must be a day, such as 2016-11-01"),
        (dt.date(dt.date.today().year + 2, 1, 1), "nothing can have come in after"),
    ],
)
def test_days_on_which_nothing_came_in(study: MiniStudy, received: object, said: str):
    study.write_manifest(WAVE, received_on=received)
    (problem,) = problems_of(study)
    assert problem.message.startswith("received_on: ")
    assert said in problem.message
    study.write_manifest(WAVE, received_on="2020-06-01")
    assert study.manifest(WAVE).received_on == dt.date(2020, 6, 1)


def test_like_errors_are_counted_after_a_handful(study: MiniStudy):
    files = study.manifests[WAVE]["files"]
    one = files.pop()
    for number in range(40):
        files.append({**copy.deepcopy(one), "file_id": f"f{number}", "path": f"f{number}.sav"})
    for entry in files:
        del entry["respondent_id"]
    study.write_manifest(WAVE)
    found = problems_of(study)
    assert [problem.message for problem in found][-2:] == [
        "files[4].respondent_id: is missing",
        "and 35 more like these",
    ]
    assert len(found) == 6


def test_respondent_id_must_be_named_or_null(study: MiniStudy):
    del study.manifests[WAVE]["files"][0]["respondent_id"]
    study.write_manifest(WAVE)
    (problem,) = problems_of(study)
    assert problem.message == "files[0].respondent_id: is missing"
    study.write_manifest(WAVE, {"respondent_id": None})
    assert study.manifest(WAVE).files[0].respondent_id is None


@pytest.mark.parametrize("second", [{"version": 1, "path": "b.sav"}, {"version": 2}])
def test_files_that_stand_twice(study: MiniStudy, second: dict):
    files = study.manifests[WAVE]["files"]
    files.append({**copy.deepcopy(files[0]), **second})
    study.write_manifest(WAVE)
    assert "duplicate_file" in {problem.kind for problem in problems_of(study)}


def test_the_highest_version_is_current(study: MiniStudy):
    study.redeliver(WAVE)
    manifest = study.manifest(WAVE)
    assert [entry.version for entry in manifest.current] == [2]
    assert [entry.version for entry in manifest.superseded] == [1]
    assert manifest.paths == ("ambtsdragers.sav", "v2/ambtsdragers.sav")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("wave: [", "is not valid YAML: line"),
        ("wave: &a x\nprogramme: *a", "anchors and aliases"),
        ("!!python/object/apply:os.system ['true']", "is not valid YAML"),
        ("files: [{<<: {file_id: a}}]", "line 1: merge keys (`<<`) are not allowed: write the fields out"),
        ("- a\n- b", "must be a list of `field: value` lines"),
        ("", "must be a list of `field: value` lines"),
        ("received_on: 2020-13-45", "is not valid YAML"),
        ("wave: x\nsupplier: a\x00b", "is not valid YAML: line 2: holds a character that is no text"),
        ("wave: \x07", "is not valid YAML: line 1: holds a character that is no text"),
        ("version: !!int ''", "is not valid YAML"),
        ("is_synthetic: !!bool misschien", "is not valid YAML"),
        ("version: " + "9" * 5000, "is not valid YAML"),
        ("version: " + ":".join(["1"] * 100_000), "line 1: has a value of more than"),
        ("supplier: " + "x" * 20_000, "line 1: has a value of more than"),
        ("files: " + "[" * 5000 + "]" * 5000, "nested more than"),
        ("files: " + "{a: " * 500 + "}" * 500, "nested more than"),
        ("files:\n" + "- a\n" * 50_000, "has more than"),
        ("x" * 1_000_001, "larger than"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]", "anchors and aliases"),
    ],
)
def test_yaml_that_is_not_accepted(study: MiniStudy, text: str, said: str):
    (study.folder(WAVE) / "delivery.yml").write_text(text)
    (problem,) = problems_of(study)
    assert problem.kind == "unreadable_manifest"
    assert said in problem.message


def test_a_manifest_that_is_not_utf8(study: MiniStudy):
    (study.folder(WAVE) / "delivery.yml").write_bytes(b"supplier: Bureau \xe9\xe9n")
    assert problems_of(study)[0].message == "is not UTF-8 text"


def test_duplicate_keys_are_errors(study: MiniStudy):
    rewrite(study, "supplier: Bureau Voorbeeld\n", "supplier: Bureau Voorbeeld\nsupplier: Bureau Tweede\n")
    rewrite(study, "  weight: WEEG\n", "  weight: WEEG\n  weight: WEEG2\n")
    found = {problem.message for problem in problems_of(study)}
    assert found == {"supplier stands twice", "files[0].weight stands twice"}


@pytest.mark.parametrize(
    ("codes", "twice"),
    [
        ("{1: 2, 01: 3}", ["codes.01"]),
        ("{1: 2, 1.0: 3}", ["codes.1.0"]),
        ("{'1': 2, 1: 3}", ["codes.1"]),
        ("{'01': 2, 1: 3}", []),
        ("{1: 2, yes: 3}", ["codes.yes"]),
        ("{1: 2, 1.5: 4, ja: 3}", []),
    ],
)
def test_one_number_written_in_two_ways_is_one_key(codes: str, twice: list[str]):
    assert [name for name, _ in parse_yaml(f"codes: {codes}\n").duplicate_keys] == twice


def test_parse_yaml_gives_the_line_of_the_nearest_field():
    document = parse_yaml("a: 1\nb:\n  - c: 2\n    d: 3\n")
    assert document.line(("b", 0, "d")) == 4
    assert document.line(("b", 0, "absent")) == 3
    assert document.line(("b", 7)) == 2
    assert document.line(("absent",)) == 1
    with pytest.raises(YamlFault):
        parse_yaml("a: 1\n---\nb: 2\n")


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../other.sav",
        "v1/../../other.sav",
        "~/a.sav",
        "C:/a.sav",
        "v1\\a.sav",
        "a//b.sav",
        "./a.sav",
        "delivery.lock",
        "corrections.yml",
        "a\x00b.sav",
        "a\nb.sav",
        "a\x1b[2Jb.sav",
        "v1/" + "x" * 256,
        "é" * 128,
    ],
)
def test_paths_that_lead_elsewhere(tmp_path: Path, path: str):
    assert check_relative_path(tmp_path, path)


def test_symlinks_cannot_lead_out_of_the_folder(study: MiniStudy):
    inside, outside = study.folder(WAVE), study.root / "elsewhere"
    outside.mkdir()
    (outside / "secret.sav").write_bytes(b"")
    (inside / "link").symlink_to(outside)
    (inside / "loop").symlink_to(inside / "loop")
    assert "symlink" in check_relative_path(inside, "link/secret.sav")
    assert check_relative_path(inside, "loop")
    assert check_relative_path(inside, "v1/answers.sav") == ""
    study.write_manifest(WAVE, {"path": "link/secret.sav"})
    assert "path_outside_delivery" in {problem.kind for problem in problems_of(study)}


def test_a_path_of_two_thousand_characters_is_told_briefly(study: MiniStudy):
    study.write_manifest(WAVE, {"path": "x" * 1990 + ".sav"})
    (problem,) = problems_of(study)
    assert problem.kind == "path_outside_delivery"
    assert "longer than 255 bytes" in problem.message
    assert len(problem.message) < 200


def test_the_delivery_itself_must_be_in_the_raw_folder(study: MiniStudy):
    folder, elsewhere = study.folder(WAVE), study.root / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    (problem,) = problems_of(study)
    assert (problem.kind, problem.file) == ("outside_raw", "raw/mini/mini_2020/delivery.yml")
    folder.unlink()
    elsewhere.rename(folder)
    (folder / "delivery.yml").rename(study.root / "manifest.yml")
    (folder / "delivery.yml").symlink_to(study.root / "manifest.yml")
    assert [problem.kind for problem in problems_of(study)] == ["outside_raw"]
    # The raw folder may be a symlink as a whole.
    (folder / "delivery.yml").unlink()
    (study.root / "manifest.yml").rename(folder / "delivery.yml")
    study.settings.raw.rename(study.root / "disk")
    study.settings.raw.symlink_to(study.root / "disk")
    assert study.manifest(WAVE).wave == WAVE


def test_a_manifest_that_is_no_file(study: MiniStudy):
    path = study.folder(WAVE) / "delivery.yml"
    path.unlink()
    os.mkfifo(path)
    (problem,) = problems_of(study)
    assert (problem.kind, "is a pipe" in problem.message) == ("unreadable_manifest", True)
    path.unlink()
    path.mkdir()
    assert problems_of(study)[0].message == "is a folder, not a file"


def test_a_folder_that_cannot_be_looked_into(study: MiniStudy, monkeypatch: pytest.MonkeyPatch):
    shown = Path.iterdir

    def closed(path: Path):
        if path == study.folder(WAVE).parent:
            raise PermissionError(13, "Permission denied")
        return shown(path)

    monkeypatch.setattr(Path, "iterdir", closed)
    manifests, (problem,) = scan_deliveries(study.settings.raw, study.registry())
    assert manifests == []
    assert (problem.kind, problem.exit_code, problem.file) == ("unreadable_folder", 2, "mini")


def test_what_would_steer_a_terminal_is_shown_as_its_escape():
    text = str(Problem("x", "is '\x1b[2J\ud800é'", "remedy"))
    assert "is '\\x1b[2J\\ud800é'" in text


def test_names_with_blanks_quotes_and_emoji_are_names(study: MiniStudy):
    name = 'v1/ambts\'dragers; "DROP TABLE" 🙂.sav'
    study.write_answers(WAVE, name)
    study.write_manifest(WAVE, {"path": name})
    assert study.manifest(WAVE).files[0].path == name


def test_one_broken_manifest_does_not_hide_the_other_waves(study: MiniStudy):
    study.write_manifest(WAVE, supplier=None)
    manifests, problems = scan_deliveries(study.settings.raw, study.registry())
    assert [manifest.wave for manifest in manifests] == ["mini_2022"]
    assert [problem.wave_id for problem in problems] == [WAVE]
    with pytest.raises(DeliveryProblems):
        find_deliveries(study.settings.raw, study.registry())


def test_folders_without_a_manifest_and_without_deliveries(study: MiniStudy):
    (study.settings.raw / "mini" / "leeg").mkdir()
    _, problems = scan_deliveries(study.settings.raw, study.registry())
    assert [problem.kind for problem in problems] == ["missing_manifest"]
    _, problems = scan_deliveries(study.root / "nergens", study.registry())
    assert [(problem.kind, problem.exit_code) for problem in problems] == [("no_raw_folder", 2)]
