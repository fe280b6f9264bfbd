"""Tables of what was published before, and the real registers."""

from __future__ import annotations

from orchestration.registry.declaration import Column, Table, flag

FOLDER = "published"
EXPECTED = (
    "also_broken", "asked", "assumed", "broken", "comparable", "marked", "no_earlier_wave", "not_asked", "warned",
)  # fmt: skip

TABLES = (
    Table(
        "publications",
        FOLDER,
        "one row per publication",
        ("publication_id",),
        (
            Column("publication_id", "name of the publication", "letter_2022"),
            Column("title", "its title", "Kamerbrief Monitor 2022"),
            Column("url", "where it is found", "https://example.org/letter", required=False),
            Column("published_on", "day, month or year of publication", "2022-11", required=False),
        ),
    ),
    Table(
        "published_figures",
        FOLDER,
        "one row per figure and publication",
        ("figure_id",),
        (
            Column("figure_id", "name of the figure", "vi_2022_victim_any_12m_raadsleden_1"),
            Column("indicator_id", "indicator; of a count or a fact, its own name", "victim_any_12m"),
            Column(
                "wave_id",
                "wave; empty for what is outside every wave",
                "vi_2022",
                required=False,
                references="waves.wave_id",
            ),
            Column("population_id", "population; of a fact, its own name", "raadsleden", required=False),
            Column(
                "breakdown_id",
                "breakdown of the cell",
                "total",
                required=False,
                references="breakdowns.breakdown_id",
            ),
            Column("breakdown_code", "code of the cell; empty for `total`", "", required=False),
            Column("value", "the figure as published", "45", required=False),
            Column(
                "qualifier", "how exact it is", "exact", allowed=("exact", "about", "more_than", "less_than")
            ),
            Column("unit", "its unit", "percent"),
            Column(
                "kind",
                "what it is: an estimate, a number of respondents, or another fact",
                "estimate",
                allowed=("estimate", "response_count", "fact"),
            ),
            Column(
                "base_id",
                "who is in the denominator",
                "all_answered",
                required=False,
                references="bases.base_id",
            ),
            Column(
                "publication_id",
                "where it was published",
                "letter_2022",
                references="publications.publication_id",
            ),
            flag("is_followed", "whether this publication is followed where several disagree", "true"),
            Column("note", "what a reader should know", "afgerond in de brief", required=False),
        ),
    ),
    Table(
        "series_facts",
        FOLDER,
        "one row per thing that is known of who was asked what, and of what may be compared; the build is held to it",
        ("fact_id",),
        (
            Column("fact_id", "name of the fact", "vi_2022__ambtenaren__all__broken"),
            Column("wave_id", "wave", "vi_2022", references="waves.wave_id"),
            Column("population_id", "population", "ambtenaren", references="populations.population_id"),
            Column(
                "theme_id",
                "it is about every indicator of this theme",
                "safety",
                required=False,
                references="themes.theme_id",
            ),
            Column(
                "block_id",
                "or of this block",
                "",
                required=False,
                references="blocks.block_id",
            ),
            Column(
                "indicator_id",
                "or about this one; empty, as theme and block: every indicator",
                "",
                required=False,
                references="indicators.indicator_id",
            ),
            Column(
                "expected",
                "what is known: asked, not_asked, assumed (asked, as far as anybody knows); of those that an earlier "
                "wave asked too: broken (no change is computed), warned, marked (either), comparable; no_earlier_wave; "
                "also_broken (break_id lies behind the break that is named)",
                "broken",
                allowed=EXPECTED,
            ),
            Column(
                "with_wave_id",
                "the wave that a change goes to, where it is warned or comparable",
                "",
                required=False,
                references="waves.wave_id",
            ),
            Column(
                "break_id",
                "which break, of also_broken; of broken and warned where it is to be this one",
                "",
                required=False,
                references="series_breaks.break_id",
            ),
            Column("reason", "from where it is known, or why", "another frame than in 2016"),
        ),
    ),
)
