"""Tables that say what counts as personal data in a delivery, and what a person has judged to be none."""

from __future__ import annotations

from orchestration.registry.declaration import Column, Table

FOLDER = "registry"
KINDS = (
    "email_address",
    "telephone_number",
    "bsn",
    "iban",
    "address",
    "person_name",
    "open_text",
)
"""Personal data that is looked for."""
PLACES = ("answers", "digits", "number", "cells", "columns", "named", "codebook", "message")
MEASURES = ("values", "share", "chance", "words", "respondents", "digits")

TABLES = (
    Table(
        "privacy_rules",
        FOLDER,
        "one row per measure that has to hold before a column or a codebook is refused; absent or empty: the "
        "project's own rows",
        ("rule_id",),
        (
            Column("rule_id", "name of the rule", "bsn_number_share"),
            Column("kind", "what is looked for", "bsn", allowed=(*KINDS, "unlabelled_code")),
            Column(
                "place",
                "where: `answers` that are text, cells of text that are all `digits`, a numeric column "
                "(`number`), whole text `cells`, several `columns` together, a column `named` after it, the "
                "`codebook`, or a `message` of the program",
                "number",
                allowed=PLACES,
            ),
            Column(
                "measure",
                "different `values` that hold it (at least), their `share` of those that could (at least), the "
                "`chance` of so many among random numbers (at most), `words` of a long text (at least), "
                "`respondents` who gave a value (at least) and its `digits` (at most)",
                "share",
                allowed=MEASURES,
            ),
            Column("threshold", "with what it is compared", "0.5", "number"),
            Column(
                "verdict",
                "refuse when every row of this kind and place holds, withhold from messages what does not "
                "hold, or allow: not looked for",
                "refuse",
                allowed=("refuse", "withhold", "allow"),
            ),
            Column(
                "reason", "why this threshold", "een kolom met BSN's bestaat er voor het grootste deel uit"
            ),
        ),
        is_optional=True,
    ),
    Table(
        "privacy_terms",
        FOLDER,
        "one row per word that a recogniser knows; absent or empty: the project's own rows",
        ("term_list", "term"),
        (
            Column(
                "term_list",
                "what the word is",
                "surname_prefix",
                allowed=(
                    "abbreviation",
                    "calling_code",
                    "dialling_region",
                    "functional_mailbox",
                    "given_name",
                    "named_bsn",
                    "named_house_number",
                    "named_person_name",
                    "named_telephone_number",
                    "not_a_name",
                    "not_a_postcode",
                    "not_a_street",
                    "salutation",
                    "surname",
                    "surname_adjective",
                    "surname_ending",
                    "surname_prefix",
                    "surname_word",
                    "title",
                ),
            ),
            Column(
                "term",
                "the word, in lower case; `named_*` are words of a variable's name or label; a `dialling_region` is a "
                "country whose numbers are written without its code, a `calling_code` one that long numbers may "
                "begin with",
                "van",
            ),
        ),
        is_optional=True,
    ),
    Table(
        "privacy_exceptions",
        FOLDER,
        "one row per finding that a person has judged to be no personal data",
        ("wave_id", "file_id", "source_variable", "place", "kind"),
        (
            Column("wave_id", "wave", "vi_2016", references="waves.wave_id"),
            Column("file_id", "file of the manifest", "ambtsdragers"),
            Column(
                "source_variable",
                "name in the delivered file; empty: the label of the file itself",
                "V12_anders",
                required=False,
            ),
            Column(
                "place",
                "in the answers, or in the labels of variable and codes",
                "codebook",
                allowed=("answers", "codebook"),
            ),
            Column("kind", "what was found", "telephone_number", allowed=KINDS),
            Column("reason", "who judged so, and why", "DPO 2024-03-01: nummer van de helpdesk"),
        ),
        is_optional=True,
    ),
)
