"""Tables of the study: programmes, waves, instruments, populations and breakdowns."""

from __future__ import annotations

from orchestration.registry.declaration import Column, Table, flag, labels, row_status, sort_order

FOLDER = "registry"

TABLES = (
    Table(
        "programmes",
        FOLDER,
        "one row per programme",
        ("programme_id",),
        (
            Column("programme_id", "short name; also a folder of `raw/`", "vi"),
            *labels("Monitor Veiligheid en Integriteit", "Monitor of safety and integrity"),
            Column("cycle_years", "years between two waves", "2", "integer"),
            Column("group_name", "group of its raw assets in Dagster", "veiligheid_integriteit"),
            Column("refresh_cron", "when the schedule of the programme ticks", "0 7 * * 1"),
            Column("refresh_timezone", "time zone of that schedule", "Europe/Amsterdam"),
            sort_order(),
        ),
    ),
    Table(
        "waves",
        FOLDER,
        "one row per wave",
        ("wave_id",),
        (
            Column("wave_id", "`<programme>_<year>`", "vi_2018"),
            Column(
                "programme_id", "programme that it belongs to", "vi", references="programmes.programme_id"
            ),
            Column("year", "year by which the wave is known", "2018", "integer"),
            Column(
                "reference_period", "what the questions look back on", "afgelopen 12 maanden", required=False
            ),
            Column("fieldwork_from", "first day of fieldwork", "2018-02-01", "date", required=False),
            Column("fieldwork_until", "last day of fieldwork", "2018-03-31", "date", required=False),
            Column("contractor", "who did the fieldwork", "I&O Research", required=False),
            Column("maturity", "whether figures may still change", "final", allowed=("final", "provisional")),
            Column(
                "refresh_from",
                "first day on which the schedule refreshes it",
                "2018-06-01",
                "date",
                required=False,
            ),
            Column(
                "refresh_until",
                "last day on which the schedule refreshes it",
                "2020-05-31",
                "date",
                required=False,
            ),
            Column("note", "what a colleague should know", "alleen veiligheid", required=False),
            row_status(),
        ),
    ),
    Table(
        "themes",
        FOLDER,
        "one row per theme",
        ("theme_id",),
        (
            Column("theme_id", "name of the theme", "safety"),
            *labels("Veiligheid", "Safety"),
        ),
    ),
    Table(
        "blocks",
        FOLDER,
        "one row per block of questions",
        ("block_id",),
        (
            Column("block_id", "name of the block", "victimisation"),
            Column("theme_id", "theme of the block", "safety", references="themes.theme_id"),
            *labels("Slachtofferschap", "Victimhood"),
        ),
    ),
    Table(
        "wave_themes",
        FOLDER,
        "one row per wave and theme that it covers",
        ("wave_id", "theme_id"),
        (
            Column("wave_id", "wave", "vi_2016", references="waves.wave_id"),
            Column("theme_id", "theme that the wave covers", "safety", references="themes.theme_id"),
            row_status(),
        ),
    ),
    Table(
        "instruments",
        FOLDER,
        "one row per instrument",
        ("instrument_id",),
        (
            Column("instrument_id", "name of the instrument", "office_holders"),
            *labels("Belevingsonderzoek politieke ambtsdragers", "Perception survey of office holders"),
            Column(
                "unit_of_observation",
                "what one row of its files is",
                "person",
                allowed=("person", "organisation"),
            ),
        ),
    ),
    Table(
        "wave_instruments",
        FOLDER,
        "one row per wave and instrument",
        ("wave_id", "instrument_id"),
        (
            Column("wave_id", "wave", "vi_2018", references="waves.wave_id"),
            Column("instrument_id", "instrument", "civil_servants", references="instruments.instrument_id"),
            Column(
                "status",
                "whether it was part of the wave; `assumed`: not known, taken to be",
                "not_asked",
                allowed=("asked", "not_asked", "assumed"),
            ),
            Column(
                "reason",
                "why it was not asked, or why it is assumed",
                "niet uitgevoerd in 2018",
                required=False,
            ),
            row_status("row_status"),
        ),
    ),
    Table(
        "layers",
        FOLDER,
        "one row per layer of government",
        ("layer_id",),
        (
            Column("layer_id", "name of the layer", "gemeente"),
            *labels("gemeente", "municipality"),
        ),
    ),
    Table(
        "populations",
        FOLDER,
        "one row per population; a tree",
        ("population_id",),
        (
            Column("population_id", "name of the population", "raadsleden"),
            Column(
                "parent_population_id",
                "population that it is part of; empty at the top",
                "politieke_ambtsdragers_gemeente",
                required=False,
                references="populations.population_id",
            ),
            Column(
                "instrument_id",
                "instrument that reaches it",
                "office_holders",
                references="instruments.instrument_id",
            ),
            *labels("raadsleden", "municipal councillors"),
            Column(
                "description",
                "who is counted, by which instrument, since when and of which scope: a sentence that readers of a "
                "release see",
                "Raadsleden van alle gemeenten, uit de enquête onder politieke ambtsdragers, sinds 2010.",
            ),
            flag("is_public_body", "true for organisations; other disclosure rules apply"),
            sort_order(),
        ),
    ),
    Table(
        "population_rules",
        FOLDER,
        "one row per population, concept and answer that makes a member. A "
        "respondent is one when, for every concept listed, the answer is one of its codes; a population "
        "without rows is everyone of its instrument",
        ("population_id", "concept_id", "code"),
        (
            Column("population_id", "population", "raadsleden", references="populations.population_id"),
            Column("concept_id", "concept that decides", "role", references="concepts.concept_id"),
            Column("code", "one of the codes that make a member", "raadslid"),
        ),
    ),
    Table(
        "organisation_concepts",
        FOLDER,
        "one row per part of what tells an organisation, per number that adds up where organisations merge, and per "
        "answer that two sides may give: whose counts; none for a study of persons alone",
        ("part", "concept_id"),
        (
            Column(
                "part",
                "`code` of the organisation, `type` of who answered for it, `municipality`: which codes are "
                "municipalities' and follow the register, its concept being the layer that a code belongs to (each "
                "once); `total`: a number of reports, which adds up; `answered_by`: "
                "an answer that one side gives for the whole organisation where both answered; `answered_by_each`: an "
                "answer that each side gives for its own part",
                "code",
                allowed=("code", "type", "municipality", "total", "answered_by", "answered_by_each"),
            ),
            Column(
                "concept_id", "concept that says so", "organisation_code", references="concepts.concept_id"
            ),
            Column(
                "code",
                "for `municipality`: the answer that makes it one; for `answered_by`: the `type` that answers",
                "",
                required=False,
            ),
            Column("reason", "why it is this one", "nummer van het bureau"),
        ),
    ),
    Table(
        "breakdowns",
        FOLDER,
        "one row per breakdown",
        ("breakdown_id",),
        (
            Column("breakdown_id", "name of the breakdown", "gender"),
            Column(
                "concept_id",
                "concept whose codes are the cells; empty for `total`",
                "gender",
                required=False,
                references="concepts.concept_id",
            ),
            *labels("Geslacht", "Gender"),
            sort_order(),
        ),
    ),
    Table(
        "population_breakdowns",
        FOLDER,
        "one row per population and breakdown that is published for it",
        ("population_id", "breakdown_id"),
        (
            Column("population_id", "population", "raadsleden", references="populations.population_id"),
            Column("breakdown_id", "breakdown", "gender", references="breakdowns.breakdown_id"),
        ),
    ),
    Table(
        "weighting_margins",
        FOLDER,
        "one row per wave, instrument, concept and code: how many there are in the population. Weights are "
        "recalibrated to these, beside the delivered ones, where a wave and instrument has any",
        ("wave_id", "instrument_id", "concept_id", "code"),
        (
            Column("wave_id", "wave", "vi_2016", references="waves.wave_id"),
            Column("instrument_id", "instrument", "office_holders", references="instruments.instrument_id"),
            Column(
                "concept_id",
                "concept that the population is counted by; every code that its answers can have has a row",
                "role",
                references="concepts.concept_id",
            ),
            Column("code", "code of the concept's code list", "raadslid"),
            Column(
                "population_n",
                "how many there are; only the shares within the concept count",
                "8931",
                "number",
                may_wait=True,
            ),
            Column("source", "where that number was found", "Staat van het Bestuur 2016", may_wait=True),
            row_status(),
        ),
    ),
)
