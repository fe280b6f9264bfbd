"""What two releases were made from, side by side: deliveries, files of the registry, contract and program."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import duckdb

from orchestration.publication.inputs import INFO_TABLE, INPUTS_TABLE, REGISTRY_TABLE
from orchestration.publication.release_diff import attach_releases, columns_of

DELIVERY, REGISTRY, CONTRACT, PROGRAM = "delivery", "registry", "contract", "program"
HASH_SHOWN = 12
_DELIVERY_COLUMNS = (
    "delivery_version", "path", "sha256", "codebook_sha256", "corrections_sha256", "received_on", "supplier",
    "is_synthetic", "is_assumed",
)  # fmt: skip


@dataclass(frozen=True)
class OriginDifference:
    """One property of what a release was made from; ``previous`` or ``now`` is None where that release lacks it.

    ``name``: ``<wave>/<file>`` of a delivery, the path of a file of the registry, or ''.
    """

    part: str
    name: str
    what: str
    previous: str | None
    now: str | None


def compare_origins(
    earlier: Path, later: Path, programs: tuple[str | None, str | None] = (None, None)
) -> list[OriginDifference]:
    """What differs, deliveries first. ``programs``: the code versions of both, which no table of a release has.

    Raises ``ReleaseNotReadable``.
    """
    with duckdb.connect(":memory:") as connection:
        attach_releases(connection, earlier, later)
        found = [
            *_rows(connection, DELIVERY, INPUTS_TABLE, ("wave_id", "file_id"), _DELIVERY_COLUMNS),
            *_registry(connection),
            *_rows(connection, CONTRACT, INFO_TABLE, (), ("contract_version",)),
        ]
    if None not in programs and programs[0] != programs[1]:
        found.append(OriginDifference(PROGRAM, "", "code_version", *programs))
    return found


def origins_csv(differences: Iterable[OriginDifference]) -> str:
    """The differences as CSV: nothing is an empty field, LF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([one.name for one in fields(OriginDifference)])
    writer.writerows(astuple(one) for one in differences)
    return text.getvalue()


def origin_lines(differences: Iterable[OriginDifference]) -> list[str]:
    """One line for each delivery, file of the registry, contract or program that is another."""
    grouped: dict[tuple[str, str], list[OriginDifference]] = {}
    for one in differences:
        grouped.setdefault((one.part, one.name), []).append(one)
    return [_line(part, name, found) for (part, name), found in grouped.items()]


def _line(part: str, name: str, found: list[OriginDifference]) -> str:
    head = f"{part} {name}".rstrip()
    if all(one.previous is None for one in found) and len(found) > 1:
        return f"{head}: new"
    if all(one.now is None for one in found) and len(found) > 1:
        return f"{head}: gone"
    return f"{head}: " + ", ".join(
        f"{one.what} {_short(one.what, one.previous)} -> {_short(one.what, one.now)}" for one in found
    )


def _short(what: str, value: str | None) -> str:
    if value is None:
        return "none"
    return value[:HASH_SHOWN] if what.endswith(("sha256", "hash")) else value


def _registry(connection: duckdb.DuckDBPyConnection) -> list[OriginDifference]:
    if all(columns_of(connection, name, REGISTRY_TABLE) for name in ("earlier", "later")):
        return _rows(connection, REGISTRY, REGISTRY_TABLE, ("path",), ("rows_n", "sha256"))
    # A release of before that table: only that something is other can be said.
    return _rows(connection, REGISTRY, INFO_TABLE, (), ("registry_hash",))


def _rows(
    connection: duckdb.DuckDBPyConnection,
    part: str,
    table: str,
    keys: tuple[str, ...],
    wanted: tuple[str, ...],
) -> list[OriginDifference]:
    shared = columns_of(connection, "earlier", table) & columns_of(connection, "later", table)
    if not shared.issuperset(keys):
        return []
    columns = [name for name in wanted if name in shared]
    told: list[dict[tuple[str, ...], tuple[Any, ...]]] = []
    for release in ("earlier", "later"):
        rows = connection.execute(
            f"select {', '.join([*keys, *columns])} from {release}.main.{table} order by all"
        ).fetchall()
        told.append({row[: len(keys)]: row[len(keys) :] for row in rows})
    found = []
    nothing = (None,) * len(columns)
    for key in sorted(told[0].keys() | told[1].keys()):
        before, after = told[0].get(key, nothing), told[1].get(key, nothing)
        found += [
            OriginDifference(part, "/".join(key), what, _text(old), _text(new))
            for what, old, new in zip(columns, before, after, strict=True)
            if old != new
        ]
    return found


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
