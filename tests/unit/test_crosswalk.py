"""Delivery against crosswalk, both ways, for every verb; and what looks like a fault and is none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
from mini_study import VALUE_LABELS, MiniStudy, build_mini_study

from orchestration.deliveries import Problem, land_all
from orchestration.registry import compare_crosswalk, compare_landing, validate_registry
from orchestration.registry.load import Row
from orchestration.registry.years import lacking_years

WAVE = "mini_2020"


@pytest.fixture
def study(tmp_path: Path) -> MiniStudy:
    return build_mini_study(tmp_path)


def compared(study: MiniStudy) -> list[Problem]:
    land_all(study.settings)
    registry = study.registry()
    assert validate_registry(registry) == []
    return compare_landing(registry, study.settings.landing)


def deliver(study: MiniStudy, **changes) -> list[Problem]:
    """Land another delivery of the wave and compare it with the crosswalk as it is."""
    study.write_answers(WAVE, **changes)
    study.lock(WAVE)
    return compared(study)


def remap(study: MiniStudy, table: str, change: Callable[[Row], Row | None]) -> None:
    """Change, or drop, rows of the crosswalk about this wave."""

    def work(rows: list[Row]) -> list[Row]:
        changed = (change(row) if row["wave_id"] == WAVE else row for row in rows)
        return [row for row in changed if row is not None]

    study.edit_registry(table, work)


def brief(problems: list[Problem]) -> list[tuple[str, str, str]]:
    return [(problem.kind, problem.variable, problem.code) for problem in problems]


def test_a_delivery_that_fits(study: MiniStudy):
    assert compared(study) == []
    assert compare_crosswalk(study.registry(), study.landed(WAVE)) == []
    assert compare_crosswalk(study.registry(), [study.landed(WAVE), study.landed("mini_2022")]) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"NIEUW": 7.0},  # a variable that nobody maps
        {"V2": 2.0},  # a code of the codebook that nobody happens to have
        {"V2": float("nan")},  # nobody answered
        {"labels": {"V2": {1.0: "Ja   ", 2.0: "Nee", 9.0: "Weet niet"}}},  # blanks that SPSS pads with
        {"LEEFTIJD": 44.0},  # an edge of a range
    ],
)
def test_what_looks_like_a_fault_and_is_none(study: MiniStudy, changes: dict):
    assert deliver(study, **changes) == []


# recode


def test_recode_finds_codes_without_a_row(study: MiniStudy):
    (problem,) = deliver(study, V2=[8.0] * 3 + [1.0] * 117)
    assert brief([problem]) == [("unknown_code", "V2", "8")]
    assert "without a label, 3 answers" in problem.message


def test_recode_finds_labelled_codes_that_nobody_has(study: MiniStudy):
    labels = {"V2": {**VALUE_LABELS["V2"], 8.0: "Wil niet zeggen"}}
    (problem,) = deliver(study, labels=labels)
    assert brief([problem]) == [("unknown_code", "V2", "8")]
    assert "labelled 'Wil niet zeggen', 0 answers" in problem.message
    assert (
        "V2,8,Wil niet zeggen,<code>,<missing_kind>,accepted,, to crosswalk/xw_values.csv" in problem.remedy
    )


def test_the_row_to_add_for_an_unknown_code_is_whole_and_mends_it(study: MiniStudy):
    (problem,) = deliver(study, V2=[8.0] * 3 + [1.0] * 117)
    line = problem.remedy.removeprefix("add ").split(" to crosswalk/")[0]
    path = study.settings.registry / "crosswalk" / "xw_values.csv"
    filled_in = line.replace("<code>", "").replace("<missing_kind>", "refused")
    path.write_text(f"{path.read_text(encoding='utf-8')}{filled_in}\n", encoding="utf-8")
    assert [problem.kind for problem in validate_registry(study.registry())] == ["registry_order"]
    study.edit_registry("xw_values", lambda rows: rows)
    assert compared(study) == []


def test_a_code_that_no_list_has_is_told_with_the_row_of_the_list(study: MiniStudy):
    remap(study, "xw_values", lambda row: row | {"code": "soms"} if row["code"] == "ja" else row)
    problem = validate_registry(study.registry())[0]
    assert problem.kind == "unknown_codelist_code"
    assert (
        "or add ja_nee,soms,<label_nl>,<label_en>,<sort_order> to codelists/codelists.csv" in problem.remedy
    )


def test_a_code_has_to_be_in_the_list_of_each_concept_that_its_row_feeds(study: MiniStudy):
    def by_gender(row: Row) -> Row:
        fed_too = row["concept_id"] == "incident_discussed"
        return {**row, "source_variable": "SEXE", "source_label": "Geslacht"} if fed_too else row

    remap(study, "xw_variables", by_gender)
    remap(study, "xw_values", lambda row: None if row["source_variable"] == "V3" else row)
    problems = validate_registry(study.registry())
    assert brief(problems) == [
        ("unknown_codelist_code", "SEXE", "1"),
        ("unknown_codelist_code", "SEXE", "2"),
    ]
    assert problems[0].message == "code 'man' is not in the code list of incident_discussed"
    assert problems[0].remedy == (
        "add ja_nee,man,<label_nl>,<label_en>,<sort_order> to codelists/codelists.csv; "
        "gender and incident_discussed share no code"
    )
    # With a verb that takes no codes of a row, the row is about the other concept alone.
    numbered = {"verb": "bucket", "concept_id": "age_class"}
    remap(study, "xw_variables", lambda row: None if row["concept_id"] == "age_class" else row)
    remap(
        study,
        "xw_variables",
        lambda row: {**row, **numbered} if row["concept_id"] == "incident_discussed" else row,
    )
    remap(study, "xw_buckets", lambda row: {**row, "source_variable": "SEXE"})
    told = {problem.kind for problem in validate_registry(study.registry())}
    assert "unknown_codelist_code" not in told


def test_labels_with_commas_are_quoted_in_the_row_to_add(study: MiniStudy):
    (problem,) = deliver(study, labels={"V2": {**VALUE_LABELS["V2"], 8.0: 'Nee, "nooit"'}})
    assert 'V2,8,"Nee, ""nooit""",<code>' in problem.remedy


def test_a_label_that_is_gone_is_drift_too(study: MiniStudy):
    problems = deliver(study, labels={"V2": {1.0: "Ja", 9.0: "Weet niet"}})
    assert brief(problems) == [("unknown_label", "V2", "2")]
    assert "the delivery says no label" in problems[0].message
    assert "says 'Nee'" in problems[0].message


def test_shifted_codes_are_each_named(study: MiniStudy):
    labels = {"FUNCTIE": {1.0: "Burgemeester", 2.0: "Raadslid", 3.0: "Wethouder"}}
    assert brief(deliver(study, labels=labels)) == [
        ("unknown_label", "FUNCTIE", "1"),
        ("unknown_label", "FUNCTIE", "2"),
        ("unknown_code", "FUNCTIE", "3"),
    ]


def test_system_missing_needs_no_row(study: MiniStudy):
    assert deliver(study, V2=[None] * 60 + [1.0] * 60) == []


# copy, reverse, bucket


def as_copy(row: Row) -> Row:
    return {**row, "verb": "copy"} if row["source_variable"] == "SEXE" else row


def text_gender(study: MiniStudy) -> None:
    """SEXE as text with the very codes of the code list, mapped by copy."""
    remap(study, "xw_variables", as_copy)
    remap(study, "xw_values", lambda row: None if row["source_variable"] == "SEXE" else row)


def test_copy_of_codes_must_be_in_the_code_list(study: MiniStudy):
    text_gender(study)
    assert deliver(study, SEXE=["man", "vrouw"] * 60, labels={"SEXE": {"man": "Man"}}) == []
    problems = deliver(study, SEXE=["man", "vrouw", "anders"] * 40, labels={"SEXE": {}})
    assert brief(problems) == [("unknown_code", "SEXE", "anders")]


def test_copy_of_codes_with_another_label(study: MiniStudy):
    text_gender(study)
    problems = deliver(study, SEXE=["man", "vrouw"] * 60, labels={"SEXE": {"man": "Vrouw", "vrouw": "Man"}})
    assert brief(problems) == [("unknown_label", "SEXE", "man"), ("unknown_label", "SEXE", "vrouw")]
    assert "the code list has 'Man'" in problems[0].message


def test_texts_that_few_gave_and_no_codebook_names_are_not_shown(study: MiniStudy):
    text_gender(study)
    cells = ["kwam later", "zegt niets"] + ["anders"] * 3 + ["man"] * 115
    problems = deliver(study, SEXE=cells, labels={"SEXE": {}})
    assert brief(problems) == [("unknown_code", "SEXE", "anders"), ("unknown_code", "SEXE", "")]
    assert "2 answers hold 2 different texts" in problems[1].message
    assert problems[1].remedy == (
        "declare the variable as free_text in delivery.yml, or map each text in crosswalk/xw_values.csv; is each an "
        "answer of its own, add it to the list gender in codelists/codelists.csv"
    )
    assert "later" not in str(problems)


def test_years_after_the_last_of_a_code_list_are_offered_as_its_rows(study: MiniStudy):
    """Those up to the wave, whatever the answers hold; a year that nobody can mean is left to a person."""
    years = [
        {"codelist_id": "jaren", "code": year, "label_nl": year, "label_en": year, "sort_order": order}
        for year, order in (("2017", "1"), ("2018", "2"))
    ]

    def listed(rows: list[Row]) -> list[Row]:
        of_years = {"type": "categorical", "codelist_id": "jaren"}
        return [row | of_years if row["concept_id"] == "incident_count" else row for row in rows]

    study.edit_registry("codelists", lambda rows: [*rows, *years])
    study.edit_registry("concepts", listed)
    recent = [2018.0] * 118 + [2019.0, 2020.0]
    (problem,) = [one for one in deliver(study, N1=recent) if one.wave_id == WAVE]
    assert (problem.kind, problem.variable, problem.code) == ("unknown_code", "N1", "")
    assert (
        "add jaren,2019,2019,2019,3 and jaren,2020,2020,2020,4 to codelists/codelists.csv, and where the variable "
        "has ranges let those in crosswalk/xw_buckets.csv move along"
    ) in problem.remedy
    lacking = lacking_years(study.registry(), "jaren", 2020)
    study.edit_registry("codelists", lambda rows: [*rows, *lacking])
    assert [one for one in deliver(study, N1=recent) if one.wave_id == WAVE] == []
    (problem,) = [one for one in deliver(study, N1=[2018.0] * 119 + [2202.0]) if one.wave_id == WAVE]
    assert "add it to the list jaren" in problem.remedy
    assert lacking_years(study.registry(), "gender", 2020) == [], "its codes are no years"


def test_long_numbers_that_no_codebook_names_are_counted_and_not_shown(study: MiniStudy):
    problems = deliver(study, V2=[73500012.0, 73500013.0, 7.0] + [1.0] * 117)
    assert brief(problems) == [("unknown_code", "V2", "7"), ("unknown_code", "V2", "")]
    assert "2 answers hold 2 different numbers" in problems[1].message
    assert "codelists.csv" not in problems[1].remedy  # the verb is recode: its codes are the registry's own
    assert "735000" not in str(problems)
    # With a label it is a code of the codebook, however long.
    labelled = {"V2": {**VALUE_LABELS["V2"], 73500012.0: "Geen antwoord"}}
    problems = deliver(study, V2=[73500012.0] + [1.0] * 119, labels=labelled)
    assert brief(problems) == [("unknown_code", "V2", "73500012")]


def test_copy_of_numbers_needs_a_row_for_each_label(study: MiniStudy):
    labels = {"N1": {0.0: "Geen", 99.0: "Weet niet"}}
    assert brief(deliver(study, labels=labels)) == [("unknown_code", "N1", "0")]
    # A label that only repeats the number says nothing new.
    assert deliver(study, labels={"N1": {0.0: "0", 99.0: "Weet niet"}}) == []


def test_missing_codes_of_numbers_that_the_crosswalk_lacks(study: MiniStudy):
    remap(study, "xw_values", lambda row: None if row["source_variable"] == "N1" else row)
    assert brief(compared(study)) == [("unknown_code", "N1", "99")]
    # Declared missing without a label counts as soon as someone has it.
    assert brief(deliver(study, labels={"N1": {}})) == [("unknown_code", "N1", "99")]
    assert deliver(study, labels={"N1": {}}, N1=1.0) == []


def test_numbers_that_are_text(study: MiniStudy):
    problems = deliver(study, N1=["1,5"] * 120, labels={"N1": {}})
    assert brief(problems) == [("not_numeric", "N1", ""), ("unused_crosswalk_row", "N1", "99")]


def test_reverse_knows_a_scale_that_was_turned_back(study: MiniStudy):
    turned = {6.0 - code: label for code, label in VALUE_LABELS["S1"].items()}
    problems = deliver(study, labels={"S1": turned})
    # The middle of the scale is the same from both sides.
    assert brief(problems) == [("unknown_code", "S1", code) for code in ("1", "2", "4", "5")]


def test_reverse_only_takes_points_of_the_scale(study: MiniStudy):
    assert brief(deliver(study, S1=[6.0] * 4 + [1.0] * 116)) == [("unknown_code", "S1", "6")]
    assert brief(deliver(study, S1=[1.5] * 4 + [1.0] * 116)) == [("unknown_code", "S1", "1.5")]


def test_numbers_without_a_bucket_are_counted_and_not_shown(study: MiniStudy):
    problems = deliver(study, LEEFTIJD=[17.0, 101.0, 44.5, 999.0] + [30.0] * 116)
    assert brief(problems) == [("no_bucket", "LEEFTIJD", "")]
    assert problems[0].message.startswith("3 answers are in no range of age_class (there are: 18–44, 45–100)")
    for value in ("17", "101", "44.5"):
        assert value not in problems[0].message


@pytest.mark.parametrize(
    ("numbers", "told"),
    [([51.0, -1.0, 3.0, 99.0], "2 answers are not between 0 and 50"), ([50.0, 0.0, 3.0, 99.0], "")],
)
def test_numbers_beyond_what_a_concept_can_be_are_counted_and_not_shown(
    study: MiniStudy, numbers: list[float], told: str
):
    study.edit_registry(
        "concepts",
        lambda rows: [
            row | {"valid_min": "0", "valid_max": "50"} if row["concept_id"] == "incident_count" else row
            for row in rows
        ],
    )
    problems = deliver(study, N1=[*numbers, *[1.0] * 116])
    assert brief(problems) == ([("out_of_range", "N1", "")] if told else [])
    assert [problem.message.split(", the bounds")[0] for problem in problems] == ([told] if told else [])


def test_a_labelled_number_is_not_an_age(study: MiniStudy):
    labels = {"LEEFTIJD": {99.0: "Onbekend", 999.0: "Onbekend"}}
    assert brief(deliver(study, labels=labels)) == [("unknown_code", "LEEFTIJD", "99")]


# Rows that match nothing


def test_rows_that_match_nothing(study: MiniStudy):
    study.edit_registry(
        "xw_values",
        lambda rows: [
            *rows,
            {**rows[0], "wave_id": WAVE, "source_code": "7", "source_label": "Gedeputeerde"},
        ],
    )
    (problem,) = compared(study)
    assert (problem.kind, problem.code) == ("unused_crosswalk_row", "7")
    assert problem.file.startswith("crosswalk/xw_values.csv:")
    assert "'Gedeputeerde'" in problem.message


def test_a_variable_that_is_absent_is_told_once(study: MiniStudy):
    problems = deliver(study, drop=("V2",))
    assert brief(problems) == [("missing_variable", "V2", "")]
    assert "xw_variables.csv:" in problems[0].message


def test_upper_and_lower_case_of_names_count(study: MiniStudy):
    remap(
        study,
        "xw_variables",
        lambda row: {**row, "source_variable": "v1"} if row["source_variable"] == "V1" else row,
    )
    remap(
        study,
        "xw_values",
        lambda row: {**row, "source_variable": "v1"} if row["source_variable"] == "V1" else row,
    )
    (problem,) = compared(study)
    assert brief([problem]) == [("missing_variable", "v1", "")]
    assert "did you mean 'V1'" in problem.message


def test_a_variable_that_the_manifest_drops_is_absent(study: MiniStudy):
    study.write_manifest(WAVE, {"free_text": ["OPM", "N1"]})
    (problem,) = compared(study)
    assert brief([problem]) == [("missing_variable", "N1", "")]
    assert "manifest drops it" in problem.remedy


def test_proposed_rows_do_not_count(study: MiniStudy):
    remap(
        study,
        "xw_variables",
        lambda row: {**row, "status": "proposed"} if row["source_variable"] == "V2" else row,
    )
    # Its codes are nobody's business yet; that the concept has no accepted row is.
    assert [problem.kind for problem in deliver(study, V2=7.0)] == ["concept_without_word"]


@pytest.mark.parametrize("verb", ["not_asked", "impossible"])
def test_concepts_that_nothing_feeds_want_no_variable(study: MiniStudy, verb: str):
    study.edit_registry(
        "xw_variables",
        lambda rows: [
            {**row, "source_variable": "", "verb": verb, "comparability": "", "note": "één voorval gevraagd"}
            if row["source_variable"] == "N1" and row["wave_id"] == WAVE
            else row
            for row in rows
        ],
    )
    remap(study, "xw_values", lambda row: None if row["source_variable"] == "N1" else row)
    assert compared(study) == []


def test_rows_about_files_and_instruments_that_were_not_delivered(study: MiniStudy):
    remap(
        study,
        "xw_variables",
        lambda row: {**row, "file_id": "provincies"} if row["source_variable"] == "S1" else row,
    )
    (problem,) = compared(study)
    assert problem.kind == "crosswalk_without_file"
    assert "no file 'provincies' of office_holders" in problem.message


# More than one file of an instrument


@pytest.fixture
def two_files(study: MiniStudy) -> MiniStudy:
    """The wave in two files of the same instrument, by layer."""
    files = study.manifests[WAVE]["files"]
    files.append(
        {**copy.deepcopy(files[0]), "file_id": "provincies", "path": "provincies.sav", "response": []}
    )
    study.write_manifest(WAVE)
    study.write_answers(WAVE, "provincies.sav", V2=2.0)
    study.lock(WAVE)
    return study


def test_a_row_about_every_file_is_used_when_one_file_uses_it(two_files: MiniStudy):
    labels = {"V2": {2.0: "Nee", 9.0: "Weet niet"}}
    two_files.write_answers(WAVE, "provincies.sav", V2=2.0, labels=labels)
    two_files.lock(WAVE)
    assert compared(two_files) == []
    # On its own that file has no use for the row.
    alone = compare_crosswalk(two_files.registry(), two_files.landed(WAVE, "provincies"))
    assert brief(alone) == [("unused_crosswalk_row", "V2", "1")]


def test_a_row_about_one_file_leaves_the_other_alone(two_files: MiniStudy):
    extra = {
        "wave_id": WAVE,
        "instrument_id": "office_holders",
        "file_id": "provincies",
        "source_variable": "V2",
        "source_code": "3",
        "source_label": "",
        "code": "nee",
    }
    two_files.edit_registry("xw_values", lambda rows: [*rows, extra])
    two_files.write_answers(WAVE, "provincies.sav", V2=3.0)
    two_files.lock(WAVE)
    assert compared(two_files) == []
    two_files.write_answers(WAVE, V2=3.0)
    two_files.lock(WAVE)
    (problem,) = compared(two_files)
    assert (problem.kind, problem.file) == ("unknown_code", "mini/mini_2020/ambtsdragers.sav")


def test_only_the_waves_that_are_asked_for(study: MiniStudy):
    deliver(study, V2=7.0)
    registry, landing = study.registry(), study.settings.landing
    assert compare_landing(registry, landing, ["mini_2022"]) == []
    assert {problem.wave_id for problem in compare_landing(registry, landing)} == {WAVE}


def test_a_concept_of_which_the_crosswalk_says_nothing(study: MiniStudy):
    """The other wave of the instrument asked it: whether this one did is for a person to say."""

    def without_threat(rows: list[dict]) -> list[dict]:
        return [r for r in rows if (r["wave_id"], r.get("source_variable")) != ("mini_2022", variable)]

    (variable,) = [
        row["source_variable"]
        for row in study.registry().table("xw_variables")
        if (row["wave_id"], row["concept_id"]) == ("mini_2022", "victim_threat")
    ]
    for table in ("xw_variables", "xw_values"):
        study.edit_registry(table, without_threat)
    (problem,) = compared(study)
    assert (problem.kind, problem.exit_code, problem.wave_id) == ("concept_without_word", 1, "mini_2022")
    assert "says nothing of victim_threat for office_holders in mini_2022" in problem.message
    row = "mini_2022,office_holders,,,,victim_threat,not_asked,limited,accepted,,<reason>"
    assert f"add {row} to crosswalk/xw_variables.csv" in problem.remedy


def test_an_asked_instrument_without_any_row(study: MiniStudy):
    for table in ("xw_variables", "xw_values", "xw_buckets"):
        study.edit_registry(table, lambda rows: [row for row in rows if row["wave_id"] != "mini_2022"])
    (problem,) = compared(study)
    assert problem.kind == "concept_without_word"
    assert " more for office_holders in mini_2022" in problem.message


def counting(study: MiniStudy, code: str) -> list[Problem]:
    """What validation says when the first indicator counts this answer, which its code list has."""
    concept = study.registry().indicators["victim_threat_12m"].concept_id
    codelist = study.registry().concepts[concept].codelist_id
    if code not in study.registry().codes_of(concept):
        study.edit_registry(
            "codelists",
            lambda rows: [*rows, {**rows[0], "codelist_id": codelist, "code": code, "sort_order": "9"}],
        )
    study.edit_registry(
        "indicator_codes",
        lambda rows: [
            {**row, "code": code} if row["indicator_id"] == "victim_threat_12m" else row for row in rows
        ],
    )
    return [one for one in validate_registry(study.registry()) if one.kind == "answer_never_given"]


def test_an_answer_that_a_wave_could_not_give_is_no_zero_per_cent(study: MiniStudy):
    assert counting(study, "ja") == []
    problems = counting(study, "online")
    assert [one.variable for one in problems] == ["V2", "V2"], "in both waves"
    assert "victim_threat_12m counts online, which no answer to V2 becomes" in problems[0].message


def test_a_place_that_a_remedy_leaves_open_is_no_value(study: MiniStudy):
    study.edit_registry("bases", lambda rows: [{**rows[0], "label_nl": "<label>"}, *rows[1:]])
    [problem] = validate_registry(study.registry())
    assert (problem.kind, problem.file) == ("registry_value", "registry/bases.csv:2")
    assert "'<label>', the place of what a person fills in" in problem.message
