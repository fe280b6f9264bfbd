"""Whether the registry holds what it declares: types, keys, references, form, and rules between tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestration.deliveries.problems import Problem, closest
from orchestration.registry.agreement_rules import AGREEMENT_RULES
from orchestration.registry.break_rules import BREAK_RULES
from orchestration.registry.crosswalk_rules import CROSSWALK_RULES, counted_answers
from orchestration.registry.csv_text import canonical_csv
from orchestration.registry.declaration import PROPOSED, Column, Table
from orchestration.registry.drift_rows import drift_rows
from orchestration.registry.granularity_rules import granularities
from orchestration.registry.load import Registry
from orchestration.registry.measure_rules import MEASURE_RULES
from orchestration.registry.places import place
from orchestration.registry.policy_rules import policies
from orchestration.registry.population_scope_rules import POPULATION_SCOPE_RULES
from orchestration.registry.privacy_registry_rules import privacy_rules_are_whole
from orchestration.registry.reading_rules import reading_limits
from orchestration.registry.schema import FREE_FOLDERS, TABLES
from orchestration.registry.series_rules import SERIES_RULES
from orchestration.registry.study_rules import STUDY_RULES
from orchestration.registry.values import parse
from orchestration.registry.weighting_rules import margins
from orchestration.registry.wholeness_rules import WHOLENESS_RULES

MOST_SHOWN = 5
"""Values of a closed list that a message shows when it cannot show all."""
AS_DELIVERED = ("source_code", "source_label", "source_variable")
"""Columns that hold what a supplier wrote, whatever it looks like."""
_PLACE = re.compile(r"<[a-z_ ]+>")


def validate_registry(registry: Registry) -> list[Problem]:
    """Everything that is wrong with the registry, each with file, line and remedy; exit code 1.

    Rules between tables are only looked at when every table is right by itself: one wrong key would otherwise
    come back as a dozen problems elsewhere.
    """
    problems = [*_undeclared_files(registry)]
    for table in TABLES.values():
        problems += _check_form(registry, table)
        problems += _check_values(registry, table)
        problems += _check_keys(registry, table)
    problems += _check_references(registry)
    if not problems:
        # What is proposed may contradict itself until a person has looked at it; it counts for nothing yet.
        counting = registry.accepted()
        for rule in (
            *STUDY_RULES,
            *MEASURE_RULES,
            *CROSSWALK_RULES,
            policies,
            margins,
            drift_rows,
            privacy_rules_are_whole,
            reading_limits,
            *POPULATION_SCOPE_RULES,
            *BREAK_RULES,
        ):
            problems += rule(counting)
        if not problems:
            # These compare rows that the rules above have found right by themselves.
            for rule in (*AGREEMENT_RULES, *WHOLENESS_RULES, *SERIES_RULES, granularities):
                problems += rule(counting)
            problems += counted_answers(registry)
    return problems


def _undeclared_files(registry: Registry) -> Iterator[Problem]:
    declared = {table.path for table in TABLES.values()}
    for path in sorted(registry.root.glob("*/*.csv")):
        name = path.relative_to(registry.root).as_posix()
        if name not in declared and path.parent.name not in FREE_FOLDERS:
            yield Problem(
                "undeclared_registry_file",
                f"is not a file of the registry{closest(name, declared)}",
                "correct its name or remove it",
                file=name,
            )


def _check_form(registry: Registry, table: Table) -> Iterator[Problem]:
    if table.path not in registry.contents:
        return
    data = registry.contents[table.path]
    rows = registry.table(table.name)
    if b"\r" in data:
        yield Problem(
            "registry_form",
            "has CR line ends",
            "run `peilstok tidy`, which saves it with LF line ends",
            file=table.path,
        )
        return
    keys = [tuple(row[name] for name in table.key) for row in rows]
    for index in range(1, len(keys)):
        if keys[index] < keys[index - 1]:
            yield Problem(
                "registry_order",
                f"({', '.join(keys[index])}) stands after ({', '.join(keys[index - 1])})",
                f"run `peilstok tidy`, or sort the rows by {', '.join(table.key)}, as text",
                file=place(registry, table.name, index),
            )
            return
    expected = canonical_csv(table.column_names, (row.values() for row in rows)).encode()
    if data != expected:
        line = _first_difference(data, expected)
        yield Problem(
            "registry_form",
            "is not in the form that the program writes (quotes only where needed, one LF at the end)",
            f"run `peilstok tidy`; line {line} should read as the CSV module of Python writes it",
            file=f"{table.path}:{line}",
        )


def _first_difference(data: bytes, expected: bytes) -> int:
    ours, theirs = expected.split(b"\n"), data.split(b"\n")
    same = next((i for i, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
    return (min(len(ours), len(theirs)) if same is None else same + 1) or 1


def _check_values(registry: Registry, table: Table) -> Iterator[Problem]:
    for index, row in enumerate(registry.table(table.name)):
        waits = bool(table.status_column) and row[table.status_column] == PROPOSED
        for column in table.columns:
            if waits and column.may_wait and not row[column.name]:
                continue
            if wrong := wrong_value(column, row[column.name]):
                message, remedy = wrong
                yield Problem(
                    "registry_value",
                    f"{column.name} {message}",
                    remedy,
                    file=place(registry, table.name, index),
                )


def wrong_value(column: Column, text: str) -> tuple[str, str] | None:
    """What is wrong with the text of a cell and what to do about it; ``None`` when it is as declared."""
    if text == "":
        return ("is empty", f"fill it in: {column.description}") if column.required else None
    if _PLACE.fullmatch(text) and column.name not in AS_DELIVERED:
        return f"is '{text}', the place of what a person fills in", f"fill it in: {column.description}"
    if text != text.strip():
        return f"has blanks around '{text.strip()}'", "remove them"
    try:
        parse(column.value_type, text)
    except ValueError as expected:
        return f"is '{text}', not {expected}", f"write {expected}"
    if column.allowed and text not in column.allowed:
        return f"is '{text}'{closest(text, column.allowed)}", f"use one of {', '.join(column.allowed)}"
    return None


def _check_keys(registry: Registry, table: Table) -> Iterator[Problem]:
    if not table.key:
        return
    seen: dict[tuple[str, ...], int] = {}
    for index, row in enumerate(registry.table(table.name)):
        key = tuple(row[name] for name in table.key)
        if key in seen:
            first = place(registry, table.name, seen[key]).rsplit(":", 1)[-1]
            yield Problem(
                "duplicate_key",
                f"({', '.join(key)}) is the key of line {first} already; the key is {', '.join(table.key)}",
                "keep one of the two rows",
                file=place(registry, table.name, index),
            )
        seen.setdefault(key, index)


def _check_references(registry: Registry) -> Iterator[Problem]:
    known: dict[str, set[str]] = {}
    for table in TABLES.values():
        for column in table.columns:
            if not column.references:
                continue
            target, target_column = column.references.split(".")
            if column.references not in known:
                known[column.references] = {row[target_column] for row in registry.table(target)}
            values = known[column.references]
            for index, row in enumerate(registry.table(table.name)):
                text = row[column.name]
                if text and text not in values:
                    few = f"; it has {', '.join(sorted(values))}" if 0 < len(values) <= MOST_SHOWN else ""
                    yield Problem(
                        "unknown_reference",
                        f"{column.name} '{text}' is not in {TABLES[target].path}{closest(text, values)}{few}",
                        f"correct it, or add it to {TABLES[target].path}",
                        file=place(registry, table.name, index),
                    )
