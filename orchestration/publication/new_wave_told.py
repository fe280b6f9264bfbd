"""A wave that a release has and the one before had not, in words: headlines, changes, breaks, what it leaves out."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.publication.duckdb_file import FILE as DUCKDB_FILE
from orchestration.publication.release_diff import columns_of

NAMES_SHOWN = 40
_NEEDED = {
    "mart_headlines": {"wave_id", "sort_order", "headline_id", "text_en"},
    "mart_trend": {"wave_id", "breakdown_id", "change_direction"},
    "mart_comparability": {
        "wave_id", "year", "programme_id", "indicator_id", "population_id", "asked", "break_id", "break_effect",
        "break_kind", "reason",
    },
}  # fmt: skip


def wave_lines(release: Path, wave_id: str) -> list[str]:
    """What a reader wants to know of a new wave, from the tables of its release; nothing of a table that it lacks."""
    with duckdb.connect(str(release / DUCKDB_FILE), read_only=True) as connection:
        database = connection.execute("select current_database()").fetchone()[0]
        has = {
            table for table, needed in _NEEDED.items() if needed <= columns_of(connection, database, table)
        }
        lines: list[str] = []
        if "mart_headlines" in has:
            lines += [
                text
                for [text] in connection.execute(
                    "select text_en from mart_headlines where wave_id = ? order by sort_order, headline_id",
                    [wave_id],
                ).fetchall()
            ]
        if "mart_trend" in has:
            lines += _changes(connection, wave_id)
        if "mart_comparability" in has:
            lines += [*_silent(connection, wave_id), *_asked_first(connection, wave_id)]
            lines += _breaks(connection, wave_id)
    return lines


def _changes(connection: duckdb.DuckDBPyConnection, wave_id: str) -> list[str]:
    found = connection.execute(
        "select change_direction, count(*) from mart_trend where wave_id = ? and breakdown_id = 'total' "
        "group by all order by all",
        [wave_id],
    ).fetchall()
    told = ", ".join(f"{count:,} {direction}" for direction, count in found)
    return [f"changes of whole populations: {told}"] if found else []


_LAST = """
    select max_by(wave_id, year) from mart_comparability
    where asked = 'asked' and programme_id = (select any_value(programme_id) from mart_comparability where wave_id = $1)
        and year < (select any_value(year) from mart_comparability where wave_id = $1)
"""


def _silent(connection: duckdb.DuckDBPyConnection, wave_id: str) -> list[str]:
    """Indicators that the wave before of its programme had for a population, and this one has for none."""
    found = connection.execute(
        f"""
        select list(distinct indicator_id order by indicator_id), ({_LAST})
        from mart_comparability
        where asked = 'asked' and wave_id = ({_LAST})
            and indicator_id not in (select indicator_id from mart_comparability where wave_id = $1 and asked = 'asked')
        """,
        [wave_id],
    ).fetchone()
    names, before = found
    return [f"no longer asked, of what {before} had: {_names(names)}"] if names else []


def _asked_first(connection: duckdb.DuckDBPyConnection, wave_id: str) -> list[str]:
    [names] = connection.execute(
        """
        select list(distinct indicator_id order by indicator_id)
        from mart_comparability as now
        where wave_id = $1 and asked = 'asked'
            and not exists (
                from mart_comparability as other
                where other.indicator_id = now.indicator_id and other.asked = 'asked' and other.year < now.year
            )
        """,
        [wave_id],
    ).fetchone()
    return [f"asked for the first time: {_names(names)}"] if names else []


def _breaks(connection: duckdb.DuckDBPyConnection, wave_id: str) -> list[str]:
    found = connection.execute(
        """
        select break_id, break_kind, break_effect, reason,
            list(distinct indicator_id order by indicator_id), list(distinct population_id order by population_id)
        from mart_comparability
        where wave_id = ? and break_id is not null
        group by all
        order by break_effect, break_id, reason
        """,
        [wave_id],
    ).fetchall()
    return [
        f"break `{name}` ({kind}, {effect}) of {_count(indicators, 'indicator')} in "
        f"{_count(populations, 'population')}: {reason}"
        for name, kind, effect, reason, indicators, populations in found
    ]


def _count(names: list[str], what: str) -> str:
    return f"`{names[0]}`" if len(names) == 1 else f"{len(names)} {what}s"


def _names(names: list[str]) -> str:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(f"`{name}`" for name in names[:NAMES_SHOWN]) + more
