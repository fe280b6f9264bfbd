"""Personal data in a delivery: which columns and labels are refused, which look-alikes pass, what is excepted."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from orchestration.deliveries import find_deliveries, read_source
from orchestration.deliveries.column_findings import tail
from orchestration.deliveries.personal_data import is_bsn
from orchestration.deliveries.privacy_check import exceptions_without_file, personal_data_problems
from orchestration.deliveries.privacy_rules import PrivacyRules, privacy_rules
from orchestration.deliveries.problems import DeliveryProblems, Problem
from orchestration.deliveries.readers import read_por, read_sav
from orchestration.deliveries.source_table import NUMERIC, STRING, SourceTable, SourceValue, SourceVariable
from orchestration.registry import TABLES, Registry, load_registry
from orchestration.registry.csv_text import canonical_csv
from orchestration.registry.privacy_registry_rules import privacy_rules_are_whole

BSNS = [number for number in range(123_450_000, 123_460_000) if is_bsn(str(number))]
RANDOM = [float(100_000_000 + (number * 7_654_321) % 899_999_999) for number in range(1, 2001)]


@pytest.fixture(scope="module")
def registry(project_root: Path) -> Registry:
    return load_registry(project_root / "dbt_project" / "seeds")


@pytest.fixture(scope="module")
def rules(registry: Registry) -> PrivacyRules:
    return privacy_rules(registry)


def entry(*dropped: str) -> SimpleNamespace:
    return SimpleNamespace(file_id="a", path="a.sav", dropped=frozenset(dropped))


def table(
    file_label: str = "", labels: dict | None = None, values: tuple = (), **columns: list
) -> SourceTable:
    frame = pd.DataFrame(
        {
            name: pd.Series(
                cells, dtype=object if any(isinstance(cell, str) for cell in cells) else "float64"
            )
            for name, cells in columns.items()
        }
    )
    variables = [
        SourceVariable(
            position,
            name,
            (labels or {}).get(name, ""),
            STRING if frame[name].dtype == object else NUMERIC,
        )
        for position, name in enumerate(columns, start=1)
    ]
    coded = [SourceValue(name, code, label, False) for name, code, label in values]
    return SourceTable(frame, variables, coded, file_label)


def found(source: SourceTable, rules: PrivacyRules, *dropped: str) -> list[Problem]:
    return personal_data_problems(source, entry(*dropped), "vi_2016", rules)


def kinds(source: SourceTable, rules: PrivacyRules, *dropped: str) -> list[tuple[str, str]]:
    return [(problem.kind, problem.variable) for problem in found(source, rules, *dropped)]


PERSONAL = {
    "email_address": ["geen", "jan@voorbeeld.example", None],
    "telephone_number": ["geen", "bel 06-12345678"],
    "bsn": ["mijn nummer is 111222333", "geen"],
    "iban": ["NL91 ABNA 0417 1643 00", "geen"],
    "address": ["Dorpsstraat 12, 1234 AB Utrecht", "geen"],
    "person_name": ["geen", "door mevrouw jansen"],
}


@pytest.mark.parametrize("kind", PERSONAL)
def test_one_answer_is_enough_and_is_never_shown(kind: str, rules: PrivacyRules):
    (problem,) = found(table(V=PERSONAL[kind]), rules)
    assert (problem.kind, problem.variable, problem.file, problem.exit_code) == (kind, "V", "a.sav", 1)
    assert problem.message.startswith("1 answer looks like ")
    assert f"vi_2016,a,V,answers,{kind},<reason> to registry/privacy_exceptions.csv" in problem.remedy
    (value,) = [cell for cell in PERSONAL[kind] if cell not in ("geen", None)]
    assert value not in str(problem)


@pytest.mark.parametrize("kind", PERSONAL)
def test_what_is_declared_may_hold_it(kind: str, rules: PrivacyRules):
    assert found(table(V=PERSONAL[kind]), rules, "V") == []


def test_counts_are_of_answers_and_not_of_different_ones(rules: PrivacyRules):
    source = table(V=["a@voorbeeld.example"] * 3 + ["b@voorbeeld.example", None, "geen"])
    assert found(source, rules)[0].message.startswith("4 answers look like e-mail addresses")


def test_a_column_of_citizen_service_numbers_in_any_type(rules: PrivacyRules):
    some = BSNS[:50]
    assert kinds(table(NR=[float(number) for number in some]), rules) == [("bsn", "NR")]
    assert kinds(table(NR=[str(number) for number in some]), rules) == [("bsn", "NR")]
    eight = [number for number in range(10_000_000, 10_001_000) if is_bsn(str(number))]
    assert kinds(table(NR=[float(number) for number in eight]), rules) == [("bsn", "NR")]
    # A few that were mistyped do not hide the rest.
    assert kinds(table(NR=[float(number) for number in some] + RANDOM[:10]), rules) == [("bsn", "NR")]
    assert kinds(table(NR=[*(float(number) for number in some), 999999999.0, 8.0, 9.0]), rules) == [
        ("bsn", "NR")
    ]


def test_random_numbers_of_nine_digits_pass_by_chance(rules: PrivacyRules):
    passing = sum(is_bsn(str(int(number))) for number in RANDOM)
    assert 150 < passing < 220  # one in eleven of 2,000
    assert found(table(NR=RANDOM), rules) == []
    assert found(table(NR=[str(int(number)) for number in RANDOM]), rules) == []
    assert found(table(CODE=[f"nr {number:.0f}" for number in RANDOM]), rules) == []
    one = next(number for number in RANDOM if is_bsn(str(int(number))))
    assert found(table(NR=[one]), rules) == []
    assert found(table(DATUM=[20161103.0 + day for day in range(20)]), rules) == []
    assert found(table(EURO=[111222333.5, 123456782.25, 10_000_008.1]), rules) == []


def test_a_pilot_with_few_rows_is_told_by_the_name_of_the_column(rules: PrivacyRules):
    assert kinds(table(BSN=[111222333.0]), rules) == [("bsn", "BSN")]
    assert kinds(table(V9=["111222333"], labels={"V9": "Burgerservicenummer"}), rules) == [("bsn", "V9")]
    assert found(table(V9=[111222333.0]), rules) == []
    assert found(table(BSN=RANDOM), rules) == []


def test_the_chance_is_that_of_the_binomial():
    assert tail(1, 1) == pytest.approx(1 / 11)
    assert tail(2, 2) == pytest.approx(1 / 121)
    assert tail(1, 2) == pytest.approx(1 - (10 / 11) ** 2)
    assert tail(0, 5) == 1.0


def test_telephone_numbers_in_numeric_and_coded_columns(rules: PrivacyRules):
    mobile = [612345600.0 + number for number in range(20)]
    assert kinds(table(V=mobile), rules) == [("telephone_number", "V")]
    assert kinds(table(V=[31_000_000_000 + number for number in mobile]), rules) == [
        ("telephone_number", "V")
    ]
    assert kinds(table(V=[f"0{number:.0f}" for number in mobile]), rules) == [("telephone_number", "V")]
    assert kinds(table(TELEFOON=[703458900.0, 612345678.0]), rules) == [("telephone_number", "TELEFOON")]
    assert found(table(V=RANDOM), rules) == []
    assert found(table(V=[f"{number:010d}" for number in range(1, 500)]), rules) == []
    assert found(table(V=[201_600_000.0 + number for number in range(200)]), rules) == []


def test_a_postcode_beside_the_number_of_the_house(rules: PrivacyRules):
    codes = ["1234AB", "2511 CV", "9711lm", None]
    assert kinds(table(PC=codes, HUISNR=[1.0, 2.0, 3.0, 4.0]), rules) == [("address", "PC")]
    assert kinds(table(PC=codes, V2=["1", "2a", "3", "4"], labels={"V2": "Uw huisnummer"}), rules) == [
        ("address", "PC")
    ]
    # Neither says who somebody is by itself, and four digits are a neighbourhood.
    assert found(table(PC=codes), rules) == []
    assert found(table(PC=["1234", "2511"], HUISNR=[1.0, 2.0]), rules) == []
    assert found(table(PC=codes, HUISNR=[1.0, 2.0, 3.0, 4.0]), rules, "HUISNR") == []


def test_columns_of_names(rules: PrivacyRules):
    assert kinds(table(V=["Jan", "Anneke", "Kees", "Wilfert"]), rules) == [("person_name", "V")]
    assert kinds(table(V=["jansen", "de vries", "van dijk", "Wollebrand"]), rules) == [("person_name", "V")]
    assert kinds(table(V=["P. Wollebrand", "K.L. Oosterbaan", "Q. Zwerver"]), rules) == [("person_name", "V")]
    assert found(table(V=["a. water", "b. groot", "C. Klein", "d. bos", "A. De eerste"]), rules) == []
    odd = ["Xaviera", "Quintijn", "Ysbrand"]
    assert kinds(table(V=odd, labels={"V": "Achternaam"}), rules) == [("person_name", "V")]
    assert found(table(V=odd), rules) == []
    assert found(table(V=["Bakker", "Slager", "Visser", "Kok", "Smid"]), rules) == []
    assert found(table(V=["Jan", "Utrecht", "Zwolle", "Ede", "Assen", "Epe", "Tiel"]), rules) == []
    assert found(table(NAAM=["Utrecht", "Bergen op Zoom", "Hendrik-Ido-Ambacht"]), rules) == []


def test_undeclared_open_text(rules: PrivacyRules):
    own = [f"hij riep nummer {n} door de hele zaal en liep toen boos weg" for n in range(30)]
    listed = ["Ja, een of meer keer in de afgelopen twaalf maanden tijdens het werk"] * 50
    assert kinds(table(V=own + [None] * 100), rules) == [("open_text", "V")]
    assert found(table(V=own), rules)[0].message == "30 answers look like people's own words"
    assert "`free_text`" in found(table(V=own), rules)[0].remedy
    assert found(table(V=listed + ["Nee"] * 50), rules) == []
    # Two rare answers of a long list are no open question.
    assert found(table(V=[*listed, *own[:2]]), rules) == []


def test_the_codebook_is_read_too(rules: PrivacyRules):
    labels = {"V": "Vragen? Bel J. de Vries, 070-3458900"}
    source = table(
        "Contact: j.bakker@bureau.nl", labels, (("V", "1", "dhr. Jansen"), ("V", "2", "Nee")), V=[1.0, 2.0]
    )
    problems = found(source, rules)
    assert sorted((p.kind, p.variable) for p in problems) == [
        ("email_address", ""),
        ("person_name", "V"),
        ("telephone_number", "V"),
    ]
    assert all(p.message.count("holds") or "hold" in p.message for p in problems)
    for text in ("bakker", "Vries", "Jansen", "3458900"):
        assert text not in str(problems)
    # What never lands has no label in landing either.
    assert kinds(source, rules, "V") == [("email_address", "")]


def test_labels_that_are_nobodys(rules: PrivacyRules):
    labels = {
        "V": "Vragen? helpdesk@bureau.nl, 0800-8051, Postbus 20011, 2500 EA Den Haag",
        "W": "Aanhef (dhr. / mevr.), in 2016 en 2018",
    }
    values = (
        ("W", "1", "De heer"),
        ("W", "2", "Mevrouw"),
        ("V", "1", "Burgemeester"),
        ("V", "2", "i.v.m. de Raad"),
    )
    assert found(table("Monitor 2016 (info@bureau.nl)", labels, values, V=[1.0], W=[1.0]), rules) == []


def test_labelled_texts_are_read_as_labels(rules: PrivacyRules):
    source = table("", {}, (("V", "jan@voorbeeld.example", "Anders"),), V=["Ja", "Nee"])
    assert kinds(source, rules) == [("email_address", "V")]
    assert "voorbeeld.example" not in str(found(source, rules))


def excepting(rules: PrivacyRules, **changes: str) -> PrivacyRules:
    row = {
        "wave_id": "vi_2016",
        "file_id": "a",
        "source_variable": "V",
        "place": "answers",
        "kind": "person_name",
        "reason": "FG: partijnamen",
    }
    return replace(rules, exceptions=({**row, **changes},))


def test_what_a_person_excepts_passes_and_nothing_else(rules: PrivacyRules):
    source = table(V=["Lijst Jan de Vries", "geen"], W=["dhr. Jansen"])
    assert kinds(source, rules) == [("person_name", "V"), ("person_name", "W")]
    assert kinds(source, excepting(rules)) == [("person_name", "W")]
    assert rules.fingerprint("vi_2016", "a") != excepting(rules).fingerprint("vi_2016", "a")
    assert rules.fingerprint("vi_2016", "b") == excepting(rules).fingerprint("vi_2016", "b")


@pytest.mark.parametrize(
    "changes",
    [{"source_variable": "X"}, {"place": "codebook"}, {"kind": "iban"}],
    ids=lambda row: next(iter(row)),
)
def test_an_exception_that_matches_nothing_is_an_error(changes: dict[str, str], rules: PrivacyRules):
    source = table(V=["Lijst Jan de Vries", "geen"])
    assert ("unused_privacy_exception", changes.get("source_variable", "V")) in kinds(
        source, excepting(rules, **changes)
    )


def test_an_exception_for_another_file_is_not_for_this_one(rules: PrivacyRules):
    source = table(V=["Lijst Jan de Vries", "geen"])
    assert kinds(source, excepting(rules, file_id="b")) == [("person_name", "V")]
    manifest = SimpleNamespace(wave="vi_2016", current=[entry()])
    (problem,) = exceptions_without_file(manifest, excepting(rules, file_id="b"))
    assert (problem.kind, problem.exit_code) == ("unused_privacy_exception", 1)
    assert exceptions_without_file(manifest, excepting(rules)) == []
    assert exceptions_without_file(manifest, excepting(rules, wave_id="vi_2018")) == []


def test_the_sample_gives_no_alarm(project_root: Path, registry: Registry, rules: PrivacyRules):
    seen = 0
    for manifest in find_deliveries(project_root / "raw", registry)[::4]:
        for file in manifest.current:
            source = read_source(manifest.folder, file)
            assert personal_data_problems(source, file, manifest.wave, rules) == []
            # The declared ones are there, and would be found.
            bare = SimpleNamespace(file_id=file.file_id, path=file.path, dropped=frozenset())
            told = kinds_of(personal_data_problems(source, bare, manifest.wave, rules))
            assert ("email_address", file.identifiers[0]) in told
            seen += 1
    assert seen >= 7


def kinds_of(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.kind, problem.variable) for problem in problems]


# What the alarms on files of other people are, and why each is right.
RIGHT_ALARMS = {
    "testdata.sav": [("open_text", "string"), ("open_text", "string_500")],  # paragraphs, another in each row
}


def test_other_peoples_files_give_no_false_alarm(project_root: Path, rules: PrivacyRules):
    shared = project_root.parent / "shared"
    if not (shared / "zoo").is_dir():
        pytest.skip("../shared/zoo is absent")
    files = [*(shared / "zoo").rglob("*.*sav"), *(shared / "zoo").rglob("*.por")]
    files += (shared / "reference" / "lapop").glob("*.sav")
    read = 0
    for path in sorted(files):
        try:
            source = read_por(path) if path.suffix == ".por" else read_sav(path)
        except DeliveryProblems:
            continue
        read += 1
        assert kinds(source, rules) == RIGHT_ALARMS.get(path.name, []), path.name
    assert read >= 30


def edited(tmp_path: Path, project_root: Path, change) -> Registry:
    root = tmp_path / "seeds"
    shutil.copytree(project_root / "dbt_project" / "seeds", root)
    declared = TABLES["privacy_rules"]
    rows = change([dict(row) for row in load_registry(root).table("privacy_rules")])
    text = canonical_csv(declared.column_names, (row.values() for row in rows))
    (root / declared.path).write_text(text, encoding="utf-8")
    return load_registry(root)


SPOILT_RULES = {
    "missing_privacy_rule": lambda rows: [row for row in rows if row["rule_id"] != "bsn_number_share"],
    "unknown_privacy_rule": lambda rows: [
        {**row, "measure": "words"} if row["rule_id"] == "iban_codebook_values" else row for row in rows
    ],
    "privacy_rule_value": lambda rows: [
        {**row, "threshold": "50"} if row["rule_id"] == "bsn_number_share" else row for row in rows
    ],
}


@pytest.mark.parametrize("kind", SPOILT_RULES)
def test_rules_are_whole(kind: str, tmp_path: Path, project_root: Path):
    problems = list(privacy_rules_are_whole(edited(tmp_path, project_root, SPOILT_RULES[kind])))
    assert kind in [problem.kind for problem in problems]
    assert all(problem.file.startswith("registry/privacy_rules.csv") for problem in problems)


def test_a_kind_that_is_allowed_is_not_looked_for(tmp_path: Path, project_root: Path):
    registry = edited(
        tmp_path,
        project_root,
        lambda rows: [
            {**row, "verdict": "allow"} if (row["kind"], row["place"]) == ("iban", "answers") else row
            for row in rows
        ],
    )
    assert list(privacy_rules_are_whole(registry)) == []
    assert found(table(V=PERSONAL["iban"]), privacy_rules(registry)) == []
    assert kinds(table(V=PERSONAL["email_address"]), privacy_rules(registry)) == [("email_address", "V")]


def test_a_registry_without_rules_of_its_own_has_the_projects(
    tmp_path: Path, project_root: Path, rules: PrivacyRules
):
    registry = edited(tmp_path, project_root, lambda _: [])
    assert list(privacy_rules_are_whole(registry)) == []
    assert privacy_rules(registry).thresholds == rules.thresholds
    for name in ("privacy_rules", "privacy_terms", "privacy_exceptions"):
        (tmp_path / "seeds" / "registry" / f"{name}.csv").unlink()
    absent = load_registry(tmp_path / "seeds")
    assert privacy_rules(absent).thresholds == rules.thresholds
    assert kinds(table(V=PERSONAL["person_name"]), privacy_rules(absent)) == [("person_name", "V")]
