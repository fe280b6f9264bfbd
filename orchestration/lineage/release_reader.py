"""A release as questions are put to it: rows of its tables as dictionaries, read-only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from orchestration.deliveries.problems import closest
from orchestration.publication.duckdb_file import FILE
from orchestration.publication.release import CURRENT
from orchestration.settings import Settings

Row = dict[str, Any]


class Unknown(Exception):
    """A name that neither the release nor the registry knows, or a release that is not there."""

    exit_code = 2


@dataclass
class ReleaseReader:
    """An open release. Close it, or use it as a context; ``columns`` are those of each table in it."""

    folder: Path
    connection: duckdb.DuckDBPyConnection
    columns: dict[str, set[str]] = field(default_factory=dict)

    def __enter__(self) -> ReleaseReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def rows(self, query: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> list[Row]:
        """The answer to a query, by column name."""
        found = self.connection.execute(query, parameters)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def names(self, table: str, column: str) -> list[str]:
        """The values of a column, each once, sorted."""
        found = self.rows(
            f"select distinct {column} as name from {table} where {column} is not null order by 1"
        )
        return [str(row["name"]) for row in found]

    def has(self, table: str, *columns: str) -> bool:
        """Whether the release has this table, with these columns: older releases have fewer."""
        return table in self.columns and self.columns[table] >= set(columns)

    def instruments(self) -> dict[str, str]:
        """The instrument that reaches each population; nothing in older releases, which do not say."""
        if not self.has("mart_comparability", "instrument_id"):
            return {}
        found = self.rows("select distinct population_id, instrument_id from mart_comparability")
        return {row["population_id"]: row["instrument_id"] for row in found}

    @property
    def info(self) -> Row:
        """The row of ``release_info``."""
        return self.rows("select * from release_info")[0]


def open_release(settings: Settings, name: str | None = None) -> ReleaseReader:
    """Open a release: the current one, one by its id, or any folder that holds one.

    Raises ``Unknown`` where there is none, naming those that are there.
    """
    folder = _folder(settings, name)
    path = folder / FILE
    if not path.is_file():
        raise Unknown(f"{folder} holds no {FILE}; name a release, or make one with `peilstok refresh`")
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as fault:
        raise Unknown(f"{path} cannot be read: {str(fault).splitlines()[0]}") from None
    reader = ReleaseReader(folder, connection)
    for row in reader.rows("select table_name, column_name from duckdb_columns() where schema_name = 'main'"):
        reader.columns.setdefault(row["table_name"], set()).add(row["column_name"])
    if (
        missing := {"release_info", "mart_trend", "mart_comparability", "mart_lineage"}
        - reader.columns.keys()
    ):
        connection.close()
        raise Unknown(f"{path} is no release: it lacks {', '.join(sorted(missing))}")
    return reader


def known(name: str, names: Iterable[str], what: str) -> str:
    """``name`` when it is one of ``names``; else raises ``Unknown`` with the one that looks most like it."""
    candidates = list(names)
    if name in candidates:
        return name
    hint = closest(name, candidates) or _within(name, candidates)
    listed = f"; there are: {', '.join(sorted(candidates))}" if not hint and len(candidates) <= 30 else ""
    raise Unknown(f"there is no {what} '{name}'{hint}{listed}")


def _within(name: str, candidates: Iterable[str]) -> str:
    """Half a name is no spelling mistake, so no measure of likeness finds it."""
    holding = sorted((one for one in candidates if name and name.casefold() in one.casefold()), key=len)
    return f" (did you mean {' or '.join(repr(one) for one in holding[:3])}?)" if holding else ""


def _folder(settings: Settings, name: str | None) -> Path:
    if name is None:
        return settings.published / CURRENT
    if (settings.published / name).is_dir():
        return settings.published / name
    if Path(name).is_dir():
        return Path(name)
    there = (
        [path.name for path in settings.published.iterdir() if path.is_dir() and path.name[0] != "."]
        if settings.published.is_dir()
        else []
    )
    listed = ", ".join(sorted(there)) or "none yet"
    raise Unknown(f"there is no release '{name}'{closest(name, there)}; known: {listed}")
