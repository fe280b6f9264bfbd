"""A delivery against the waves before it: which wave, what settles a finding, and how much a number tells."""

from __future__ import annotations

import re
from types import SimpleNamespace

import mini_study
import numpy as np
import pytest
from mini_study import FILE_ID, ROWS, MiniStudy
from test_drift import (
    BEFORE,
    SHUFFLED,
    WAVE,
    accept,
    asked,
    both,
    declared,
    deliver,
    found,
    kinds,
    looked_for,
    question,
    weight_total,
    with_row,
)

from orchestration.cli import main
from orchestration.deliveries.register import landed_folders
from orchestration.quality.drift_results import DRIFT_CHECK, drift_checks
from orchestration.registry import TABLES, compare_drift
from orchestration.registry.drift.findings import Rules
from orchestration.registry.drift.parts import odd_part
from orchestration.registry.drift.predecessors import Earlier
from orchestration.registry.drift.rows import find_fallen_response
from orchestration.registry.drift.shares import Tally, compare
from orchestration.registry.drift_rows import FLAG_CHECK


@pytest.fixture
def study(landed_study: MiniStudy) -> MiniStudy:
    return landed_study


def of_two(yes: int, answers: int, role: str = "raadslid") -> Tally:
    """``yes`` of ``answers`` equally weighted respondents of one population, the others no."""
    counts = np.array([[yes, answers - yes]])
    rows = np.array([[float(answers), answers]])
    cell = (("role", role),) if role else ()
    return Tally(("ja", "nee"), (cell,), counts.astype(float), counts, rows, 1.0)


@pytest.mark.parametrize(
    ("cells", "is_settled"),
    [
        ({"block_id": "victimisation", "kind": "wording"}, True),
        ({"indicator_id": "victim_any_12m", "kind": "wording"}, True),
        ({"block_id": "norms", "kind": "wording"}, False),
        ({"block_id": "victimisation", "kind": "mode"}, False),
        ({"block_id": "victimisation", "kind": "wording", "status": "proposed"}, False),
        ({"block_id": "victimisation", "kind": "wording", "population_id": "politieke_ambtsdragers"}, True),
        # The others were asked the other question too.
        ({"block_id": "victimisation", "kind": "wording", "population_id": "raadsleden"}, False),
    ],
)
def test_the_register_of_breaks_settles_another_question(study: MiniStudy, cells: dict, is_settled: bool):
    asked("V1", "Verbaal bejegend door burgers")(study)
    row = {"break_id": "b1", "from_wave_id": BEFORE, "to_wave_id": WAVE, "effect": "block", "reason": "x"}
    row |= {"source": "x", "status": "accepted", "indicator_id": "", "block_id": "", "population_id": ""}
    study.edit_registry("series_breaks", lambda rows: [*rows, row | cells])
    assert ("question_reworded" not in kinds(found(study))) == is_settled


def test_the_break_that_is_offered_is_of_the_indicators_that_use_the_question(study: MiniStudy):
    """Of the whole block it would take away the change of questions that were asked as before; and without a
    population, that of other questionnaires, whose question is still the same."""
    asked("V1", "Verbaal bejegend door burgers")(study)
    everybody = "politieke_ambtsdragers"
    row = f"<break_id>,{BEFORE},{WAVE},victim_any_12m,,{everybody},,wording,block,,<reason>,<source>,accepted"
    (problem,) = [one for one in found(study).errors if one.kind == "question_reworded"]
    assert f"add {row} to registry/series_breaks.csv; if it is right" in problem.remedy

    def also(rows: list[dict]) -> list[dict]:
        other = next(row for row in rows if row["indicator_id"] == "victim_any_12m")
        return [*rows, other | {"indicator_id": "victim_too", "sort_order": "999"}]

    study.edit_registry("indicators", also)
    (problem,) = [one for one in found(study).errors if one.kind == "question_reworded"]
    assert f"{BEFORE},{WAVE},<indicator_id>,,{everybody},,wording,block," in problem.remedy
    assert "to registry/series_breaks.csv for each of victim_any_12m, victim_too;" in problem.remedy


def test_a_break_names_no_population_where_a_questionnaire_has_several_without_a_parent(study: MiniStudy):
    asked("V1", "Verbaal bejegend door burgers")(study)
    study.edit_registry(
        "populations",
        lambda rows: [*rows, rows[0] | {"population_id": "oud_raadsleden", "sort_order": "999"}],
    )
    (problem,) = [one for one in found(study).errors if one.kind == "question_reworded"]
    assert f"<break_id>,{BEFORE},{WAVE},victim_any_12m,,,,wording,block," in problem.remedy


def test_a_question_that_no_indicator_uses_is_offered_the_break_of_its_block(study: MiniStudy):
    asked("V1", "Verbaal bejegend door burgers")(study)
    study.edit_registry("derived_inputs", lambda rows: [])
    (problem,) = [one for one in found(study).errors if one.kind == "question_reworded"]
    assert f"{BEFORE},{WAVE},,victimisation,politieke_ambtsdragers,,wording,block," in problem.remedy


def test_without_the_earlier_wave_nobody_can_tell_whether_an_acceptance_is_needed(study: MiniStudy):
    cells = {"kind": "share_jump", "variable": "SEXE", "code": "man", "before": "60%", "now": "100%"}
    with_row("accepted_drift", file_id=FILE_ID, reason="ooit", **cells)(study)
    registry, folders = study.registry(), list(landed_folders(study.settings.landing))
    alone = [folder for folder in folders if folder.parent.name == WAVE]
    assert [problem.kind for problem in compare_drift(registry, folders, [WAVE]).errors] == [
        "unused_acceptance"
    ]
    assert compare_drift(registry, alone, [WAVE]).errors == []


def test_a_wave_of_one_population_is_compared_with_the_last_one_that_had_it():
    """The wave before had councillors alone, who say nothing of aldermen; the one before it had both, and one
    that cannot tell them apart has neither."""
    waves = {
        "w1": of_two(50, 100, ""),
        "w2": of_two(40, 100, "wethouder"),
        "w3": of_two(10, 100, "raadslid"),
        "w4": of_two(30, 100, "wethouder"),
    }
    years = {wave: SimpleNamespace(programme_id="p", year=2000 + int(wave[1])) for wave in waves}
    files = [
        SimpleNamespace(
            instrument_id="i", wave_id=wave, file_id="f", year=years[wave].year, concepts={"c": None}, kept={"c": one}
        )
        for wave, one in waves.items()
    ]  # fmt: skip
    rules = SimpleNamespace(policy={"drift_fewest_of_a_population": 5.0, "drift_most_codes": 40.0}.get)
    earlier = Earlier(SimpleNamespace(waves=years), files, rules)
    compared = earlier.compared(files[-1], "c")
    assert compared is not None
    assert (compared.wave_id, compared.before.tolist(), compared.now.tolist()) == (
        "w2", [0.4, 0.6], [0.3, 0.7]
    )  # fmt: skip
    assert (
        Earlier(SimpleNamespace(waves=years), [files[0], *files[2:]], rules).compared(files[-1], "c") is None
    )


def test_few_rows_are_alike_by_chance(study: MiniStudy):
    """Of a dozen respondents, most columns hold their codes as often as those of any dozen."""
    looked_for(study)
    deliver(study, **SHUFFLED)
    policies = study.registry().table("estimation_policies")
    assert {"policy_id": "drift_fewest_rows_of_a_copy", "value": "30"}.items() <= {
        key: value for row in policies if row["policy_id"].endswith("copy") for key, value in row.items()
    }.items()
    assert "same_answers" in kinds(found(study))
    study.edit_registry(
        "estimation_policies",
        lambda rows: [
            row | {"value": "121"} if row["policy_id"] == "drift_fewest_rows_of_a_copy" else row
            for row in rows
        ],
    )
    assert "same_answers" not in kinds(found(study))


@pytest.mark.parametrize(("largest", "is_jump"), [(1.0, True), (60.0, False)])
def test_numbers_of_unequal_weight_tell_less(study: MiniStudy, largest: float, is_jump: bool):
    """The same numbers, once with equal weights and once with a few that outweigh all others by far."""
    weights = [largest if row % 40 == 0 else 1.0 for row in range(ROWS)]
    weights = [weight * ROWS / sum(weights) for weight in weights]
    numbers = [30.0 + row % 4 for row in range(ROWS)]
    both({"N1": numbers, "WEEG": weights}, {"WEEG": weights})(study)
    assert ("distribution_jump" in kinds(found(study))) == is_jump


@pytest.mark.parametrize(("answers", "is_jump"), [(6, False), (60, True)])
def test_nobody_out_of_a_few_is_no_certain_nought(answers: int, is_jump: bool):
    """None of six where sixty percent was usual happens once in 244 times, and a file has a hundred shares."""
    compared = compare(of_two(0, answers), of_two(60, 100), fewest=5, wave_id=BEFORE)
    assert compared is not None
    strength = np.abs(compared.now - compared.before) / np.sqrt(compared.variance)
    assert (strength >= 5).all() == is_jump, strength


@pytest.mark.parametrize(
    ("parts", "odd"),
    [
        ([80, 80, 20, 80], (2, 0)),  # the third quarter has its codes exchanged
        ([80, 20], (1, 0)),
        ([100, 100, 90, 30], None),  # sorted by the answer: more than one part is unlike the earlier wave
        ([80, 75, 60, 85], None),
    ],
)
def test_one_part_of_a_file_that_is_unlike_the_others(parts: list[int], odd: tuple[int, int] | None):
    counts = np.array([[yes, 100 - yes] for yes in parts])
    compared = compare(of_two(sum(parts), 100 * len(parts)), of_two(80, 100), fewest=5, wave_id=BEFORE)
    assert odd_part(counts, ["ja", "nee"], compared, minimum=30) == odd


def test_the_row_that_is_offered_settles_weights_that_add_up_to_little(study: MiniStudy):
    deliver(study, WEEG=[0.004 * weight for weight in mini_study.answers()["WEEG"]])
    weight_total(status="proposed")(study)
    (unknown,) = [one for one in found(study).errors if one.kind == "weight_total_unknown"]
    line = re.search("add (.+) to registry/weight_totals.csv", unknown.remedy)[1]
    row = dict(zip(TABLES["weight_totals"].column_names, line.split(","), strict=True))
    assert float(row["total"]) < 1
    study.edit_registry(
        "weight_totals", lambda rows: [*(one for one in rows if one["status"] == "accepted"), row]
    )
    assert not kinds(found(study)) & {"weight_total_unknown", "weight_total_off"}


@pytest.mark.parametrize(
    ("invited", "is_fallen"), [({"raadsleden": 400}, True), ({"raadsleden": 250}, False)]
)
def test_rows_of_a_file_that_tells_no_invitations_are_no_response(
    study: MiniStudy, invited: dict[str, int], is_fallen: bool
):
    def file(wave: str, rows: int, told: dict[str, int]) -> SimpleNamespace:
        return SimpleNamespace(wave_id=wave, n_rows=rows, invited=told, registry=study.registry())

    now = [file(WAVE, 120, invited), file(WAVE, 900, {})]
    before = [file(BEFORE, 120, {"raadsleden": 200})]
    fallen = list(find_fallen_response(now, before, Rules(study.registry())))
    assert [(one.kind, one.before, one.now) for one in fallen] == (
        [("response_fell", "60%", "30%")] if is_fallen else []
    )


def accepted_as_offered(study: MiniStudy, kind: str) -> None:
    (problem,) = [one for one in found(study).errors if one.kind == kind]
    line = re.search("delivered, add (.+) to registry/accepted_drift.csv", problem.remedy)[1]
    row = dict(zip(TABLES["accepted_drift"].column_names, line.split(","), strict=True))
    study.edit_registry("accepted_drift", lambda rows: [*rows, row])


def test_who_accepts_another_text_than_the_crosswalk_has_not_judged_the_series(study: MiniStudy):
    question("V1", "Verbaal bejegend door burgers")(study)
    assert kinds(found(study)) == {"question_changed"}
    accepted_as_offered(study, "question_changed")
    assert kinds(found(study)) == {"question_reworded"}
    accepted_as_offered(study, "question_reworded")
    assert kinds(found(study)) == set()


def test_a_flag_hides_no_error(study: MiniStudy):
    study.edit_registry(
        "drift_rules",
        lambda rows: [
            row | {"verdict": "flag"} if row["kind"] == "question_changed" else row for row in rows
        ],
    )
    question("V1", "Verbaal bejegend door burgers")(study)
    drift = found(study)
    assert {one.kind for one in drift.errors} == {"question_reworded"}
    assert {one.kind for one in drift.flags} == {"question_changed"}


# What is told of it


def test_check_shows_a_flag_with_who_answers_for_it(
    study: MiniStudy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    declared("V1", [])(study)
    mini_study.enter(study, monkeypatch)
    assert main(["check", "--wave", WAVE]) == 0
    told = capsys.readouterr().out
    assert "1 flag (dataredactie answers for them until 2099-12-31):" in told
    assert "flag[missing_not_declared] mini/mini_2022/ambtsdragers.sav, variable V1, code 9" in told


def test_evidence_has_an_error_and_a_flag_of_its_own(study: MiniStudy):
    declared("V1", [])(study)
    results = {result.check: result for result in drift_checks(found(study), [BEFORE, WAVE])}
    assert (results[FLAG_CHECK].severity, results[FLAG_CHECK].passed) == ("flag", False)
    assert results[DRIFT_CHECK].passed
    # How much was compared, and how near to its bound it came.
    assert results[DRIFT_CHECK].observed == (
        "no drift in 8 questions; distribution_jump: no move beyond sampling (bound 50 points), 1 compared; "
        "no_answer_jump: no move beyond sampling (bound 30 points), 8 compared; "
        "response_fell: 1.00 of the response before (bound 0.55), 1 compared; "
        "share_jump: no move beyond sampling (bound 30 points), 7 compared; "
        "weight_total_off: 0% off (bound 0.5%), 1 compared"
    )
    deliver(study, SEXE=1.0)
    failed = [result for result in drift_checks(found(study), [BEFORE, WAVE]) if not result.passed]
    assert [(result.asset, result.check, result.severity) for result in failed] == [
        (WAVE, DRIFT_CHECK, "error")
    ]
    assert "share_jump" in failed[0].observed


def test_evidence_says_how_near_a_move_came_and_what_was_accepted(study: MiniStudy):
    deliver(study, SEXE=1.0)
    (problem,) = found(study).errors
    accept(study, problem)
    (told,) = (check.observed for check in drift_checks(found(study), [WAVE]) if check.check == DRIFT_CHECK)
    assert told.startswith("no drift in 8 questions; 1 accepted in registry/accepted_drift.csv; ")
    assert "share_jump: 40 of 30 points, accepted, 7 compared" in told


def test_a_break_of_one_indicator_settles_nothing_for_another(study: MiniStudy):
    asked("V2", "Bedreigd door burgers")(study)
    row = {"from_wave_id": BEFORE, "to_wave_id": WAVE, "kind": "wording", "effect": "block", "reason": "x"}
    row |= {"source": "x", "status": "accepted", "block_id": "", "population_id": ""}
    for indicator, is_settled in (("victim_any_12m", False), ("victim_threat_12m", True)):
        broken = row | {"break_id": f"b_{indicator}", "indicator_id": indicator}
        study.edit_registry("series_breaks", lambda rows, broken=broken: [*rows, broken])
        assert ("question_reworded" not in kinds(found(study))) == is_settled
