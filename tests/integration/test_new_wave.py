"""A wave held back and proposed anew: what is mapped rightly, what waits, and that accepting it is enough."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from held_back import (
    Change,
    HeldBack,
    Outcome,
    accept_everything,
    compare,
    fill_in,
    held_back,
    propose_changed,
)

from orchestration.cli import main
from orchestration.deliveries import DeliveryProblems, land_all
from orchestration.registry import load_registry, validate_registry
from orchestration.registry.acceptance import open_proposals
from orchestration.registry.proposals.crosswalk_rows import FileProposal
from orchestration.registry.proposals.evidence import Variable
from orchestration.registry.proposals.roles import Roles
from orchestration.registry.proposals.wave_rows import NOT_ASKED, not_asked_rows
from orchestration.settings import PROJECT_ROOT

NEW = "vi_2026"


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> HeldBack:
    return held_back(tmp_path_factory.mktemp("held"), "vi_2024")


@pytest.fixture(scope="module")
def enter(held: HeldBack) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("raw", "registry", "home"):
            patch.setenv(f"PEILSTOK_{name.upper()}", str(getattr(held.settings, name)))
        yield


@pytest.fixture(scope="module")
def written(held: HeldBack, enter: None) -> HeldBack:
    """The wave proposed and written by the command; the tests below go on from there, in their order."""
    assert main(["new-wave", NEW, *map(str, held.files)]) == 0
    return held


def proposed(held: HeldBack) -> dict[str, list[dict[str, str]]]:
    registry = load_registry(held.settings.registry)
    columns = ("wave_id", "to_wave_id")
    return {
        name: [row for row in rows if any(row.get(column) == NEW for column in columns)]
        for name, rows in registry.tables.items()
    }


def test_every_variable_code_gate_and_silence_is_proposed_as_persons_decided(written: HeldBack):
    outcomes = compare(proposed(written), written)
    for label in ("variables", "verbs", "codes", "not asked", "routing", "left out", "weights", "themes"):
        assert outcomes[label].share == 1.0, (label, outcomes[label])
        assert outcomes[label].wrong_and_sure == [], label
    assert outcomes["codes"].wanted == 417


def test_ranges_that_are_years_move_with_the_wave(written: HeldBack):
    ranges = [(r["lower"], r["upper"], r["code"]) for r in proposed(written)["xw_buckets"]]
    assert ranges == [("2004", "2024", "nee"), ("2025", "2026", "ja")]


def test_breaks_that_come_with_every_wave_come_with_this_one(written: HeldBack):
    breaks = {row["break_id"]: row["from_wave_id"] for row in proposed(written)["series_breaks"]}
    assert breaks == {
        "b09_organisation_scope__assemblies_vi_2022_vi_2026": "vi_2022",
        "b09_organisation_scope__vi_2022_vi_2026": "vi_2022",
        "b11_fixed_years__vi_2022_vi_2026": "vi_2022",
        "b12_sums_follow_response__policy_absent_or_unknown__vi_2022_vi_2026": "vi_2022",
        "b12_sums_follow_response__reports_aggression_total__vi_2022_vi_2026": "vi_2022",
        "b12_sums_follow_response__reports_integrity_total__vi_2022_vi_2026": "vi_2022",
    }


def test_roles_are_those_of_the_manifest_that_persons_wrote(written: HeldBack):
    import yaml

    folder = written.settings.raw / "vi" / NEW
    drafted = yaml.safe_load((folder / "delivery.yml").read_text(encoding="utf-8"))["files"]
    wanted = {entry["path"]: entry for entry in yaml.safe_load(written.manifest)["files"]}
    assert {entry["path"] for entry in drafted} == wanted.keys()
    for entry in drafted:
        for name in (
            "instrument",
            "format",
            "delimiter",
            "codebook",
            "respondent_id",
            "weight",
            "strata",
            "identifiers",
            "free_text",
        ):
            assert entry.get(name) == wanted[entry["path"]].get(name), (entry["path"], name)
    assert all(path.is_file() for path in written.files), "files are copied, never moved"


def test_nothing_counts_until_a_person_has_accepted_it(written: HeldBack, capsys: pytest.CaptureFixture):
    everything = load_registry(written.settings.registry)
    assert validate_registry(everything) == []
    counting = everything.accepted()
    assert NEW not in counting.waves
    assert counting.waiting == {NEW}
    assert not any(row.get("wave_id") == NEW for rows in counting.tables.values() for row in rows)
    assert main(["check", "--wave", NEW]) == 1
    said = capsys.readouterr().out
    assert "error[to_be_filled_in]" in said
    rows = {problem.file.split(":")[0]: problem.message for problem in open_proposals(everything, [NEW])}
    assert rows["crosswalk/xw_values.csv"].startswith("417 rows")
    assert main(["refresh", "--wave", NEW]) == 1
    assert "error[open_proposals]" in capsys.readouterr().err


def test_accepting_everything_and_filling_the_gaps_is_enough(
    written: HeldBack, capsys: pytest.CaptureFixture
):
    """What a person decides here: central government was not invited, and the answers are of 2024 after all."""
    fill_in(written.settings.raw / "vi" / NEW / "delivery.yml", without="_rijk")
    ranges = written.settings.registry / "crosswalk" / "xw_buckets.csv"
    text = ranges.read_text(encoding="utf-8")
    text = text.replace(",2004,2024,nee,proposed", ",2004,2022,nee,proposed")
    text = text.replace(",2025,2026,ja,proposed", ",2023,2024,ja,proposed")
    ranges.write_text(text, encoding="utf-8")
    capsys.readouterr()
    assert main(["accept", NEW]) == 0
    assert " rows of vi_2026 still proposed" in capsys.readouterr().out
    assert len(open_proposals(load_registry(written.settings.registry), [NEW])) > 5, "showing accepts nothing"
    assert main(["accept", NEW, "--sure"]) == 0
    assert int(capsys.readouterr().out.split(" rows of vi_2026 accepted")[0].split("\n")[-1]) > 590
    waiting = {
        (row["instrument_id"], row["source_variable"])
        for row in proposed(written)["xw_variables"]
        if row["status"] == "proposed" and row["source_variable"]
    }
    assert waiting == {
        ("civil_servants", "S5"),
        ("civil_servants", "S10"),
        ("office_holders", "S14"),
        ("organisations", "S1"),
        ("organisations", "S19"),
    }, "these have an answer more or fewer than in 2022"
    of_the_wave = ["--table", "waves", "--table", "wave_themes"]
    assert main(["accept", NEW, *of_the_wave]) == 1
    assert "does not say whether civil_servants was part of vi_2026" in capsys.readouterr().out
    assert main(["accept", NEW, *of_the_wave, "--table", "wave_instruments"]) == 0
    capsys.readouterr()
    assert main(["accept", NEW, "--all"]) == 1
    said = capsys.readouterr().out
    assert "population_n is empty" in said, "margins without a number wait for one"
    assert "5 rows of vi_2026 still proposed\n      5  weighting_margins" in said
    assert accept_everything(written.settings.registry) == 0, "nothing else was left; margins without one go"
    assert main(["accept", NEW]) == 0
    assert "nothing of vi_2026 waits for a person" in capsys.readouterr().out
    assert main(["lock", NEW]) == 0
    land_all(written.settings)
    capsys.readouterr()
    assert main(["check", "--wave", NEW]) == 1
    # What a person accepted of the wave when it came the first time.
    accepted = re.search(r"add (\S+,answers_joined,.+),<reason> to registry", capsys.readouterr().out)[1]
    assert accepted.startswith("vi_2026,organisations,organisations,answers_joined,S19,toegestaan,")
    path = written.settings.registry / "registry" / "accepted_drift.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    rows = sorted([*rows, f"{accepted},fijner in 2022"])
    path.write_text("\n".join([head, *rows, ""]), encoding="utf-8", newline="\n")
    assert main(["check", "--wave", NEW]) == 0, capsys.readouterr().out


def test_a_row_set_back_to_proposed_leaves_the_map_and_check_complains(
    written: HeldBack, capsys: pytest.CaptureFixture
):
    path = written.settings.registry / "crosswalk" / "xw_values.csv"
    before = path.read_text(encoding="utf-8")
    line = next(line for line in before.splitlines() if line.startswith(f"{NEW},civil_servants,,S10,1,"))
    path.write_text(before.replace(line, line.replace(",accepted,", ",proposed,")), encoding="utf-8")
    try:
        assert main(["check", "--wave", NEW]) == 1
        said = capsys.readouterr().out
    finally:
        path.write_text(before, encoding="utf-8")
    assert "error[open_proposals]" in said
    assert "1 row about vi_2026 still proposed" in said
    assert re.search(r"error\[unknown_code\] .*variable S10, code 1\n", said)


def scrambled(names: dict[str, str]) -> Change:
    def change(variable: Variable) -> Variable:
        # Twelve figures in no order that a name could be recognised by.
        name = f"Z{(hash_of(variable.name) % 10**12):012d}"
        names[name] = variable.name
        return replace(variable, name=name)

    return change


def hash_of(text: str) -> int:
    return int.from_bytes(text.encode()[-8:], "big") * 2654435761


def shifted(names: dict[str, str]) -> Change:
    """Every number in a name goes up by one, so that each name was another question's."""

    def change(variable: Variable) -> Variable:
        name = re.sub(r"\d+", lambda found: str(int(found.group()) + 1), variable.name, count=1)
        names[name] = variable.name
        return replace(variable, name=name)

    return change


def in_capitals(names: dict[str, str]) -> Change:
    return lambda variable: replace(
        variable,
        label=variable.label.upper(),
        answers=tuple(replace(answer, label=answer.label.upper()) for answer in variable.answers),
    )


REWORDED = {
    "afgelopen 12 maanden": "laatste jaar",
    "Oordeel over": "Uw mening over",
    "organisatie": "instelling",
    "Gezien dat een ander dit deed": "Waargenomen bij anderen",
    "Geslacht": "Wat is uw geslacht?",
    "Leeftijd": "Wat is uw leeftijd?",
    "online geuit": "geuit via internet",
    "voorval": "incident",
    " | ": " - ",
}


def reworded(names: dict[str, str]) -> Change:
    def change(variable: Variable) -> Variable:
        label = variable.label
        for old, new in REWORDED.items():
            label = label.replace(old, new)
        return replace(variable, label=label)

    return change


def shortened(names: dict[str, str]) -> Change:
    return lambda variable: replace(variable, label=" ".join(w[:6] for w in variable.label.split()))


def without_block_text(names: dict[str, str]) -> Change:
    return lambda variable: replace(variable, label=variable.label.split(" | ")[-1])


def with_an_answer_inserted(names: dict[str, str]) -> Change:
    """A new second answer in every list of three or more: all codes behind it move up."""

    def change(variable: Variable) -> Variable:
        valid = [answer for answer in variable.answers if not answer.is_missing]
        if len(variable.valid_answers) < 3 or not all(answer.code.isdigit() for answer in valid):
            return variable
        missing = [answer for answer in variable.answers if answer.is_missing]
        extra = replace(valid[0], code=str(int(valid[0].code) + 1), label="Iets heel anders")
        moved = [replace(answer, code=str(int(answer.code) + 1)) for answer in valid[1:]]
        return replace(variable, answers=(*missing, valid[0], extra, *moved))

    return change


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("damage", "least"),
    [
        (scrambled, 1.0),
        (shifted, 1.0),
        (in_capitals, 1.0),
        (reworded, 0.95),
        (shortened, 0.9),
        (without_block_text, 0.8),
        (with_an_answer_inserted, 0.98),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_damaged_codebooks_cost_proposals_and_never_give_sure_wrong_ones(
    tmp_path: Path, damage: Callable[[dict[str, str]], Change], least: float
):
    held = held_back(tmp_path, "vi_2024")
    names: dict[str, str] = {}
    found = propose_changed(held, "vi_2024", damage(names))
    outcomes: dict[str, Outcome] = compare(found.tables, held, names)
    assert outcomes["variables"].share >= least, outcomes["variables"]
    assert outcomes["variables"].wrong_and_sure == []
    assert outcomes["not asked"].wrong_and_sure == []


def test_only_an_unchanged_question_is_proposed_as_identical(tmp_path: Path):
    def change(variable: Variable) -> Variable:
        if variable.name == "S20_1":
            return replace(variable, label="Gevolgen van het voorval | last gehad van nadelige gevolgen")
        return with_an_answer_inserted({})(variable) if variable.name == "S10" else variable

    held = held_back(tmp_path, "vi_2024")
    rows = propose_changed(held, "vi_2024", change).tables["xw_variables"]
    found = {
        (row["instrument_id"], row["concept_id"]): row["comparability"]
        for row in rows
        if row["source_variable"] in ("S10", "S20_1", "S14") and row["instrument_id"] == "office_holders"
    }
    assert found == {
        ("office_holders", "incident_frequency"): "comparable",
        ("office_holders", "effect_adverse"): "comparable",
        ("office_holders", "incident_severity"): "identical",
    }


def test_a_question_that_fell_away_takes_no_reason_of_a_wave_that_never_had_it():
    registry = load_registry(PROJECT_ROOT / "dbt_project" / "seeds")
    file = FileProposal("file", "office_holders", "file", [], {}, Roles())
    themes = {row["theme_id"] for row in registry.table("themes")}
    rows = not_asked_rows(registry, file, "vi_2026", themes, "vi_2024")
    notes = {row["concept_id"]: row["note"] for row in rows}
    # Asked in 2024, and in an earlier wave left out for a reason of that time.
    assert notes["observed_fraud"] == NOT_ASKED
    # Not asked in 2024 either: its reason still holds.
    assert notes["offender_response_police"] == "reactie naar de dader alleen gevraagd tot en met 2014"


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("wave", "known_to_a_person_alone"),
    [
        # The year is asked, and the years that are counted had not come.
        ("in_2012", ["('organisations', 'VR008', 'policy_update_year') (1)"]),
        ("vi_2016", []),
        ("ag_2014", []),
        ("vi_2022", []),
    ],
)
def test_other_waves_held_back(tmp_path: Path, wave: str, known_to_a_person_alone: list[str]):
    held = held_back(tmp_path, wave)
    outcomes = compare(propose_changed(held, wave, lambda variable: variable).tables, held)
    assert outcomes["variables"].share >= 0.95, outcomes["variables"]
    assert outcomes["variables"].wrong_and_sure == known_to_a_person_alone


@pytest.mark.thorough
def test_a_file_that_fits_two_questionnaires_has_to_be_told(tmp_path: Path):
    """Civil servants and office holders are asked much the same; alone, neither file tells which it is."""
    held = held_back(tmp_path, "vi_2016")
    alone = replace(held, files=[path for path in held.files if "ambtenaren" in path.name])
    with pytest.raises(DeliveryProblems) as caught:
        propose_changed(alone, "vi_2016", lambda variable: variable)
    assert [problem.kind for problem in caught.value.problems] == ["which_instrument"]
