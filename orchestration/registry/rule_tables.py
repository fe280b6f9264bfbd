"""Tables of rules: breaks in series, disclosure, rounding, estimation, sentences and flags."""

from __future__ import annotations

from orchestration.registry.declaration import Column, Table, labels, row_status, sort_order

FOLDER = "registry"

MEASURES = (
    "complement_n",
    "contributors_n",
    "degrees_of_freedom",
    "ci_relative_width",
    "ci_width",
    "dominance_share",
    "estimate",
    "group_disclosure_share",
    "n_effective",
    "n_unweighted",
    "no_standard_error",
    "numerator_n",
    "relative_standard_error",
)
"""Of a cell, as est_disclosure has them: a rule on anything else would never apply."""


def _publication_rules(name: str, what: str, example: str) -> Table:
    return Table(
        name,
        FOLDER,
        f"one row per rule on {what}",
        ("rule_id",),
        (
            Column("rule_id", "name of the rule", example),
            Column(
                "applies_to",
                "unit of observation that it is for",
                "person",
                allowed=("person", "organisation"),
            ),
            Column("measure", "what is measured of the cell", "n_unweighted", allowed=MEASURES),
            Column("operator", "how it is compared", "<"),
            Column("threshold", "with what", "30", "number"),
            Column(
                "verdict", "what happens to the cell", "suppress", allowed=("suppress", "flag", "publish")
            ),
            Column("marker", "what a suppressed or flagged cell shows", "[u]", required=False),
            Column("reason_code", "name of the reason in the release", "too_few", required=False),
            sort_order(),
            Column("reason", "why this threshold", "NCHS-standaard voor percentages"),
        ),
    )


TABLES = (
    Table(
        "series_breaks",
        FOLDER,
        "one row per break in a series",
        ("break_id",),
        (
            Column("break_id", "name of the break", "ag_2014_contractor"),
            Column("from_wave_id", "last wave before it", "ag_2012", references="waves.wave_id"),
            Column(
                "to_wave_id",
                "first wave after it; for `wave_apart` the same wave",
                "ag_2014",
                references="waves.wave_id",
            ),
            Column(
                "indicator_id",
                "indicator that it touches; empty: the whole block",
                "",
                required=False,
                references="indicators.indicator_id",
            ),
            Column(
                "block_id",
                "block that it touches; empty: every block",
                "victimisation",
                required=False,
                references="blocks.block_id",
            ),
            Column(
                "population_id",
                "population that it touches, with all below it unless `whole_only`; empty: every population",
                "",
                required=False,
                references="populations.population_id",
            ),
            Column(
                "whole_only",
                "`true`: the populations below it are not touched, as when one of them joined or left it",
                "",
                "boolean",
                required=False,
                allowed=("true", "false"),
            ),
            Column(
                "kind",
                "what changed",
                "contractor",
                allowed=(
                    "wording",
                    "answer_list",
                    "scale",
                    "reference_period",
                    "frame",
                    "mode",
                    "contractor",
                    "weighting",
                    "scope",
                ),
            ),
            Column(
                "effect",
                "no change is computed, a change is computed and marked, or the wave stands apart",
                "block",
                allowed=("block", "warn", "wave_apart"),
            ),
            Column(
                "constant_scope_population_id",
                "population that can be followed over the break instead: a part of the one that it touches, which it "
                "does not touch itself; empty where there is none",
                "",
                required=False,
                references="populations.population_id",
            ),
            Column("reason", "what is known", "ander bureau; alle groepen dalen tegelijk"),
            Column("source", "where that was found", "colofons", required=False),
            row_status(),
        ),
    ),
    Table(
        "contrasts",
        FOLDER,
        "one row per pair of domains whose equality is tested within each wave; they share no respondents",
        ("contrast_id",),
        (
            Column("contrast_id", "name of the pair", "women_men_office_holders"),
            *labels("vrouwen en mannen", "women and men"),
            Column("population_id", "first population", "raadsleden", references="populations.population_id"),
            Column("breakdown_id", "breakdown of it", "gender", references="breakdowns.breakdown_id"),
            Column("breakdown_code", "value of that breakdown; `total` for the whole population", "vrouw"),
            Column(
                "other_population_id",
                "second population",
                "raadsleden",
                references="populations.population_id",
            ),
            Column("other_breakdown_id", "breakdown of it", "gender", references="breakdowns.breakdown_id"),
            Column("other_breakdown_code", "value of that breakdown", "man"),
        ),
    ),
    Table(
        "headlines",
        FOLDER,
        "one row per sentence of the headlines",
        ("headline_id",),
        (
            Column("headline_id", "name of the sentence", "victims_office_holders"),
            Column("indicator_id", "indicator", "victim_any_12m", references="indicators.indicator_id"),
            Column(
                "population_id",
                "population",
                "politieke_ambtsdragers",
                references="populations.population_id",
            ),
            Column(
                "text_nl",
                "Dutch text with {estimate} {year}; between [[ and ]] what needs an earlier comparable wave: "
                "{previous} {previous_year} {movement}",
                "In {year} kreeg {estimate}% met agressie te maken[[, tegen {previous}% in {previous_year}]].",
            ),
            Column(
                "text_en",
                "English text with the same places",
                "In {year} {estimate}% experienced aggression[[, against {previous}% in {previous_year}]].",
            ),
            sort_order(),
        ),
    ),
    Table(
        "claims",
        FOLDER,
        "one row per sentence of a report that is checked at each refresh",
        ("claim_id",),
        (
            Column("claim_id", "name of the claim", "rise_2022"),
            Column("wave_id", "wave that it is about", "vi_2022", references="waves.wave_id"),
            Column("text_nl", "the claim in our own Dutch words", "Agressie nam toe sinds 2020."),
            Column("text_en", "the claim in our own English words", "Aggression rose since 2020."),
            Column(
                "publication_id",
                "where it was made",
                "letter_2022",
                required=False,
                references="publications.publication_id",
            ),
            Column(
                "query",
                "DuckDB SQL over the marts with one boolean column `holds`; it is about the indicators, populations "
                "and waves that it names in quotes, and has no verdict where these waves are not comparable",
                "select … as holds",
            ),
        ),
    ),
    _publication_rules("reliability_rules", "reliability", "person_n"),
    _publication_rules("confidentiality_rules", "confidentiality", "person_few"),
    Table(
        "rounding_rules",
        FOLDER,
        "one row per released column and unit that is rounded",
        ("column_name", "unit"),
        (
            Column("column_name", "column of a released table", "estimate"),
            Column("unit", "unit that the rule is for; empty: every unit", "percent", required=False),
            Column("round_to", "values are rounded to multiples of this", "0.1", "number"),
            Column("reason", "why this was chosen", "percentages met een decimaal"),
        ),
    ),
    Table(
        "estimation_policies",
        FOLDER,
        "one row per choice of the estimator",
        ("policy_id",),
        (
            Column("policy_id", "name of the choice", "lonely_psu"),
            Column("value", "what was chosen", "adjust"),
            Column("reason", "why this was chosen", "zoals R survey"),
        ),
    ),
    Table(
        "reading_limits",
        FOLDER,
        "one row per limit on the process that reads a delivered file; the project's own row where there is none",
        ("limit_id",),
        (
            Column("limit_id", "name of the limit", "memory_base"),
            Column("value", "how much", "2048", "number"),
            Column(
                "unit",
                "unit of the value",
                "megabytes",
                allowed=("bytes_per_byte", "megabytes", "seconds", "seconds_per_megabyte", "share", "times"),
            ),
            Column("reason", "why this much", "een meting van honderdduizend rijen past erin"),
        ),
        is_optional=True,
    ),
    Table(
        "proposal_rules",
        FOLDER,
        "one row per bound or weight by which `peilstok new-wave` scores its proposals",
        ("rule_id",),
        (
            Column("rule_id", "name of the bound or weight", "lowest_score"),
            Column("value", "what was chosen", "0.5", "number"),
            Column("reason", "why this was chosen", "daaronder raadt het programma"),
        ),
    ),
    Table(
        "quality_flags",
        FOLDER,
        "one row per check that flags instead of blocks",
        ("check_id",),
        (
            Column("check_id", "name of the check", "assert_response_known"),
            Column("severity", "what a failure does", "flag", allowed=("error", "flag")),
            Column("owner", "who looks after it", "dataredactie"),
            Column("expires_on", "day after which it blocks", "2027-12-31", "date"),
            Column("reason", "why it does not block", "steekproefkader ontbreekt"),
        ),
    ),
)
