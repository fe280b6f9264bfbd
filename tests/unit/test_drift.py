"""Each kind of drift: a delivery that has it, and one that only looks like it."""

from __future__ import annotations

from collections.abc import Callable

import mini_study
import numpy as np
import pytest
from mini_study import FILE_ID, ROWS, MiniStudy

from orchestration.cli import main
from orchestration.deliveries import land_all
from orchestration.deliveries.register import landed_folders
from orchestration.registry import Drift, compare_drift, validate_registry
from orchestration.registry.drift.texts import plain, same_text

BEFORE, WAVE = "mini_2020", "mini_2022"
SCOPE = {"wave_id": WAVE, "instrument_id": "office_holders"}
YES = [1.0 if row % 4 == 0 else 2.0 for row in range(ROWS)]
NO = [3.0 - answer for answer in YES]
LEANING = [float(5 if row % 10 < 5 else 4 if row % 10 < 8 else 1 + row % 10 % 3) for row in range(ROWS)]
OFTEN = [1.0 if row % 20 < 16 else 2.0 for row in range(ROWS)]
SELDOM = [1.0 if row % 20 >= 18 else 2.0 for row in range(ROWS)]
HALF = ROWS // 2


@pytest.fixture
def study(landed_study: MiniStudy) -> MiniStudy:
    return landed_study


def found(study: MiniStudy) -> Drift:
    registry = study.registry()
    land_all(study.settings, registry=registry)
    return compare_drift(registry, landed_folders(study.settings.landing), [WAVE])


def deliver(study: MiniStudy, wave: str = WAVE, **changes) -> None:
    study.write_answers(wave, **changes)
    study.lock(wave)


def kinds(drift: Drift) -> set[str]:
    return {problem.kind for problem in (*drift.errors, *drift.flags)}


def with_row(table: str, **cells: str) -> Callable[[MiniStudy], None]:
    return lambda study: study.edit_registry(table, lambda rows: [*rows, {**SCOPE, **cells}])


def left_out(name: str, label: str, status: str = "accepted") -> Callable[[MiniStudy], None]:
    cells = {"source_variable": name, "source_label": label, "status": status, "reason": "niet voor ons"}
    return with_row("xw_left_out", **cells)


def delivered(**changes) -> Callable[[MiniStudy], None]:
    return lambda study: deliver(study, **changes)


def both(now: dict, before: dict) -> Callable[[MiniStudy], None]:
    def work(study: MiniStudy) -> None:
        deliver(study, BEFORE, **before)
        deliver(study, WAVE, **now)

    return work


def manifest(**fields) -> Callable[[MiniStudy], None]:
    def work(study: MiniStudy) -> None:
        study.write_manifest(WAVE, fields)
        study.lock(WAVE)

    return work


def after(*steps: Callable[[MiniStudy], None]) -> Callable[[MiniStudy], None]:
    return lambda study: [step(study) for step in steps]


def question(name: str, text: str) -> Callable[[MiniStudy], None]:
    def work(study: MiniStudy) -> None:
        before = mini_study.VARIABLE_LABELS[name]
        mini_study.VARIABLE_LABELS[name] = text
        try:
            deliver(study)
        finally:
            mini_study.VARIABLE_LABELS[name] = before

    return work


def asked(name: str, text: str) -> Callable[[MiniStudy], None]:
    """Another question text, of which the crosswalk knows too."""

    def change(rows: list[dict]) -> list[dict]:
        return [
            row | {"source_label": text} if (row["wave_id"], row["source_variable"]) == (WAVE, name) else row
            for row in rows
        ]

    return after(question(name, text), lambda study: study.edit_registry("xw_variables", change))


def without_code(variable: str, code: str) -> Callable[[MiniStudy], None]:
    def change(rows: list[dict]) -> list[dict]:
        gone = (WAVE, variable, code)
        return [row for row in rows if (row["wave_id"], row["source_variable"], row["source_code"]) != gone]

    return lambda study: study.edit_registry("xw_values", change)


def declared(name: str, codes: list[float]) -> Callable[[MiniStudy], None]:
    def work(study: MiniStudy) -> None:
        before = mini_study.MISSING[name]
        mini_study.MISSING[name] = codes
        try:
            deliver(study)
        finally:
            mini_study.MISSING[name] = before

    return work


def mapped_as(variable: str, code: str, target: str, label: str = "") -> Callable[[MiniStudy], None]:
    def change(rows: list[dict]) -> list[dict]:
        for row in rows:
            if (row["wave_id"], row["source_variable"], row["source_code"]) == (WAVE, variable, code):
                row["code"], row["source_label"] = target, label or row["source_label"]
        return rows

    return lambda study: study.edit_registry("xw_values", change)


def often_too() -> Callable[[MiniStudy], None]:
    """A third answer to V1, joined with yes."""
    row = {"source_variable": "V1", "source_code": "3", "source_label": "Ja, vaak", "code": "ja"}
    return with_row("xw_values", **row, status="accepted")


def often(first: str) -> Callable[[MiniStudy], None]:
    labels = {1.0: first, 2.0: "Nee", 3.0: "Ja, vaak", 9.0: "Weet niet"}
    return delivered(V1=[1.0 + row % 3 for row in range(ROWS)], labels={"V1": labels})


def weight_total(**cells: str) -> Callable[[MiniStudy], None]:
    def change(rows: list[dict]) -> list[dict]:
        return [row | cells if row["wave_id"] == WAVE else row for row in rows]

    return lambda study: study.edit_registry("weight_totals", change)


def looked_for(study: MiniStudy) -> None:
    """The miniature ignores copies, since its waves are alike; here they are what it is about."""
    study.edit_registry(
        "drift_rules",
        lambda rows: [row | {"verdict": "error"} if row["verdict"] == "ignore" else row for row in rows],
    )


def turned(column: str) -> list[float]:
    return list(reversed(mini_study.answers()[column].tolist()))


def seen_from(answers: int) -> Callable[[MiniStudy], None]:
    """The miniature asks less than the twenty questions from which two respondents cannot be alike."""

    def change(rows: list[dict]) -> list[dict]:
        return [
            row | {"minimum": str(answers)} if row["kind"] == "respondents_twice" else row for row in rows
        ]

    return lambda study: study.edit_registry("drift_rules", change)


WEIGHTS = mini_study.answers()["WEEG"].tolist()
BY_ROLE = [1.0 if row % 2 == 0 and row % 10 else 2.0 for row in range(ROWS)]
TWICE = {
    name: [*column[:110], *column[:10]]
    for name, column in mini_study.answers().drop(columns=["RESPNR", "MAIL"]).to_dict("list").items()
}
SHUFFLED = {
    name: turned(name) for name in ("FUNCTIE", "SEXE", "LEEFTIJD", "V1", "V2", "V3", "N1", "S1", "WEEG")
}
SWAPPED_LABELS = {"V1": {1.0: "Ja", 2.0: "Soms", 3.0: "Nee", 9.0: "Weet niet"}}
TURNED_LABELS = dict(zip(range(1, 6), reversed(mini_study.VALUE_LABELS["S1"].values()), strict=True))

CASES: dict[str, tuple[Callable, Callable]] = {
    "codes_moved": (
        delivered(labels=SWAPPED_LABELS),
        delivered(labels={"V1": {1.0: "JA", 2.0: "nee.", 9.0: "Weet  niet"}}),
    ),
    "scale_reversed": (
        delivered(labels={"S1": {float(code): label for code, label in TURNED_LABELS.items()}}),
        delivered(labels={"S1": {1.0: "helemaal mee eens", 5.0: "Helemaal mee oneens!"}}),
    ),
    "scale_points_changed": (
        delivered(labels={"V1": {1.0: "Ja", 2.0: "Nee", 3.0: "Soms", 9.0: "Weet niet"}}),
        delivered(labels={"LEEFTIJD": {999.0: "Onbekend", 18.0: "18", 19.0: "19"}}),
    ),
    "label_means_another_code": (
        after(mapped_as("V1", "1", "nee"), mapped_as("V1", "2", "ja")),
        after(
            mapped_as("V1", "1", "ja", "Jawel"),
            delivered(labels={"V1": {1.0: "Jawel", 2.0: "Nee", 9.0: "Weet niet"}}),
        ),
    ),
    "missing_code_moved": (
        delivered(labels={"V1": {1.0: "Ja", 2.0: "Nee", 99.0: "Weet niet"}}),
        delivered(labels={"V1": {1.0: "Ja", 2.0: "Nee", 9.0: "weet niet."}}),
    ),
    "missing_not_declared": (declared("V1", []), declared("N1", [99.0, 98.0])),
    "valid_declared_missing": (declared("V1", [9.0, 2.0]), declared("V1", [9.0, 7.0])),
    "question_changed": (
        question("V1", "Verbaal bejegend door burgers"),
        question("V1", "VERBAAL  bejegend?"),
    ),
    "question_reworded": (
        asked("V1", "Verbaal bejegend door burgers"),
        asked("V1", " ".join(reversed(mini_study.VARIABLE_LABELS["V1"].split())) + ":"),
    ),
    "answer_list_changed": (
        after(without_code("V1", "2"), delivered(V1=1.0, labels={"V1": {1.0: "Ja", 9.0: "Weet niet"}})),
        delivered(V1=[1.0 if row % 4 else 2.0 for row in range(ROWS)]),
    ),
    "answers_joined": (
        after(often_too(), often("Ja")),
        # A finer list in the place of the old one: no answer of before is left.
        after(often_too(), mapped_as("V1", "1", "ja", "Ja, een keer"), often("Ja, een keer")),
    ),
    "undeclared_variable": (
        delivered(NIEUW=7.0),
        after(left_out("NIEUW", "NIEUW"), delivered(NIEUW=7.0)),
    ),
    "vanished_variable": (left_out("OUD", "Een oude vraag"), left_out("OUD", "Een oude vraag", "proposed")),
    "variable_renamed": (
        after(left_out("OUD", "nieuw"), delivered(NIEUW=7.0)),
        after(left_out("NIEUW", "nieuw"), delivered(NIEUW=7.0)),
    ),
    "weight_absent": (
        manifest(weight=None),
        lambda study: [
            (study.write_manifest(wave, {"weight": None}), study.lock(wave)) for wave in (BEFORE, WAVE)
        ],
    ),
    "weight_total_off": (
        delivered(WEEG=[10.0 * weight for weight in mini_study.answers()["WEEG"]]),
        delivered(WEEG=[1.003 * weight for weight in mini_study.answers()["WEEG"]]),
    ),
    "weight_total_unknown": (weight_total(status="proposed"), weight_total(file_id="")),
    "more_rows_than_invited": (
        manifest(response=[{"population": "raadsleden", "invited": 59}]),
        manifest(response=[{"population": "raadsleden", "invited": 60}]),
    ),
    "population_absent": (
        delivered(FUNCTIE=1.0),
        after(manifest(response=[{"population": "raadsleden", "invited": 120}]), delivered(FUNCTIE=1.0)),
    ),
    "answers_outside_codes": (
        after(left_out("X", "X"), delivered(X=5.0, labels={"X": {1.0: "Ja", 2.0: "Nee"}})),
        after(left_out("X", "X"), delivered(X=5.0, labels={"X": {0.0: "nooit"}})),
    ),
    "response_fell": (
        manifest(response=[{"population": "raadsleden", "invited": 400}]),
        manifest(response=[{"population": "raadsleden", "invited": 250}]),
    ),
    "routing_broken": (delivered(V3=1.0), delivered(V3=float("nan"))),
    "answers_swapped": (
        delivered(V2=NO),
        delivered(V2=[1.0 if row % 10 < 4 else 2.0 for row in range(ROWS)]),
    ),
    "answers_mirrored": (
        both({"S1": [6 - answer for answer in LEANING]}, {"S1": LEANING}),
        both(
            {"S1": [max(answer - 1, 1.0) if row % 2 else answer for row, answer in enumerate(LEANING)]},
            {"S1": LEANING},
        ),
    ),
    "share_jump": (
        delivered(SEXE=1.0),
        delivered(SEXE=[1.0 if row % 5 < 4 else 2.0 for row in range(ROWS)]),
    ),
    "distribution_jump": (
        delivered(N1=[30.0 + row % 4 for row in range(ROWS)]),
        delivered(N1=[float(row % 5) for row in range(ROWS)]),
    ),
    "no_answers": (delivered(V2=float("nan")), both({"V2": float("nan")}, {"V2": float("nan")})),
    "no_answer_jump": (
        delivered(V2=[None if row % 4 < 2 else answer for row, answer in enumerate(YES)]),
        delivered(V2=[None if row % 10 == 0 else answer for row, answer in enumerate(YES)]),
    ),
    "part_jump": (
        both({"SEXE": [*OFTEN[:HALF], *(3 - answer for answer in OFTEN[HALF:])]}, {"SEXE": OFTEN}),
        both({"SEXE": sorted(OFTEN)}, {"SEXE": OFTEN}),
    ),
    "columns_shifted": (
        both({"V1": SELDOM, "V2": OFTEN}, {"V1": OFTEN, "V2": SELDOM}),
        both({"V1": OFTEN, "V2": YES}, {"V1": OFTEN, "V2": SELDOM}),
    ),
    "weights_unrelated": (
        delivered(WEEG=sorted(WEIGHTS)),
        delivered(WEEG=[*reversed(WEIGHTS[:16]), *WEIGHTS[16:]]),
    ),
    "answers_unrelated": (
        both({"V1": sorted(BY_ROLE), "V2": sorted(BY_ROLE)}, {"V1": BY_ROLE, "V2": BY_ROLE}),
        both({"V1": sorted(BY_ROLE), "V2": BY_ROLE}, {"V1": BY_ROLE, "V2": BY_ROLE}),
    ),
    "respondents_twice": (
        after(seen_from(3), delivered(**TWICE)),
        after(seen_from(3), delivered(**{**TWICE, "N1": [float(row % 8) for row in range(ROWS)]})),
    ),
    "same_file": (looked_for, after(looked_for, delivered(N1=[float(row % 3) for row in range(ROWS)]))),
    "same_answers": (
        after(looked_for, delivered(**SHUFFLED)),
        after(
            looked_for, delivered(**{**SHUFFLED, "V1": OFTEN, "N1": [float(row % 7) for row in range(ROWS)]})
        ),
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_delivery_that_has_it(kind: str, study: MiniStudy):
    CASES[kind][0](study)
    drift = found(study)
    assert kind in kinds(drift), kinds(drift)
    for problem in (*drift.errors, *drift.flags):
        if problem.kind == kind:
            assert problem.wave_id == WAVE
            assert problem.file == f"mini/{WAVE}/ambtsdragers.sav"
            assert "registry/accepted_drift.csv" in problem.remedy
    (rule,) = [row for row in study.registry().table("drift_rules") if row["kind"] == kind]
    assert (kind in {problem.kind for problem in drift.flags}) == (rule["verdict"] == "flag")


@pytest.mark.parametrize("kind", CASES)
def test_a_delivery_that_only_looks_like_it(kind: str, study: MiniStudy):
    CASES[kind][1](study)
    assert kind not in kinds(found(study))


def test_a_declared_missing_code_that_a_turned_scale_takes_for_an_answer(study: MiniStudy):
    """Codes of a turned scale have no rows of their own: nothing else looks at their declarations."""
    mini_study.MISSING["S1"] = [{"lo": 1.0, "hi": 2.0}]
    try:
        deliver(study)
    finally:
        del mini_study.MISSING["S1"]
    told = [problem for problem in found(study).errors if problem.kind == "valid_declared_missing"]
    assert [(problem.variable, problem.code) for problem in told] == [("S1", "1"), ("S1", "2")]
    assert "reverse makes the answer 5 of norms_tightened of it" in told[0].message
    assert (
        f"add {WAVE},office_holders,,S1,1,Helemaal mee eens,,<missing_kind> to crosswalk/xw_values.csv"
        in told[0].remedy
    )


@pytest.mark.parametrize("word", ["1e999", "-inf", "nan"])
def test_a_word_for_infinity_among_numbers_is_no_number(word: str, study: MiniStudy):
    """One such cell makes the column text: the crosswalk says so, and drift counts what is left."""
    deliver(study, N1=[word, *["2"] * (ROWS - 1)], labels={"N1": {}})
    assert {problem.variable for problem in found(study).errors} <= {"N1", ""}


def test_every_kind_has_a_case(study: MiniStudy):
    from orchestration.registry.drift_tables import KINDS

    assert set(CASES) == set(KINDS)
    assert validate_registry(study.registry()) == []
    assert found(study) == Drift([], [])


def test_a_finding_names_variable_code_and_both_labels(study: MiniStudy):
    deliver(study, labels={"V1": {1.0: "Ja", 2.0: "Nee", 99.0: "Weet niet"}})
    (problem,) = [problem for problem in found(study).errors if problem.kind == "missing_code_moved"]
    assert (problem.variable, problem.code) == ("V1", "99")
    assert "'Weet niet' was code 9 and is code 99" in problem.message
    assert "V1, 9 in crosswalk/xw_values.csv to 99" in problem.remedy


# What a person has judged


def accept(study: MiniStudy, problem) -> None:
    line = problem.remedy.rsplit("add ", 1)[1].split(" to registry/")[0]
    names = ("wave_id", "instrument_id", "file_id", "kind", "variable", "code", "before", "now", "reason")
    row = dict(zip(names, line.split(","), strict=True))
    study.edit_registry("accepted_drift", lambda rows: [*rows, {**row, "reason": "nagevraagd"}])


def test_an_acceptance_counts_for_the_finding_that_it_names(study: MiniStudy):
    deliver(study, SEXE=1.0)
    (problem,) = found(study).errors
    assert problem.kind == "share_jump"
    assert "from 60% to 100%" in problem.message
    accept(study, problem)
    assert found(study) == Drift([], [])


def test_a_further_change_is_a_new_finding(study: MiniStudy):
    deliver(study, SEXE=[1.0 if row % 20 else 2.0 for row in range(ROWS)])
    accept(study, found(study).errors[0])
    deliver(study, SEXE=1.0)
    drift = found(study)
    assert [problem.kind for problem in drift.errors] == ["share_jump", "unused_acceptance"]
    assert "the finding reads '60%' and '100%' now" in drift.errors[1].message
    assert drift.errors[1].file == "registry/accepted_drift.csv:2"


def test_an_acceptance_of_a_text_counts_in_other_spelling_too(study: MiniStudy):
    asked("V1", "Verbaal bejegend door burgers")(study)
    (problem,) = found(study).errors
    accept(study, problem)
    question("V1", "verbaal  bejegend DOOR burgers?")(study)
    assert found(study) == Drift([], [])


@pytest.mark.parametrize("file_id", [FILE_ID, "bestaat_niet"])
def test_an_acceptance_of_nothing_of_any_file(study: MiniStudy, file_id: str):
    cells = {"kind": "share_jump", "variable": "SEXE", "code": "man", "before": "60%", "now": "100%"}
    with_row("accepted_drift", file_id=file_id, reason="ooit", **cells)(study)
    assert [problem.kind for problem in found(study).errors] == ["unused_acceptance"]


def test_an_acceptance_of_nothing_is_an_error(study: MiniStudy):
    cells = {"kind": "share_jump", "variable": "SEXE", "code": "man", "before": "60%", "now": "100%"}
    with_row("accepted_drift", file_id=FILE_ID, reason="ooit", **cells)(study)
    (problem,) = found(study).errors
    assert (problem.kind, problem.remedy) == ("unused_acceptance", "remove the row")


# Who may be told what


def test_a_share_of_a_few_is_not_told(study: MiniStudy):
    rules = [("n_unweighted", "10"), ("numerator_n", "3"), ("complement_n", "3")]
    study.edit_registry(
        "confidentiality_rules",
        lambda _: [
            {
                "rule_id": f"r_{measure}",
                "applies_to": "person",
                "measure": measure,
                "operator": "<",
                "threshold": threshold,
                "verdict": "suppress",
                "marker": "[c]",
                "reason_code": "few",
                "sort_order": "1",
                "reason": "te weinig",
            }
            for measure, threshold in rules
        ],
    )
    deliver(study, SEXE=1.0)
    (problem,) = found(study).errors
    assert "jumped" in problem.message
    assert "%" not in problem.message
    deliver(study, SEXE=[1.0 if row % 20 else 2.0 for row in range(ROWS)])
    assert "from 60% to 92%" in found(study).errors[0].message


# Spelling


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("Ja, eens", "JA,  EENS.", True),
        ("Ja \u2013 soms", "ja - soms ", True),
        ("\u2018Nooit\u2019", "'nooit'?", True),
        ("...", ".", False),
        ("Eens", "Oneens", False),
        ("1-3", "13", False),
        ("< 5", "> 5", False),
    ],
)
def test_spelling_that_does_not_matter(one: str, other: str, is_same: bool):
    assert same_text(one, other) is is_same
    assert plain(plain(one)) == plain(one)


def test_the_fixture_leans(study: MiniStudy):
    """The scale that is turned round must not look the same from both sides."""
    assert np.mean(LEANING) > 3.5


# At the door


def test_check_stops_on_an_error_and_names_the_row_to_change(
    study: MiniStudy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    question("V1", "Verbaal bejegend door burgers")(study)
    mini_study.enter(study, monkeypatch)
    assert main(["check", "--wave", WAVE]) == 1
    told = capsys.readouterr().out
    assert "error[question_changed] mini/mini_2022/ambtsdragers.sav, variable V1" in told
    assert "the delivery asks 'Verbaal bejegend door burgers', crosswalk/xw_variables.csv:" in told


@pytest.mark.parametrize(
    ("behind", "said"),
    [(1, "1 respondent answers it without ja to"), (2, "2 respondents answer it without ja to")],
)
def test_who_is_routed_past_a_question_and_answers_it_is_counted_in_words(
    study: MiniStudy, behind: int, said: str
):
    answers = [1.0 if row % 3 == 0 or row % 4 == 0 else None for row in range(ROWS)]
    past = [row for row, answer in enumerate(answers) if answer is None][:behind]
    deliver(study, V3=[2.0 if row in past else answer for row, answer in enumerate(answers)])
    (problem,) = [one for one in found(study).errors if one.kind == "routing_broken"]
    assert said in problem.message
