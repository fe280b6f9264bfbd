"""Recognisers of personal data: what each finds, and what only looks like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.deliveries.personal_data import (
    Terms,
    has_address,
    has_bsn,
    has_email,
    has_iban,
    has_own_email,
    has_telephone,
    is_bsn,
    is_postcode,
    is_telephone,
    word_count,
)
from orchestration.deliveries.plain_text import plain
from orchestration.deliveries.privacy_rules import PrivacyRules, privacy_rules
from orchestration.registry import load_registry


@pytest.fixture(scope="module")
def rules(project_root: Path) -> PrivacyRules:
    return privacy_rules(load_registry(project_root / "dbt_project" / "seeds"))


def test_text_has_one_form():
    assert plain("０６－１２３４") == "06-1234"
    assert plain("Jansen–de\u00a0Vries\u200b ") == "Jansen-de Vries"
    assert plain("Ｊａｎ") == "Jan"
    assert plain("٠٦") == "06"
    assert plain("  a \t\n b ") == "a b"
    assert plain("d’Hont") == "d'Hont"


@pytest.mark.parametrize(
    "text",
    ["jan@voorbeeld.nl", "zie jan.de.vries+x@sub.voorbeeld.nl.", "jan (at) voorbeeld.nl", "ｊ＠voorbeeld.nl"],
)
def test_emails(text: str):
    assert has_email(plain(text))


@pytest.mark.parametrize(
    "text", ["@jan", "a@b", "3@5", "kijk @ school.", "met @voorbeeld.nl", "jan @ huis.nl"]
)
def test_no_emails(text: str):
    assert not has_email(plain(text))


def test_the_mailbox_of_a_function_is_nobodys_own(rules: PrivacyRules):
    assert not has_own_email("Vragen? helpdesk@bureau.nl of monitor-helpdesk@bureau.nl", rules.terms)
    assert has_own_email("Vragen? helpdesk@bureau.nl of j.bakker@bureau.nl", rules.terms)


@pytest.mark.parametrize(
    "text",
    [
        "06-12345678",
        "bel 06 1234 5678 graag",
        "+31 6 12345678",
        "0031612345678",
        "(070) 3458900",
        "070-3458900",
        "+32 470 12 34 56",
        "０６－１２３４５６７８",
        "+31 (0)6 12345678",
        "06‑12345678",
    ],
)
def test_telephone_numbers(text: str, rules: PrivacyRules):
    assert has_telephone(plain(text), rules.terms)


@pytest.mark.parametrize(
    "text",
    [
        "2010-2012",
        "0800-8051",
        "14020",
        "112",
        "12-03-2016",
        "1234-567890",
        "000123456789",
        "€ 1.000.000",
        "0,12345678",
        "2016-11-03 10:12:33",
        "01-02-2016 10:30:00",
        "111222333",
    ],
)
def test_no_telephone_numbers(text: str, rules: PrivacyRules):
    assert not has_telephone(plain(text), rules.terms)


def test_telephone_numbers_that_are_digits_alone(rules: PrivacyRules):
    terms = rules.terms
    assert is_telephone("0612345678", terms)
    assert is_telephone("31612345678", terms)
    assert is_telephone("612345678", terms, is_number=True)
    assert not is_telephone("612345678", terms)
    assert not is_telephone("201600123", terms, is_number=True)
    assert not is_telephone("0000012345", terms)
    assert not is_telephone("20161103101233", terms)


def test_another_country_dials_otherwise():
    belgian = Terms({"dialling_region": frozenset({"be"})})
    assert has_telephone("0470 12 34 56", belgian)
    assert not has_telephone("070-3458900", Terms({}))
    assert has_telephone("+31 70 3458900", Terms({}))


def test_the_eleven_proof():
    assert is_bsn("111222333")
    assert is_bsn("123456782")
    assert is_bsn("10000008")  # 010000008, as a spreadsheet keeps it
    assert not is_bsn("123456789")
    assert not is_bsn("1112223")
    assert sum(is_bsn(str(number)) for number in range(200_000_000, 200_011_000)) == 1000


@pytest.mark.parametrize(
    "text", ["mijn bsn is 111222333", "BSN: 123456782.", "1112.22.333 dus", "111 222 333"]
)
def test_bsn_in_text(text: str):
    assert has_bsn(text)


@pytest.mark.parametrize(
    "text", ["nummer 123456789", "zie 1112223334", "bedrag 111222333,50", "12/111222333"]
)
def test_no_bsn_in_text(text: str):
    assert not has_bsn(text)


@pytest.mark.parametrize(
    "text",
    [
        "NL91ABNA0417164300",
        "nl91 abna 0417 1643 00 op naam",
        "IBAN: NL91.ABNA.0417.1643.00",
        "BE68 5390 0754 7034",
    ],
)
def test_bank_accounts(text: str):
    assert has_iban(text)


@pytest.mark.parametrize("text", ["NL91ABNA0417164301", "NL12 2016", "AB12 CDEF", "DE12 maanden geleden"])
def test_no_bank_accounts(text: str):
    assert not has_iban(text)


@pytest.mark.parametrize(
    "text",
    [
        "1234 AB 12",
        "1234AB-12a",
        "Dorpsstraat 12, 1234 AB Utrecht",
        "dorpsstraat 12a 1234ab",
        "2511 CV, nr. 5",
        "Laan van NOI 131-2, 2593BM Den Haag",
    ],
)
def test_addresses(text: str, rules: PrivacyRules):
    assert has_address(text, rules.terms)


@pytest.mark.parametrize(
    "text",
    [
        "in 2016 en 2018",
        "1234 AB",
        "2016 EN 2018",
        "Postbus 20011, 2500 EA Den Haag",
        "1000 km 5",
        "vraag 5 2016 is",
        "2012 of 2013",
    ],
)
def test_no_addresses(text: str, rules: PrivacyRules):
    assert not has_address(text, rules.terms)


def test_postcodes(rules: PrivacyRules):
    assert is_postcode("1234ab", rules.terms)
    assert is_postcode("1234 AB", rules.terms)
    assert not is_postcode("1234", rules.terms)
    assert not is_postcode("1234 SS", rules.terms)


@pytest.mark.parametrize(
    "text",
    [
        "dhr. Jansen",
        "mevrouw de Vries",
        "mw. A. Bakker",
        "de heer Van den Berg",
        "ik werd bedreigd door meneer jansen",
        "J. de Vries",
        "A.B. Jansen",
        "j.p. bakker",
        "Vries, J. de",
        "Jansen, A.",
        "bakker, anneke",
        "Jan de Vries",
        "anneke van den berg",
        "jan jansen",
        "JAN DE VRIES",
        "gesproken met wethouder Jan de Vries over de zaak",
        "Mohammed El Amrani",
        "Jansen‐de Vries, A.B.",
        "mevrouw Pietersen–Bakker",
        "Anne-Marie Smit",
        "Sjoerd Hiemstra",
        "A. Bakker",
        "J. v.d. Berg",
        "de heer Wit",
        "drs. P. Wollebrand",
        "prof. dr. J. Vermeulen",
        "Ｊａｎ ｄｅ Ｖｒｉｅｓ",
    ],
)
def test_names(text: str, rules: PrivacyRules):
    assert rules.names.has_name(plain(text))


@pytest.mark.parametrize(
    "text",
    [
        "De heer",
        "Dhr. / mevr.",
        "de heer / mevrouw",
        "mevrouw de voorzitter",
        "de heer die dat zei",
        "een mevrouw van de gemeente",
        "Bergen op Zoom",
        "Hendrik-Ido-Ambacht",
        "Capelle aan den IJssel",
        "'s-Hertogenbosch",
        "Partij van de Arbeid",
        "Helemaal mee eens",
        "i.v.m. de Corona",
        "n.v.t. Geen",
        "Drs. Bestuurskunde",
        "mr. in de rechten",
        "ik ben de burgemeester",
        "Burgemeester de Vrieslaan",
        "Utrecht, N.H.",
        "St. Anthonis",
        "via de mail",
        "Vraag 1. A. De eerste",
        "a. de wethouder",
        "a. water",
        "B. Klein",
        "P. Onderwijs",
    ],
)
def test_no_names(text: str, rules: PrivacyRules):
    assert not rules.names.has_name(plain(text))


def test_a_whole_text_that_could_be_a_name(rules: PrivacyRules):
    for text in ("Jan", "jansen", "de Vries", "JM de Boer", "Anneke Wollebrand"):
        assert rules.names.is_name(text), text
    for text in ("Bakker", "Utrecht", "de gemeente", "Noord-Holland", "weet niet", "12"):
        assert not rules.names.is_name(text), text


def test_no_place_or_body_of_the_registers_is_a_person(project_root: Path, rules: PrivacyRules):
    registry = load_registry(project_root / "dbt_project" / "seeds")
    names = {
        value
        for table in ("municipalities", "provinces", "water_authorities")
        for row in registry.table(table)
        for column, value in row.items()
        if column.endswith("name")
    }
    assert len(names) > 500
    assert [name for name in names if rules.names.has_name(name)] == []
    # Anna Paulowna is a municipality, and Bergen (NH.) reads like a surname with initials.
    assert sum(rules.names.is_name(name) for name in names) <= 5


def test_words_are_counted():
    assert word_count("Ja, 1 of 2 keer (a)") == 3
