"""Proposed rows put into the tables of the registry, as the text of whole files."""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.deliveries.problems import Problem, raise_when_any
from orchestration.registry.csv_text import canonical_csv
from orchestration.registry.load import Registry, Row
from orchestration.registry.schema import TABLES


def with_rows(registry: Registry, added: Mapping[str, list[Row]]) -> dict[str, bytes]:
    """The content of each file that gets rows, by path; sorted by key and in canonical form.

    Raises ``DeliveryProblems`` when a row has the key of one that is there already.
    """
    problems: list[Problem] = []
    contents: dict[str, bytes] = {}
    for name, rows in added.items():
        declared = TABLES[name]
        if not rows:
            continue
        full = [{column: row.get(column, "") for column in declared.column_names} for row in rows]
        known = {tuple(row[column] for column in declared.key) for row in registry.table(name)}
        for row in full:
            key = tuple(row[column] for column in declared.key)
            if key in known:
                problems.append(
                    Problem(
                        "duplicate_key",
                        f"has a row for ({', '.join(key)}) already",
                        "remove what an earlier try left, or finish it by hand",
                        file=declared.path,
                    )
                )
            known.add(key)
        everything = sorted(
            [*registry.table(name), *full], key=lambda row: tuple(row[column] for column in declared.key)
        )
        contents[declared.path] = canonical_csv(
            declared.column_names, (row.values() for row in everything)
        ).encode()
    raise_when_any(problems)
    return contents
