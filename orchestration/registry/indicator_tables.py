"""Tables of what is measured: code lists, concepts, bases and indicators."""

from __future__ import annotations

from orchestration.registry.declaration import Column, Table, flag, labels, row_status, score, sort_order

FOLDER = "registry"
CODELISTS = "codelists"
MISSING_KINDS = ("dont_know", "refused", "not_applicable", "not_stated", "system")
CONCEPT = "concepts.concept_id"

TABLES = (
    Table(
        "codelists",
        CODELISTS,
        "one row per code of a code list",
        ("codelist_id", "code"),
        (
            Column("codelist_id", "name of the code list", "ja_nee"),
            Column("code", "code of an answer", "ja"),
            *labels("ja", "yes"),
            sort_order(),
        ),
    ),
    Table(
        "missing_kinds",
        CODELISTS,
        "one row per kind of missing answer",
        ("missing_kind",),
        (
            Column("missing_kind", "name of the kind", "dont_know", allowed=MISSING_KINDS),
            *labels("weet niet", "does not know"),
        ),
    ),
    Table(
        "concepts",
        FOLDER,
        "one row per concept: a question as it is meant, whatever a wave called it",
        ("concept_id",),
        (
            Column("concept_id", "name of the concept", "victim_threat"),
            Column(
                "theme_id",
                "theme; empty for background",
                "safety",
                required=False,
                references="themes.theme_id",
            ),
            Column(
                "block_id",
                "block of questions; empty for background",
                "victimisation",
                required=False,
                references="blocks.block_id",
            ),
            Column("type", "kind of answer", "categorical", allowed=("categorical", "numeric", "text")),
            Column(
                "codelist_id",
                "code list of the answers; categorical only",
                "ja_nee",
                required=False,
                references="codelists.codelist_id",
            ),
            *labels("Bedreigd", "Threatened"),
            flag("is_sensitive", "whether an answer may harm who gave it", "true"),
            Column(
                "valid_min",
                "smallest valid number; also the low end of a scale that is reversed",
                "1",
                "number",
                required=False,
            ),
            Column(
                "valid_max",
                "largest valid number; also the high end of a scale that is reversed",
                "5",
                "number",
                required=False,
            ),
        ),
    ),
    Table(
        "derived_concepts",
        FOLDER,
        "one row per concept that is made from others",
        ("concept_id",),
        (
            Column("concept_id", "concept that is derived", "victim_any", references=CONCEPT),
            Column(
                "verb",
                "how: one input has a listed code, all have, or how many have",
                "any_of",
                allowed=("any_of", "all_of", "count_of"),
            ),
            Column("code_when_true", "code where that holds; empty for `count_of`", "ja", required=False),
            Column("code_when_false", "code where it does not; empty for `count_of`", "nee", required=False),
        ),
    ),
    Table(
        "derived_inputs",
        FOLDER,
        "one row per derived concept, input and code that counts",
        ("concept_id", "input_concept_id", "code"),
        (
            Column(
                "concept_id",
                "concept that is derived",
                "victim_any",
                references="derived_concepts.concept_id",
            ),
            Column("input_concept_id", "concept that it is made from", "victim_threat", references=CONCEPT),
            Column("code", "code of the input that counts", "ja"),
        ),
    ),
    Table(
        "routing",
        FOLDER,
        "one row per wave, instrument, question, gate and answer that opens the gate. System "
        "missing behind a closed gate means `not_applicable`",
        ("wave_id", "instrument_id", "concept_id", "gate_concept_id", "code"),
        (
            Column("wave_id", "wave", "vi_2016", references="waves.wave_id"),
            Column("instrument_id", "instrument", "office_holders", references="instruments.instrument_id"),
            Column("concept_id", "question behind the gate", "incident_reported", references=CONCEPT),
            Column("gate_concept_id", "question that is the gate", "victim_any", references=CONCEPT),
            Column("code", "answer that opens it", "ja"),
            row_status(),
            score(),
        ),
    ),
    Table(
        "bases",
        FOLDER,
        "one row per base: who is in the denominator",
        ("base_id",),
        (
            Column("base_id", "name of the base", "victims"),
            *labels("slachtoffers", "victims"),
            Column("note", "what a reader should know", "laatste voorval", required=False),
        ),
    ),
    Table(
        "base_rules",
        FOLDER,
        "one row per base, concept and answer that brings a respondent into it",
        ("base_id", "concept_id", "code"),
        (
            Column("base_id", "base", "victims", references="bases.base_id"),
            Column("concept_id", "concept that decides", "victim_any", references=CONCEPT),
            Column("code", "answer that brings a respondent in", "ja"),
        ),
    ),
    Table(
        "base_missings",
        FOLDER,
        "one row per base and kind of missing answer that stays in the denominator",
        ("base_id", "missing_kind"),
        (
            Column("base_id", "base", "all_asked", references="bases.base_id"),
            Column("missing_kind", "kind that stays", "dont_know", references="missing_kinds.missing_kind"),
        ),
    ),
    Table(
        "families",
        FOLDER,
        "one row per family of tests that are adjusted together",
        ("family_id",),
        (
            Column("family_id", "name of the family", "victimisation"),
            *labels("Toetsen over slachtofferschap", "Tests on victimhood"),
        ),
    ),
    Table(
        "indicators",
        FOLDER,
        "one row per indicator",
        ("indicator_id",),
        (
            Column("indicator_id", "name of the indicator", "victim_any_12m"),
            *labels("Slachtoffer van agressie", "Victim of aggression"),
            Column("theme_id", "theme", "safety", references="themes.theme_id"),
            Column("block_id", "block", "victimisation", references="blocks.block_id"),
            Column("concept_id", "concept that is counted or averaged", "victim_any", references=CONCEPT),
            Column(
                "denominator_concept_id",
                "number that `concept_id` is divided by; ratio only",
                "",
                required=False,
                references=CONCEPT,
            ),
            Column(
                "statistic",
                "what is estimated; `total` is the weighted sum over who answered, and a total of the population only "
                "where the weights add up to it",
                "proportion",
                allowed=("proportion", "mean", "total", "ratio"),
            ),
            Column("unit", "unit of the estimate", "percent", allowed=("percent", "mean", "count", "ratio")),
            Column("base_id", "who is in the denominator", "all_answered", references="bases.base_id"),
            Column(
                "family_id",
                "tests that are adjusted together",
                "victimisation",
                references="families.family_id",
            ),
            flag("is_sensitive", "whether stricter disclosure rules apply", "true"),
            flag("is_headline", "whether it is in the printed headline trend", "true"),
            sort_order(),
            Column(
                "granularity",
                "where answer lists changed: `fine`, it or its base uses the answers as some waves had them, or "
                "`general`, it or its base uses an answer that joins them (`any_of`) and runs through; empty where "
                "neither changed its list",
                "",
                required=False,
                allowed=("fine", "general"),
            ),
        ),
    ),
    Table(
        "indicator_codes",
        FOLDER,
        "one row per indicator and answer, or kind of missing, in the numerator; a mean has none",
        ("indicator_id", "code", "missing_kind"),
        (
            Column("indicator_id", "indicator", "victim_any_12m", references="indicators.indicator_id"),
            Column("code", "code that counts; or else `missing_kind`", "ja", required=False),
            Column(
                "missing_kind",
                "kind of missing that counts; or else `code`",
                "",
                required=False,
                references="missing_kinds.missing_kind",
            ),
        ),
    ),
)
