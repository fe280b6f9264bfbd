"""Tables that say what each delivered variable and code means."""

from __future__ import annotations

from orchestration.registry.declaration import Column, Table, row_status, score

FOLDER = "crosswalk"

UNFED = ("not_asked", "impossible")
"""Verbs of a concept that no variable feeds: not asked, or asked in a form that cannot be harmonised."""

_WHERE = (
    Column("wave_id", "wave", "vi_2016", references="waves.wave_id"),
    Column("instrument_id", "instrument", "office_holders", references="instruments.instrument_id"),
    Column("file_id", "file of the manifest; empty: every file of the instrument", "", required=False),
)

TABLES = (
    Table(
        "xw_variables",
        FOLDER,
        "one row per delivered variable and concept that it feeds, or concept that was not asked or in another form",
        ("wave_id", "instrument_id", "file_id", "source_variable", "concept_id"),
        (
            *_WHERE,
            Column(
                "source_variable",
                "name in the delivered file; empty for `not_asked` and `impossible`",
                "V12",
                required=False,
            ),
            Column(
                "source_label",
                "question text (variable label) in the delivered file; empty where it has none",
                "Bedreigd in de afgelopen 12 maanden",
                required=False,
            ),
            Column("concept_id", "concept that it feeds", "victim_threat", references="concepts.concept_id"),
            Column(
                "verb",
                "how the variable becomes the concept; see the table of verbs",
                "recode",
                allowed=("copy", "recode", "reverse", "bucket", *UNFED),
            ),
            Column(
                "comparability",
                "how well it fits the concept",
                "identical",
                required=False,
                allowed=("identical", "comparable", "limited"),
            ),
            row_status(required=True),
            score(),
            Column("note", "what a colleague should know", "vraag begint met 'wel eens'", required=False),
        ),
    ),
    Table(
        "xw_left_out",
        FOLDER,
        "one row per delivered variable that feeds no concept",
        ("wave_id", "instrument_id", "file_id", "source_variable"),
        (
            *_WHERE,
            Column("source_variable", "name in the delivered file", "q7_1"),
            Column(
                "source_label",
                "question text (variable label) in the delivered file; empty where it has none",
                "Achtergrond: jaren ervaring",
                required=False,
            ),
            Column("status", "only accepted rows count", "accepted", allowed=("accepted", "proposed")),
            Column("reason", "why it feeds nothing", "geen begrip van de monitor"),
        ),
    ),
    Table(
        "xw_values",
        FOLDER,
        "one row per delivered code: its label and what it means",
        ("wave_id", "instrument_id", "file_id", "source_variable", "source_code"),
        (
            *_WHERE,
            Column("source_variable", "name in the delivered file", "V12"),
            Column("source_code", "code in the delivered file", "1"),
            Column(
                "source_label",
                "its label in the delivered file; empty where it has none",
                "Ja, eens",
                required=False,
            ),
            Column("code", "code of the concept's code list; or else `missing_kind`", "ja", required=False),
            Column(
                "missing_kind",
                "kind of missing; or else `code`",
                "",
                required=False,
                references="missing_kinds.missing_kind",
            ),
            row_status(),
            score(),
            Column("note", "what a colleague should know", "label 2022: 'Ja'", required=False),
        ),
    ),
    Table(
        "xw_buckets",
        FOLDER,
        "one row per range of numbers of a bucketed variable",
        ("wave_id", "instrument_id", "file_id", "source_variable", "concept_id", "lower"),
        (
            *_WHERE,
            Column("source_variable", "name in the delivered file", "LEEFTIJD"),
            Column("concept_id", "concept that it feeds", "age_class", references="concepts.concept_id"),
            Column("lower", "smallest number of the range, itself included", "35", "number"),
            Column("upper", "largest number of the range, itself included", "44", "number"),
            Column("code", "code of the concept's code list", "35_44"),
            row_status(),
            score(),
            Column(
                "note", "what a colleague should know", "jaren schuiven met de meting mee", required=False
            ),
        ),
    ),
)
