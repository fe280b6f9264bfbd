"""``peilstok trace``: every place that it names says what it claims, and nothing suppressed shows."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.cli import main
from orchestration.deliveries.lock import sha256_of
from orchestration.lineage import backward
from orchestration.lineage.address import TOTAL, CellAddress, address_of, parse_cell, parse_source
from orchestration.lineage.backward import trace_cell
from orchestration.lineage.forward import trace_source
from orchestration.lineage.release_reader import ReleaseReader, Unknown, open_release
from orchestration.registry import Registry, load_registry
from orchestration.settings import Settings

HEADLINE = "victim_any_12m/wethouders/vi_2022"


@pytest.fixture(scope="module")
def settings(sample_run) -> Settings:
    return sample_run.settings


@pytest.fixture(scope="module")
def registry(settings: Settings) -> Registry:
    return load_registry(settings.registry)


@pytest.fixture(scope="module")
def release(settings: Settings) -> Iterator[ReleaseReader]:
    with open_release(settings) as reader:
        yield reader


@pytest.fixture
def told(settings: Settings, release: ReleaseReader, registry: Registry):
    """``told(address)`` gives the trace of a cell."""
    return lambda address: trace_cell(settings, release, registry, parse_cell(address))


@pytest.fixture
def peilstok(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """``peilstok('trace', …)`` gives exit code, output and complaints."""
    monkeypatch.setenv("PEILSTOK_HOME", str(settings.home))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def places_of(trace: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every place in a trace, with what is told beside it."""
    if isinstance(trace, dict):
        if trace.get("place"):
            yield trace["place"], trace
        for value in trace.values():
            yield from places_of(value)
    elif isinstance(trace, list):
        for value in trace:
            yield from places_of(value)


def part(trace: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (one for one in trace["parts"] if one["part"] == name)
    return found


def test_a_headline_leads_to_bytes_codes_and_rules(told, settings: Settings, release: ReleaseReader):
    trace = told(HEADLINE)
    [row] = release.rows(
        "select estimate, ci_low, ci_high, n_unweighted from mart_trend where indicator_id = 'victim_any_12m' "
        "and population_id = 'wethouders' and breakdown_id = 'total' and wave_id = 'vi_2022'"
    )
    assert row["estimate"] == 67.0
    assert {name: trace["cell"][name] for name in row} == row
    assert trace["indicator"]["codes"][0]["code"] == "ja"
    assert (trace["base"]["base_id"], trace["base"]["label_nl"]) == (
        "all_answered",
        "iedereen met een geldig antwoord",
    )
    counted = part(trace, "numerator")
    assert counted["derivation"]["verb"] == "any_of"
    asked = {one["concept_id"]: one["is_asked"] for one in counted["derivation"]["inputs"]}
    assert asked == {
        "victim_discrimination": False,
        "victim_physical": True,
        "victim_sexual_intimidation": False,
        "victim_threat": True,
        "victim_verbal": True,
    }
    verbal = next(one for one in counted["variables"] if one["concept_id"] == "victim_verbal")
    assert (verbal["source_variable"], verbal["verb"], verbal["comparability"]) == (
        "q10_1",
        "recode",
        "comparable",
    )
    assert verbal["label"] == "Meegemaakt in de afgelopen 12 maanden / verbale agressie"
    assert [(code["source_code"], code["source_label"], code["code"], code["missing_kind"]) for code in verbal["codes"]] == [
        ("1", "Ja, is mij overkomen", "ja", None),
        ("2", "Nee, is mij niet overkomen", "nee", None),
        ("8", "Weet ik niet", None, "dont_know"),
        ("9", "Zeg ik liever niet", None, "refused"),
    ]  # fmt: skip
    assert verbal["codebook"]["missing_declaration"] == "8|9"
    assert [member["code"] for member in part(trace, "population")["members"]] == ["wethouder"]
    assert {(one["part"], one["source_variable"]) for one in trace["design"]} == {
        ("stratum", "stratum"),
        ("weight", "weegfactor"),
    }
    [file] = trace["files"]
    delivered = settings.raw / file["path"]
    assert file["sha256"] == sha256_of(delivered)
    assert (file["delivery_version"], file["received_on"], file["is_synthetic"]) == (1, "2022-06-27", True)
    assert trace["comparability"]["comparable_wave_id"] == "vi_2020"
    assert trace["not_shown"] == []


def test_routing_base_and_break_are_told(told):
    trace = told("police_report_share/burgemeesters/vi_2020")
    assert part(trace, "numerator")["routing"][0]["gate_concept_id"] == "victim_any"
    assert [rule["code"] for rule in trace["base"]["rules"]] == ["ja"]
    behind = part(trace, "route")
    assert (behind["part_id"], behind["concept_id"]) == ("police_report", "victim_any")
    assert {one["concept_id"] for one in behind["variables"]} == {
        "victim_physical",
        "victim_threat",
        "victim_verbal",
    }
    assert {file["file_id"]: file["holds_population"] for file in trace["files"]} == {
        "gemeenten": True,
        "provincies": False,
        "waterschappen": False,
    }
    found = told("victim_any_12m/raadsleden/ag_2014")["comparability"]["break"]
    assert (found["kind"], found["effect"]) == ("contractor", "block")
    assert found["place"].startswith("registry/series_breaks.csv:")


def test_a_corrected_delivery_is_named_with_its_version(told):
    [file] = told("victim_physical_12m/wethouders/vi_2016")["files"]
    assert (file["delivery_version"], file["path"]) == (
        2,
        "vi/vi_2016/v2/vi2016_politieke_ambtsdragers.sav",
    )


def test_every_place_holds_what_is_told_beside_it(told, release: ReleaseReader, settings: Settings):
    cells = release.rows(
        "select * from mart_trend order by indicator_id, population_id, wave_id, breakdown_code"
    )
    chosen = random.Random(4).sample(cells, 30)
    lines: dict[str, list[str]] = {}
    seen = 0
    for cell in chosen:
        trace = told(str(address_of(cell)))
        assert any(one["part"] == "numerator" and one["variables"] for one in trace["parts"])
        for place, beside in places_of(trace):
            path, number = place.split(":")
            if path not in lines:
                lines[path] = (settings.registry / path).read_text(encoding="utf-8").splitlines()
            line = lines[path][int(number) - 1]
            for name in (
                "source_variable",
                "source_code",
                "code",
                "missing_kind",
                "break_id",
                "gate_concept_id",
            ):
                said = beside.get(name)
                if said and beside.get("rule") != "range":
                    assert said in line, (place, name)
            seen += 1
    assert seen > 1000


def test_every_cell_has_its_variables_and_every_code_its_meaning(release: ReleaseReader):
    orphans = release.rows(
        """
        select distinct trend.indicator_id, trend.wave_id from mart_trend as trend
        anti join (select * from mart_lineage where part = 'numerator') as lineage using (indicator_id, wave_id)
        """
    )
    assert orphans == []
    without_codes = release.rows(
        """
        select distinct lineage.wave_id, lineage.source_variable, lineage.verb from mart_lineage as lineage
        anti join mart_lineage_codes as codes
            on lineage.wave_id = codes.wave_id and lineage.file_id = codes.file_id
            and lineage.source_variable = codes.source_variable and lineage.source_concept_id = codes.concept_id
        where lineage.verb in ('recode', 'bucket')
        """
    )
    assert without_codes == []
    [count] = release.rows(
        "select count(*) as n, count(*) filter (where (code is null) = (missing_kind is null)) as odd from mart_lineage_codes"
    )
    assert (count["n"] > 2500, count["odd"]) == (True, 0)


def test_populations_are_made_out_in_their_own_questionnaire(release: ReleaseReader, registry: Registry):
    rows = release.rows("select distinct part_id, instrument_id from mart_lineage where part = 'population'")
    assert len(rows) > 20
    assert all(registry.populations[row["part_id"]].instrument_id == row["instrument_id"] for row in rows)


def test_a_suppressed_cell_says_so_and_shows_no_figure(told, release: ReleaseReader, peilstok):
    [cell] = release.rows(
        "select * from mart_trend where publication_status = 'suppress' and breakdown_id = 'gender' "
        "and wave_id = 'vi_2022' order by all limit 1"
    )
    address = str(address_of(cell))
    trace = told(address)
    assert trace["cell"]["is_suppressed"]
    figures = {
        name
        for name, value in trace["cell"].items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    assert figures == {"year"}
    assert "suppressed" in trace["not_shown"][0]
    code, printed, _ = peilstok("trace", address)
    assert code == 0
    assert f"suppressed {cell['marker']}" in printed
    assert "respondents" not in printed
    assert "change to" not in printed or "not shown" in printed


def test_a_figure_in_a_suppressed_row_would_not_get_out(settings, registry, tmp_path: Path, sample_run):
    folder = tmp_path / "leaky"
    folder.mkdir()
    shutil.copyfile(sample_run.current / "marts.duckdb", folder / "marts.duckdb")
    address = parse_cell(HEADLINE)
    with duckdb.connect(str(folder / "marts.duckdb")) as connection:
        connection.execute(
            "update mart_trend set publication_status = 'suppress', marker = '[c]', reason_code = 'n_below_10' "
            "where indicator_id = ? and population_id = ? and breakdown_id = ? and breakdown_code = ? and wave_id = ?",
            address.key,
        )
    with open_release(settings, str(folder)) as reader:
        trace = trace_cell(settings, reader, registry, address)
    assert (trace["cell"]["estimate"], trace["cell"]["n_unweighted"], trace["cell"]["change"]) == (None,) * 3


def test_forward_and_backward_agree(told, settings: Settings, release: ReleaseReader, registry: Registry):
    forward = trace_source(settings, release, registry, parse_source("vi_2022/office_holders/q10_1"))
    assert [row["concept_id"] for row in forward["mapped"]] == ["victim_verbal"]
    assert forward["label"] == "Meegemaakt in de afgelopen 12 maanden / verbale agressie"
    counted = {
        indicator["indicator_id"]
        for use in forward["uses"]
        if use["part"] == "numerator"
        for indicator in use["indicators"]
    }
    assert counted == {"victim_any_12m", "victim_verbal_12m", "victim_verbal_general_12m"}
    cells = {name for use in forward["uses"] for name in use["cells"]}
    assert (forward["cells_n"], forward["published_n"] + forward["suppressed_n"]) == (len(cells), len(cells))
    assert HEADLINE in cells
    assert not any("/ambtenaren" in name for name in cells)
    for address in random.Random(7).sample(sorted(cells), 12):
        found = {v["source_variable"] for one in told(address)["parts"] for v in one["variables"]}
        assert "q10_1" in found, address
    others = release.rows(
        "select * from mart_trend where wave_id = 'vi_2022' and theme = 'safety' order by all"
    )
    apart = [str(address_of(row)) for row in others if str(address_of(row)) not in cells]
    for address in random.Random(7).sample(apart, 12):
        trace = told(address)
        used = {
            (file["path"], v["source_variable"])
            for file in trace["files"]
            for one in trace["parts"]
            for v in one["variables"]
        }
        assert ("vi/vi_2022/iv2022_politiek.sav", "q10_1") not in used, address


def test_a_weight_and_a_breakdown_lead_to_their_cells(
    settings: Settings, release: ReleaseReader, registry: Registry
):
    weight = trace_source(settings, release, registry, parse_source("vi_2022/office_holders/weegfactor"))
    [use] = weight["uses"]
    office_holders = [
        name for name, one in registry.populations.items() if one.instrument_id == "office_holders"
    ]
    [count] = release.rows(
        "select count(*) as n, count(*) filter (where publication_status = 'suppress') as hidden from mart_trend "
        "where wave_id = 'vi_2022' and population_id in (select unnest(?))",
        [office_holders],
    )
    assert (use["part"], weight["cells_n"], weight["suppressed_n"]) == ("weight", count["n"], count["hidden"])
    gender = trace_source(settings, release, registry, parse_source("vi_2022/office_holders/q3"))
    assert {use["part"] for use in gender["uses"]} == {"breakdown"}
    assert all("/gender=" in name for use in gender["uses"] for name in use["cells"])


COUNCIL_POLICY = "policy_office_holders/organisaties/vi_2020"


def test_the_answer_of_the_other_side_is_told(told, settings, release: ReleaseReader, registry: Registry):
    """In 2020 clerks answer for councils: what tells that two answers are of one organisation is in both files."""
    parts = {
        part["concept_id"]: part for part in told(COUNCIL_POLICY)["parts"] if part["part"] == "organisation"
    }
    read = {name: {variable["file_id"] for variable in part["variables"]} for name, part in parts.items()}
    assert set(read) == {"layer", "organisation_code", "organisation_type"}
    assert all(files == {"griffiers", "secretarissen"} for files in read.values())
    assert {part["part_id"] for part in parts.values()} == {"policy_office_holders"}
    [side] = parts["organisation_type"]["answers_for_both"]
    assert (side["code"], side["place"]) == (
        "volksvertegenwoordigend",
        "registry/organisation_concepts.csv:3",
    )
    assert parts["layer"]["answers_for_both"] == []

    forward = trace_source(settings, release, registry, parse_source("vi_2020/griffiers/q2"))
    [use] = forward["uses"]
    assert (use["part"], use["of"]) == ("organisation", ["policy_civil_servants", "policy_office_holders"])
    assert COUNCIL_POLICY in use["cells"]


def test_only_where_one_side_answers_for_the_other(release: ReleaseReader):
    waves = release.rows(
        "select distinct wave_id, part_id from mart_lineage where part = 'organisation' order by all"
    )
    assert [(row["wave_id"], row["part_id"]) for row in waves] == [
        ("vi_2020", "policy_civil_servants"),
        ("vi_2020", "policy_office_holders"),
    ]


def test_a_file_of_the_other_side_is_shown_for_what_it_answers(told, monkeypatch: pytest.MonkeyPatch):
    """Nobody in it is a member of the population, and its answers count all the same."""
    monkeypatch.setattr(backward, "_files_without_members", lambda *_: {"griffiers"})
    shown = {
        (part["part"], variable["source_variable"])
        for part in told(COUNCIL_POLICY)["parts"]
        for variable in part["variables"]
        if variable["file_id"] == "griffiers"
    }
    assert shown == {("numerator", "q17"), *(("organisation", name) for name in ("q1", "q2", "q3"))}


def test_a_release_and_the_registry_are_enough(settings: Settings, sample_run, tmp_path: Path):
    folder = tmp_path / "release"
    folder.mkdir()
    shutil.copyfile(sample_run.current / "marts.duckdb", folder / "marts.duckdb")
    alone = replace(settings, home=tmp_path / "none", raw=tmp_path / "none")
    registry = load_registry(settings.registry)
    with open_release(alone, str(folder)) as reader:
        trace = trace_cell(alone, reader, registry, parse_cell(HEADLINE))
        without = trace_cell(alone, reader, None, parse_cell(HEADLINE))
        forward = trace_source(alone, reader, None, parse_source("vi_2022/office_holders/q10_1"))
    variable = part(trace, "numerator")["variables"][0]
    assert variable["label"].startswith("Meegemaakt in de afgelopen 12 maanden")
    assert variable["codebook"] is None
    assert [gap.split(":")[0] for gap in trace["not_shown"]] == [
        "storage type, measure and declared missings of the variables"
    ]
    assert without["not_shown"][0].startswith("no registry could be read")
    assert part(without, "numerator")["variables"][0]["codes"][0]["code"] == "ja"
    assert list(places_of(without)) == []
    assert forward["cells_n"] == 3762


def test_another_registry_and_an_older_release_are_told(
    settings: Settings, registry: Registry, sample_run, tmp_path: Path
):
    folder = tmp_path / "old"
    folder.mkdir()
    shutil.copyfile(sample_run.current / "marts.duckdb", folder / "marts.duckdb")
    with duckdb.connect(str(folder / "marts.duckdb")) as connection:
        connection.execute("drop table mart_lineage_codes")
        connection.execute("alter table mart_lineage drop column source_variable_label")
        connection.execute("alter table mart_comparability drop column instrument_id")
        connection.execute("alter table release_inputs drop column received_on")
        connection.execute("update release_info set registry_hash = 'another'")
    with open_release(settings, str(folder)) as reader:
        trace = trace_cell(settings, reader, registry, parse_cell(HEADLINE))
    assert trace["release"]["is_registry_of_release"] is False
    told = " | ".join(trace["not_shown"])
    assert "not the one of this release" in told
    assert "older than mart_lineage_codes" in told
    assert "when the files were received" in told
    # Landing still knows the label that this release lacks.
    assert part(trace, "numerator")["variables"][0]["label"].startswith("Meegemaakt")


def test_the_tree_reads_from_figure_to_file(peilstok):
    code, printed, _ = peilstok("trace", HEADLINE)
    assert code == 0
    order = [
        "67 %  (",
        "indicator  victim_any_12m",
        "base  all_answered",
        "comparable  segment_2",
        "counts  victim_any",
        "not in this wave: victim_discrimination, victim_sexual_intimidation",
        "1 Ja, is mij overkomen  →  ja  crosswalk/xw_values.csv:",
        "population  wethouders",
        "weegfactor  Weegfactor  weight",
        "vi/vi_2022/iv2022_politiek.sav  version 1  sha256 4573071b3026…  received 2022-06-27  synthetic",
    ]
    found = [printed.index(text) for text in order]
    assert found == sorted(found)
    assert "SYNTHETIC" in printed
    code, printed, _ = peilstok("trace", "--from", "vi_2022/office_holders/q10_1")
    assert code == 0
    assert "and 15 more (--all)" in printed
    assert HEADLINE not in printed
    assert HEADLINE in peilstok("trace", "--from", "vi_2022/office_holders/q10_1", "--all")[1]


def test_json_is_the_same_story(peilstok, told):
    code, printed, _ = peilstok("trace", HEADLINE, "--json")
    assert code == 0
    assert json.loads(printed) == told(HEADLINE)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["victim_any/wethouders/vi_2022"], "no indicator 'victim_any' (did you mean 'victim_any_12m'?)"),
        (["victim_any_12m/wethouder/vi_2022"], "no population 'wethouder' (did you mean 'wethouders'?)"),
        (["victim_any_12m/wethouders/vi_2023"], "no wave 'vi_2023' (did you mean 'vi_20"),
        (["victim_any_12m/wethouders/sex=vrouw/vi_2022"], "no breakdown 'sex'; there are: age, gender"),
        (["victim_any_12m/wethouders/gender=vr/vi_2022"], "no code 'vr' of gender for wethouders"),
        (
            ["victim_any_12m/ambtenaren/vi_2018"],
            "not asked (ambtenaren deden aan deze meting niet mee); it was in",
        ),
        (["victim_any_12m/organisaties/vi_2022"], "victim_any_12m is not asked of organisaties; it is of"),
        (["victim_any_12m/wethouders"], "is no cell; write indicator/population/wave"),
        (["victim_any_12m/wethouders/vrouw/vi_2022"], "is no breakdown; write breakdown=code"),
        (["--from", "vi_2022/office_holders/Q10_1"], "(did you mean 'q10_1'? upper and lower case count)"),
        (["--from", "vi_2022/office_holder/q10_1"], "(did you mean 'office_holders'?)"),
        (["--from", "vi_2022/q10_1"], "is no variable; write wave/file_or_instrument/variable"),
        ([], "name one cell"),
        ([HEADLINE, "--release", "nothing"], "there is no release 'nothing'; known: "),
    ],
)
def test_unknown_names_are_wrong_use_with_a_hint(peilstok, arguments: list[str], said: str):
    code, printed, complaint = peilstok("trace", *arguments)
    assert (code, printed) == (2, "")
    assert said in complaint


def test_a_variable_that_nothing_uses_is_no_mistake(peilstok):
    code, printed, _ = peilstok("trace", "--from", "vi_2022/office_holders/meting")
    assert code == 0
    assert "no row of the crosswalk maps it, and nothing uses it" in printed
    assert re.search(
        r"left out +naam van de meting; staat in het manifest +crosswalk/xw_left_out\.csv:\d+", printed
    )


def test_addresses_read_as_they_are_written():
    total = CellAddress("a", "b", TOTAL, TOTAL, "w")
    assert parse_cell("a/b/w") == parse_cell("a/b/total/w") == parse_cell("a/b/total=total/w") == total
    assert str(total) == "a/b/w"
    assert str(parse_cell("a/b/g=x=y/w")) == "a/b/g=x=y/w"
    assert parse_source("w/f/V/1").source_variable == "V/1"
    with pytest.raises(Unknown):
        parse_cell("a//w")
