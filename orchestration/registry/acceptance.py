"""Which rows count: a row that ``peilstok new-wave`` proposed waits until a person sets it to accepted."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from orchestration.deliveries.problems import Problem
from orchestration.registry.csv_text import canonical_csv
from orchestration.registry.declaration import PROPOSED, Table
from orchestration.registry.load import Registry, Row, digest_of
from orchestration.registry.places import place
from orchestration.registry.schema import TABLES

LEAST_SURE_SHOWN = 3
WAVE_COLUMNS = ("wave_id", "to_wave_id", "from_wave_id")
"""Where a table names the wave that a row is about."""
OF_A_VARIABLE = ("xw_values", "xw_buckets")
"""Tables whose rows mean nothing without the mapping of their variable."""


def is_proposed(table: Table, row: Row) -> bool:
    """Whether a row waits for a person; every other row counts."""
    return bool(table.status_column) and row[table.status_column] == PROPOSED


def accepted(registry: Registry) -> Registry:
    """The registry without its proposed rows: what checks, models and exports go by.

    A row about a wave that is itself proposed waits with it, and so do the codes and ranges of a variable whose
    mapping is proposed. It is the registry itself when nothing is proposed. Otherwise its hash is that of the
    files without these rows, so that a proposal changes nothing that is published; places still name the lines
    of the files.
    """
    tables: dict[str, list[Row]] = dict(registry.tables)
    origins: dict[str, Sequence[int]] = {}
    contents: dict[str, bytes] = dict(registry.contents)
    waves, variables = waves_in_preparation(registry), _variables_in_preparation(registry)
    for name, declared in TABLES.items():
        rows = registry.table(name)
        kept = [
            index
            for index, row in enumerate(rows)
            if not is_proposed(declared, row)
            and not any(row.get(column) in waves for column in WAVE_COLUMNS)
            and not (name in OF_A_VARIABLE and _variable(row) in variables)
        ]
        if len(kept) < len(rows):
            tables[name] = [rows[index] for index in kept]
            origins[name] = kept
            contents[declared.path] = _without(registry.contents[declared.path], kept)
    if not origins:
        return registry
    return replace(
        registry,
        tables=tables,
        hash=digest_of(contents),
        contents=contents,
        origins=origins,
        waiting=frozenset(waves),
    )


def proposed_rows(registry: Registry, wave_id: str) -> Iterator[tuple[Table, int, Row]]:
    """Table, index and row of everything that is proposed for a wave, least sure first within a table."""
    for declared in TABLES.values():
        column = wave_column(declared)
        if not column or not declared.status_column:
            continue
        found = [
            (index, row)
            for index, row in enumerate(registry.table(declared.name))
            if row[column] == wave_id and is_proposed(declared, row)
        ]
        for index, row in sorted(found, key=lambda pair: (_score(pair[1]), pair[0])):
            yield declared, index, row


def _score(row: Row) -> float:
    """1 where a row has none, and for what a person left there that is no number: validation tells of that."""
    try:
        return float(row.get("score") or 1)
    except ValueError:
        return 1.0


def wave_column(table: Table) -> str:
    """The column in which a table names the wave of a row, or ``''``."""
    return next((name for name in WAVE_COLUMNS if name in table.column_names), "")


def waves_in_preparation(registry: Registry) -> set[str]:
    """Waves that are themselves only proposed: a refresh passes over what was delivered for them."""
    return {row["wave_id"] for row in registry.table("waves") if is_proposed(TABLES["waves"], row)}


def _variables_in_preparation(registry: Registry) -> set[tuple[str, ...]]:
    """Variables of which every mapping is still proposed."""
    rows = registry.table("xw_variables")
    waiting = {_variable(row) for row in rows if is_proposed(TABLES["xw_variables"], row)}
    return waiting - {_variable(row) for row in rows if not is_proposed(TABLES["xw_variables"], row)}


def _variable(row: Row) -> tuple[str, ...]:
    return row["wave_id"], row["instrument_id"], row["source_variable"]


def open_proposals(registry: Registry, waves: Iterable[str] | None = None) -> list[Problem]:
    """A problem for each wave and table of which rows are still proposed; exit code 1.

    ``waves``: only these; every wave of the registry when left out.
    """
    wanted = sorted(row["wave_id"] for row in registry.table("waves")) if waves is None else sorted(waves)
    problems: list[Problem] = []
    for wave in wanted:
        by_table: dict[str, list[tuple[int, Row]]] = {}
        for table, index, row in proposed_rows(registry, wave):
            by_table.setdefault(table.name, []).append((index, row))
        for name, rows in by_table.items():
            problems.append(_problem(registry, TABLES[name], wave, rows))
    return problems


def unfinished(registry: Registry, raw: Path, waves: Iterable[str] | None = None) -> list[Problem]:
    """What is still proposed about delivered waves that a person has accepted: such a wave is not built.

    A routing rule or a break that waits would be absent from the figures without anybody seeing it.
    """
    chosen = registry.accepted().waves if waves is None else dict.fromkeys(waves)
    delivered = {path.name for path in raw.glob("*/*") if path.is_dir()}
    return open_proposals(registry, (set(chosen) & delivered) - waves_in_preparation(registry))


def _problem(registry: Registry, table: Table, wave: str, rows: list[tuple[int, Row]]) -> Problem:
    count = f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
    scored = [(index, row) for index, row in rows if row.get("score")][:LEAST_SURE_SHOWN]
    least = ", ".join(
        f"{_subject(row)} on line {_line(registry, table, index)} ({row['score']})" for index, row in scored
    )
    return Problem(
        "open_proposals",
        f"{count} about {wave} still proposed, and proposals do not count"
        + (f"; the least sure: {least}" if least else ""),
        f"look at each, correct what is wrong, remove what should not be there; then `peilstok accept {wave} --table "
        f"{table.name}`, or set {table.status_column} to accepted",
        wave_id=wave,
        file=place(registry, table.name, rows[0][0]),
    )


def _subject(row: Row) -> str:
    """What a row is about: its variable with the code, or the concept that no variable feeds."""
    name = row.get("source_variable") or row.get("concept_id") or "a row"
    where = f"{row['instrument_id']}/" if row.get("instrument_id") else ""
    return f"{where}{name}" + (f" code {row['source_code']}" if row.get("source_code") else "")


def _line(registry: Registry, table: Table, index: int) -> str:
    return place(registry, table.name, index).rsplit(":", 1)[-1]


def _without(data: bytes, kept: Sequence[int]) -> bytes:
    """A file with only the rows at the indices ``kept``, in the form in which the program writes it."""
    header, *rows = csv.reader(io.StringIO(data.decode("utf-8"), newline=""))
    return canonical_csv(header, (rows[index] for index in kept)).encode()
