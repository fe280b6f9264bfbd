"""Sentences of reports: what the figures bear out, what they do not, and what no figure can bear out."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import duckdb
import jinja2
import pytest

TREND = """
    create table mart_trend as
    select 'victim' as indicator_id, population as population_id, 'total' as breakdown_id, wave as wave_id,
        estimate, comparable as comparable_wave_id, direction as change_direction
    from (values
        ('mayors', 'w2010', 40.0, null, 'not_tested'), ('mayors', 'w2014', 20.0, null, 'not_tested'),
        ('mayors', 'w2016', 30.0, 'w2014', 'up'), ('mayors', 'w2018', 31.0, 'w2016', 'stable'),
        ('aldermen', 'w2010', 10.0, null, 'not_tested'), ('aldermen', 'w2014', null, 'w2010', 'not_tested')
    ) as t (population, wave, estimate, comparable, direction)
"""
COMPARABILITY = """
    create table mart_comparability as
    select 'victim' as indicator_id, population as population_id, wave as wave_id, year, segment as segment_id,
        break as break_id, effect as break_effect
    from (values
        ('mayors', 'w2010', 2010, 'segment_1', null, null), ('mayors', 'w2012', 2012, null, null, null),
        ('mayors', 'w2014', 2014, 'segment_2', 'contractor', 'block'),
        ('mayors', 'w2016', 2016, 'segment_2', 'wording', 'warn'), ('mayors', 'w2018', 2018, 'segment_2', null, null),
        ('aldermen', 'w2010', 2010, 'segment_1', null, null), ('aldermen', 'w2014', 2014, 'segment_1', null, null)
    ) as t (population, wave, year, segment, break, effect)
"""


def figure(wave: str, population: str = "mayors") -> str:
    return (
        f"(select estimate from mart_trend where indicator_id = 'victim' and population_id = '{population}' "
        f"and wave_id = '{wave}')"
    )


@pytest.fixture
def judged(project_root: Path):
    """What the macro makes of some queries: verdict, holds, breaks and tests of each."""
    macro = (project_root / "dbt_project" / "macros" / "claims.sql").read_text(encoding="utf-8")

    def judge(**queries: str) -> dict[str, tuple]:
        rows = [
            {
                "claim_id": name, "wave_id": None, "text_nl": "'s", "text_en": None, "publication_id": None,
                "query": f"select {query} as holds",
            }
            for name, query in queries.items()
        ]  # fmt: skip
        names = ("mart_trend", "mart_comparability")
        template = jinja2.Template(macro + "{{ claims_from(relations) }}")
        sql = template.render(
            execute=True,
            ref=lambda table: table,
            run_query=lambda _: SimpleNamespace(rows=rows),
            modules=SimpleNamespace(re=re),
            quoted_text=lambda text: "'" + text.replace("'", "''") + "'",
            relations={name: name for name in names},
        )
        with duckdb.connect() as connection:
            connection.execute(TREND)
            connection.execute(COMPARABILITY)
            return {
                row[0]: row[1:]
                for row in connection.execute(
                    f"select claim_id, verdict, holds, break_ids, change_tests from ({sql})"
                ).fetchall()
            }

    return judge


def test_a_sentence_about_one_wave_is_judged_by_its_figure(judged) -> None:
    assert judged(
        right=f"{figure('w2014')} = 20", wrong=f"{figure('w2014')} > 20", hidden=f"{figure('w2014', 'aldermen')} > 1"
    ) == {
        "right": ("holds", True, None, None),
        "wrong": ("does_not_hold", False, None, None),
        "hidden": ("no_figure", None, None, None),
    }  # fmt: skip


def test_across_a_break_there_is_no_verdict_whatever_the_figures_are(judged) -> None:
    found = judged(
        fell=f"{figure('w2014')} < {figure('w2010')}", rose=f"{figure('w2018')} > {figure('w2010')}"
    )
    assert found == {
        "fell": ("not_comparable", None, "contractor", None),
        "rose": ("not_comparable", None, "contractor", None),
    }


def test_across_a_break_that_warns_break_and_tests_are_told(judged) -> None:
    rising = f"{figure('w2014')} < {figure('w2016')} and {figure('w2016')} < {figure('w2018')}"
    assert judged(rising=rising, over_two=f"{figure('w2014')} < {figure('w2018')}") == {
        "rising": ("holds", True, "wording", "w2016 up, w2018 stable"),
        "over_two": ("holds", True, "wording", None),
    }


def test_a_break_of_one_population_is_none_of_another(judged) -> None:
    assert judged(among_aldermen=f"{figure('w2010', 'aldermen')} < coalesce({figure('w2014', 'aldermen')}, 99)") == {
        "among_aldermen": ("holds", True, None, "w2014 not_tested")
    }  # fmt: skip
