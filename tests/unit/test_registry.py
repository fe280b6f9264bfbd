"""The registry: it loads as declared, and every kind of fault is found with file, line and remedy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from mini_registry import write_registry, write_table
from mini_study import MiniStudy, build_mini_study

from orchestration.deliveries import DeliveryProblems, Problem
from orchestration.registry import TABLES, load_registry, validate_registry
from orchestration.registry.load import Row
from orchestration.registry.values import parse

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_registry(tmp_path)
    return tmp_path


@pytest.fixture
def study(tmp_path: Path) -> MiniStudy:
    return build_mini_study(tmp_path)


def load_problems(root: Path) -> list[Problem]:
    with pytest.raises(DeliveryProblems) as caught:
        load_registry(root)
    return caught.value.problems


def replace(root: Path, path: str, old: str, new: str) -> None:
    target = root / path
    data = target.read_bytes()
    assert old.encode() in data
    target.write_bytes(data.replace(old.encode(), new.encode(), 1))


def changed(root: Path, table: str, change: Callable[[list[Row]], object]) -> list[Problem]:
    """What validation says after ``change`` has worked on the rows of a table."""
    rows = [dict(row) for row in load_registry(root).table(table)]
    change(rows)
    write_table(root, table, rows)
    return validate_registry(load_registry(root))


def set_values(index: int, **values: str) -> Callable[[list[Row]], object]:
    return lambda rows: rows[index].update(values)


def kinds(problems: list[Problem]) -> set[str]:
    return {problem.kind for problem in problems}


# Loading


def test_rows_are_text_as_in_the_file_and_typed_by_key(root: Path):
    registry = load_registry(root)
    assert registry.table("waves")[0]["year"] == "2020"
    wave = registry.waves["mini_2020"]
    assert (wave.year, wave.programme_id, wave.fieldwork_from) == (2020, "mini", None)
    assert registry.populations["raadsleden"].is_public_body is False
    assert registry.concepts["norms_tightened"].valid_max == 5.0
    assert registry.codelists["ja_nee"]["ja"].label_nl == "Ja"
    assert list(registry.codes_of("gender")) == ["man", "vrouw"]
    assert registry.codes_of("incident_count") == registry.codes_of("unknown") == {}
    assert registry.instrument_status("mini_2020", "organisations") == "not_asked"
    assert registry.instrument_status("mini_2020", "unknown") == ""
    with pytest.raises(KeyError):
        registry.table("unknown")


def test_the_hash_follows_every_byte_and_no_order_of_reading(root: Path, tmp_path: Path):
    before = load_registry(root).hash
    assert load_registry(root).hash == before
    replace(root, "registry/waves.csv", "Bureau Voorbeeld", "Bureau Voorbeeldig")
    assert load_registry(root).hash != before


def test_registers_may_be_absent_and_others_may_be_there(root: Path):
    for path in (root / "registers").glob("*.csv"):
        path.unlink()
    (root / "registers" / "wijken.csv").write_text("code,name\n01,Oost\n")
    registry = load_registry(root)
    assert registry.table("wijken") == [{"code": "01", "name": "Oost"}]
    assert registry.table("municipalities") == []
    assert validate_registry(registry) == []


@pytest.mark.parametrize(
    ("code", "is_known"),
    [("0", True), ("50", True), ("-1", False), ("51", False), ("01", False), ("1.5", False), ("x", False)],
)
def test_a_share_may_count_one_number_of_a_numeric_concept(root: Path, code: str, is_known: bool):
    changed(
        root,
        "concepts",
        lambda rows: [
            row.update(valid_min="0", valid_max="50") for row in rows if row["concept_id"] == "incident_count"
        ],
    )
    changed(root, "indicators", set_values(0, concept_id="incident_count"))
    found = changed(root, "indicator_codes", set_values(0, code=code))
    assert kinds(found) == (set() if is_known else {"unknown_codelist_code"})


def test_a_share_of_answers_is_a_ratio_in_percent(root: Path):
    share = {"statistic": "ratio", "unit": "percent", "denominator_concept_id": "incident_count"}
    assert changed(root, "indicators", set_values(0, **share)) == []


def test_registers_have_no_key(root: Path):
    row = {"code": "20", "name": "Groningen", "source": "CBS"}
    assert changed(root, "provinces", lambda rows: rows.extend([row, row])) == []


def test_files_that_are_absent_unreadable_or_misshapen_are_told_at_once(root: Path):
    (root / "registry" / "waves.csv").unlink()
    (root / "registry" / "themes.csv").write_bytes(b"theme_id,label_nl,label_en\n\xe9,a,b\n")
    (root / "registry" / "bases.csv").write_text('base_id,label_nl,label_en,note\n"a,b\n')
    (root / "registry" / "blocks.csv").write_text("block_id,theme_id,label_nl,kleur\n")
    (root / "registry" / "families.csv").write_text("family_id,label_nl,label_en\na,b\n")
    (root / "registry" / "layers.csv").write_text("")
    found = {
        problem.file: (problem.kind, problem.exit_code, problem.message) for problem in load_problems(root)
    }
    assert {file: value[:2] for file, value in found.items()} == {
        "registry/waves.csv": ("missing_registry_file", 2),
        "registry/themes.csv": ("unreadable_registry_file", 2),
        "registry/bases.csv": ("unreadable_registry_file", 2),
        "registry/blocks.csv": ("registry_columns", 1),
        "registry/families.csv:2": ("registry_row_length", 1),
        "registry/layers.csv": ("registry_columns", 1),
    }
    assert found["registry/blocks.csv"][2] == "lacks label_en; has undeclared kleur"


def test_columns_in_another_order_or_twice(root: Path):
    (root / "registry" / "themes.csv").write_text("label_nl,theme_id,label_en\n")
    assert load_problems(root)[0].message == "has its columns in another order"
    (root / "registry" / "themes.csv").write_text("theme_id,label_nl,label_en,label_en\n")
    assert load_problems(root)[0].message == "has label_en twice"


def test_no_registry_at_all(tmp_path: Path):
    (problem,) = load_problems(tmp_path / "absent")
    assert (problem.kind, problem.exit_code) == ("no_registry", 2)


# Form


def test_a_canonical_registry_has_no_problems(root: Path):
    assert validate_registry(load_registry(root)) == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda data: b"\xef\xbb\xbf" + data, "registry_form"),
        (lambda data: data.replace(b",", b";"), "registry_form"),
        (lambda data: data.replace(b"\n", b"\r\n"), "registry_form"),
        (lambda data: data.rstrip(b"\n"), "registry_form"),
        (lambda data: data + b"\n", "registry_row_length"),
        (lambda data: data.replace(b"Veiligheid", b'"Veiligheid"', 1), "registry_form"),
        (lambda data: b"".join(data.splitlines(True)[i] for i in (0, 2, 1)), "registry_order"),
    ],
)
def test_form(root: Path, change: Callable[[bytes], bytes], kind: str):
    path = root / "registry" / "themes.csv"
    path.write_bytes(change(path.read_bytes()))
    try:
        problems = validate_registry(load_registry(root))
    except DeliveryProblems as found:
        problems = found.problems
    assert kinds(problems) == {kind}
    assert problems[0].file.startswith("registry/themes.csv")


def test_a_file_that_nobody_declared(root: Path):
    (root / "registry" / "wave.csv").write_text("a\n")
    (problem,) = validate_registry(load_registry(root))
    assert (problem.kind, problem.file) == ("undeclared_registry_file", "registry/wave.csv")
    assert "did you mean 'registry/waves.csv'" in problem.message


@pytest.mark.parametrize(
    ("table", "values", "said"),
    [
        ("waves", {"year": "2020.0"}, "not a whole number"),
        ("waves", {"maturity": "finale"}, "did you mean 'final'"),
        ("waves", {"programme_id": ""}, "programme_id is empty"),
        ("waves", {"fieldwork_from": "2020-02-30"}, "not a date that exists"),
        ("waves", {"fieldwork_from": "1-2-2020"}, "not a date like"),
        ("concepts", {"is_sensitive": "ja"}, "not true or false"),
        ("concepts", {"valid_min": "1,5"}, "not a number"),
        ("themes", {"label_nl": " Veiligheid"}, "blanks around"),
    ],
)
def test_values(root: Path, table: str, values: dict[str, str], said: str):
    problems = changed(root, table, set_values(0, **values))
    assert kinds(problems) == {"registry_value"}
    assert said in problems[0].message
    assert problems[0].file == f"registry/{table}.csv:2"
    assert problems[0].remedy


def test_keys_and_references(root: Path):
    problems = changed(root, "wave_themes", lambda rows: rows.append(dict(rows[0])))
    assert [(problem.kind, problem.file) for problem in problems] == [
        ("duplicate_key", "registry/wave_themes.csv:3")
    ]
    assert "line 2" in problems[0].message
    problems = changed(root, "wave_themes", lambda rows: [rows.pop(0), rows[0].update(theme_id="safty")])
    assert [(problem.kind, problem.exit_code) for problem in problems] == [("unknown_reference", 1)]
    assert "did you mean 'safety'" in problems[0].message


def test_lines_are_counted_past_cells_with_line_breaks(root: Path):
    problems = changed(
        root, "waves", lambda rows: [rows[0].update(note="een\ntwee"), rows[1].update(maturity="x")]
    )
    assert problems[0].file == "registry/waves.csv:4"


# Rules between tables


@pytest.mark.parametrize(
    ("table", "change", "kind"),
    [
        ("waves", set_values(0, year="2021"), "wave_name"),
        ("wave_instruments", lambda rows: rows.pop(), "wave_instrument_unknown"),
        ("wave_instruments", set_values(1, reason=""), "wave_instrument_reason"),
        ("populations", set_values(0, parent_population_id="raadsleden"), "population_cycle"),
        ("populations", set_values(1, instrument_id="organisations"), "population_instrument"),
        ("breakdowns", set_values(0, concept_id="incident_count"), "breakdown_concept"),
        ("breakdowns", set_values(1, concept_id="gender"), "breakdown_concept"),
        ("population_rules", set_values(0, code="raadslit"), "unknown_codelist_code"),
        ("routing", set_values(0, code="yes"), "unknown_codelist_code"),
        ("indicator_codes", set_values(0, code="x"), "unknown_codelist_code"),
        ("indicator_codes", set_values(0, missing_kind="system"), "code_or_missing_kind"),
        ("indicator_codes", set_values(0, code=""), "code_or_missing_kind"),
        ("indicator_codes", lambda rows: rows.pop(), "indicator_without_codes"),
        ("missing_kinds", lambda rows: rows.pop(), "missing_kind_unknown"),
        ("concepts", set_values(0, type="numeric"), "concept_codelist"),
        ("concepts", set_values(1, codelist_id=""), "concept_codelist"),
        ("concepts", set_values(4, theme_id="safety"), "concept_theme"),
        ("concepts", set_values(4, valid_min="6"), "concept_range"),
        ("derived_inputs", lambda rows: rows.clear(), "derived_without_inputs"),
        ("derived_inputs", set_values(0, input_concept_id="victim_any"), "derived_from_derived"),
        ("indicators", set_values(0, unit="count"), "indicator_unit"),
        (
            "indicators",
            set_values(0, statistic="ratio", unit="ratio", denominator_concept_id="incident_count"),
            "indicator_unit",
        ),
        ("indicators", set_values(0, statistic="mean", unit="mean"), "indicator_type"),
        ("xw_variables", set_values(0, source_variable=""), "crosswalk_verb"),
        ("xw_variables", set_values(0, verb="not_asked"), "crosswalk_verb"),
        ("xw_variables", set_values(0, verb="impossible", note="anders gevraagd"), "crosswalk_verb"),
        ("xw_variables", set_values(0, verb="impossible", source_variable=""), "crosswalk_verb"),
        ("xw_variables", set_values(3, concept_id="incident_count", verb="recode"), "crosswalk_verb"),
        ("xw_variables", set_values(0, verb="reverse"), "crosswalk_verb"),
        ("xw_variables", set_values(0, instrument_id="organisations"), "crosswalk_instrument"),
        ("xw_variables", set_values(6, concept_id="victim_verbal"), "concept_mapped_twice"),
        ("xw_values", set_values(0, source_variable="FUNCTIES"), "unused_crosswalk_row"),
        ("xw_values", set_values(0, code="burgemeester"), "unknown_codelist_code"),
        # A number stays what it is: a code for it would be read by nothing.
        (
            "xw_values",
            lambda rows: rows.append({**rows[0], "source_variable": "N1", "source_code": "5", "code": "6"}),
            "code_not_read",
        ),
        ("xw_values", set_values(0, code="", missing_kind=""), "code_or_missing_kind"),
        (
            "xw_values",
            lambda rows: rows.append({**rows[0], "file_id": "ambtsdragers"}),
            "ambiguous_crosswalk_row",
        ),
        ("xw_buckets", set_values(0, source_variable="V1"), "unused_crosswalk_row"),
        ("xw_buckets", set_values(0, upper="17"), "bucket_range"),
        ("xw_buckets", set_values(0, upper="45"), "bucket_range"),
        ("xw_buckets", set_values(0, code="jong"), "unknown_codelist_code"),
        ("xw_buckets", lambda rows: rows.clear(), "bucket_without_ranges"),
    ],
)
def test_rules(root: Path, table: str, change: Callable[[list[Row]], object], kind: str):
    problems = changed(root, table, change)
    assert kind in kinds(problems), [str(problem) for problem in problems]
    for problem in problems:
        assert problem.remedy
        assert problem.exit_code == 1
        assert problem.file.split(":")[0] in {declared.path for declared in TABLES.values()}


def test_an_answer_that_becomes_nothing_is_named_with_its_variable(root: Path):
    (problem,) = changed(root, "xw_values", set_values(0, code="", missing_kind=""))
    row = load_registry(root).table("xw_values")[0]
    assert (problem.kind, problem.variable, problem.code) == (
        "code_or_missing_kind",
        row["source_variable"],
        row["source_code"],
    )
    assert problem.variable


def test_breaks_name_waves_in_order(root: Path):
    broken = {
        "break_id": "a",
        "from_wave_id": "mini_2022",
        "to_wave_id": "mini_2020",
        "kind": "mode",
        "effect": "block",
        "reason": "r",
    }
    assert kinds(changed(root, "series_breaks", lambda rows: rows.append(broken))) == {"break_waves"}
    apart = {**broken, "effect": "wave_apart"}
    assert kinds(changed(root, "series_breaks", lambda rows: [rows.clear(), rows.append(apart)])) == {
        "break_waves"
    }
    block = {
        **broken,
        "from_wave_id": "mini_2020",
        "to_wave_id": "mini_2022",
        "indicator_id": "victim_any_12m",
        "block_id": "norms",
    }
    assert kinds(changed(root, "series_breaks", lambda rows: [rows.clear(), rows.append(block)])) == {
        "break_block"
    }


def test_published_estimates_are_about_known_cells_and_one_publication_is_followed(root: Path):
    write_table(root, "publications", [{"publication_id": "brief", "title": "Brief"}])
    figure = {
        "figure_id": "a",
        "indicator_id": "victim_any_12m",
        "wave_id": "mini_2020",
        "population_id": "raadsleden",
        "breakdown_id": "total",
        "value": "23",
        "qualifier": "exact",
        "unit": "percent",
        "kind": "estimate",
        "base_id": "all_answered",
        "publication_id": "brief",
        "is_followed": "true",
    }
    assert changed(root, "published_figures", lambda rows: rows.append(figure)) == []
    other = {**figure, "figure_id": "b", "value": "24"}
    assert kinds(changed(root, "published_figures", lambda rows: rows.append(other))) == {
        "two_publications_followed"
    }
    unfollowed = {"is_followed": "false", "note": ""}
    assert kinds(changed(root, "published_figures", lambda rows: rows[1].update(unfollowed))) == {
        "unfollowed_without_reason"
    }
    unfollowed["note"] = "later gecorrigeerd"
    assert changed(root, "published_figures", lambda rows: rows[1].update(unfollowed)) == []
    problems = changed(root, "published_figures", lambda rows: rows[1].update(indicator_id="response_n"))
    assert kinds(problems) == {"published_estimate"}
    assert changed(root, "published_figures", lambda rows: rows[1].update(kind="fact")) == []


def test_rules_wait_until_the_tables_are_right_by_themselves(root: Path):
    replace(root, "registry/waves.csv", "mini_2020", "mini_2019")
    assert kinds(validate_registry(load_registry(root))) == {"unknown_reference"}


def test_values_read_as_their_type():
    assert parse("date", "2016-11-29") == dt.date(2016, 11, 29)
    assert parse("integer", "-12") == -12
    assert parse("number", "1e-6") == 1e-06
    assert parse("boolean", "false") is False
    assert parse("text", "01") == "01"
    assert parse("integer", "") is None
    for kind, text in (
        ("integer", "01"),
        ("integer", "1_000"),
        ("number", "nan"),
        ("number", "1."),
        ("boolean", "TRUE"),
    ):
        with pytest.raises(ValueError, match=r"number|true"):
            parse(kind, text)


# The registry of the monitors


def test_the_seeds_are_valid():
    assert [str(problem) for problem in validate_registry(load_registry(SEEDS))] == []


@pytest.mark.parametrize(
    ("change", "kind", "told"),
    [
        (
            lambda rows: [row for row in rows if row["policy_id"] != "lonely_psu"],
            "missing_policy",
            "lonely_psu",
        ),
        (
            lambda rows: [
                {**row, "value": "remove"} if row["policy_id"] == "lonely_psu" else row for row in rows
            ],
            "policy_value",
            "lonely_psu is 'remove'",
        ),
        (
            lambda rows: [
                {**row, "value": "0.95"} if row["policy_id"] == "korn_graubard_below" else row for row in rows
            ],
            "policy_value",
            "korn_graubard_below is '0.95'",
        ),
        (
            lambda rows: sorted(
                [*rows, {"policy_id": "lonely_psus", "value": "adjust", "reason": "x"}],
                key=lambda row: row["policy_id"],
            ),
            "unknown_policy",
            "did you mean 'lonely_psu'",
        ),
    ],
)
def test_a_choice_of_the_estimator_is_one_that_the_sql_knows(
    study: MiniStudy, change: Callable, kind: str, told: str
):
    study.edit_registry("estimation_policies", change)
    (problem,) = validate_registry(study.registry())
    assert problem.kind == kind
    assert told in problem.message


def margin_rows(concept: str = "role", **counts: str) -> list[Row]:
    return [
        {
            "wave_id": "mini_2020",
            "instrument_id": "office_holders",
            "concept_id": concept,
            "code": code,
            "population_n": number,
            "source": "register",
        }
        for code, number in counts.items()
    ]


@pytest.mark.parametrize(
    "rows",
    [
        margin_rows(raadslid="8900", wethouder="1400.5"),
        margin_rows("age_class", tot_45="1", vanaf_45="2"),
        # Made from other concepts, and a scale that is turned round: any code of the list.
        margin_rows("victim_any", ja="1", nee="2"),
        margin_rows("norms_tightened", **{str(code): "1" for code in range(1, 6)}),
    ],
)
def test_a_whole_margin_is_accepted(root: Path, rows: list[Row]):
    assert changed(root, "weighting_margins", lambda table: table.extend(rows)) == []


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            margin_rows("gender", man="50"),
            {"margin_of_one_code": "one row, which says nothing"},
        ),
        (
            margin_rows("age_class", tot_45="1"),
            {"margin_of_one_code": "age_class"},
        ),
        (margin_rows(raadslid="0", wethouder="1400"), {"margin_not_positive": "population_n is 0"}),
        (margin_rows(raadslid="-3", wethouder="1400"), {"margin_not_positive": "population_n is -3"}),
        (
            [{**row, "instrument_id": "organisations"} for row in margin_rows(raadslid="1", wethouder="2")],
            {"margin_not_asked": "role was not asked of organisations in mini_2020"},
        ),
        (
            margin_rows(raadslid="1", wethouder="2", dijkgraaf="3"),
            {"unknown_codelist_code": "code list role"},
        ),
        (margin_rows("incident_count", x="1", y="2"), {"unknown_codelist_code": "no code list"}),
    ],
)
def test_a_margin_holds_everyone_once(root: Path, rows: list[Row], told: dict[str, str]):
    problems = changed(root, "weighting_margins", lambda table: table.extend(rows))
    assert set(told) <= kinds(problems)
    for problem in problems:
        assert problem.file.startswith("registry/weighting_margins.csv:")
        assert problem.remedy
        assert told[problem.kind] in problem.message


def test_a_code_that_no_answer_becomes_has_no_place_in_a_margin(root: Path):
    """The code list knows more codes than this contractor's answers lead to."""
    changed(
        root, "codelists", lambda rows: rows.append({**rows[-1], "codelist_id": "role", "code": "dijkgraaf"})
    )
    (problem,) = changed(
        root,
        "weighting_margins",
        lambda rows: rows.extend(margin_rows(raadslid="1", wethouder="2", dijkgraaf="3")),
    )
    assert (problem.kind, problem.code, problem.wave_id) == (
        "margin_without_answer",
        "dijkgraaf",
        "mini_2020",
    )
    assert problem.file == "registry/weighting_margins.csv:2"
