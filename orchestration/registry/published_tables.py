"""Tables of what was published before, and the real registers."""

from __future__ import annotations

from orchestration.registry.declaration import Column, Table, flag

FOLDER = "published"

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
)
