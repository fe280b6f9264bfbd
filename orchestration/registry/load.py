"""Reading the registry from its CSV files into memory, once, with every fault of form at once."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace

from orchestration.deliveries.problems import WRONG_USE_OR_UNREADABLE, DeliveryProblems, Problem
from orchestration.registry.schema import FREE_FOLDERS, TABLES, Table
from orchestration.registry.values import typed

Row = dict[str, str]
REFERENCE = "docs/reference/registry.md"


@dataclass(frozen=True)
class Registry:
    """The registry in memory.

    ``tables`` holds the rows of every declared table as text, exactly as in the file, and ``registers`` those
    of other tables in the free folders. ``hash`` is the SHA-256 over the names and bytes of all files read.
    """

    root: Path
    tables: Mapping[str, list[Row]]
    registers: Mapping[str, list[Row]]
    hash: str
    contents: Mapping[str, bytes] = field(repr=False, default_factory=dict)
    origins: Mapping[str, Sequence[int]] = field(repr=False, default_factory=dict)
    """Of tables that lack rows of their file: the place of each row among all rows of the file."""
    waiting: frozenset[str] = frozenset()
    """Waves that were left out since they are only proposed: what was delivered for them waits too."""

    @property
    def files(self) -> list[dict[str, str | int]]:
        """Each file that was read, by path: ``path``, ``sha256`` and ``rows`` (without the header)."""
        rows = {declared.path: len(self.tables[name]) for name, declared in TABLES.items()}
        return [
            {
                "path": path,
                "sha256": hashlib.sha256(data).hexdigest(),
                "rows": rows[path] if path in rows else len(self.registers[Path(path).stem]),
            }
            for path, data in sorted(self.contents.items())
        ]

    def accepted(self) -> Registry:
        """The registry without proposed rows: what checks, models and exports go by."""
        from orchestration.registry.acceptance import accepted

        return accepted(self)

    def table(self, name: str) -> list[Row]:
        """Rows of a table as text, in file order. Raises ``KeyError`` for a name that is not declared."""
        return self.tables[name] if name in self.tables else self.registers[name]

    def typed(self, name: str) -> dict[str, SimpleNamespace]:
        """Rows of a table whose key is one column, by that key, with typed values (empty is ``None``)."""
        declared = TABLES[name]
        (key,) = declared.key
        return {row[key]: typed(declared, row) for row in self.tables[name]}

    @cached_property
    def programmes(self) -> dict[str, SimpleNamespace]:
        return self.typed("programmes")

    @cached_property
    def waves(self) -> dict[str, SimpleNamespace]:
        return self.typed("waves")

    @cached_property
    def instruments(self) -> dict[str, SimpleNamespace]:
        return self.typed("instruments")

    @cached_property
    def populations(self) -> dict[str, SimpleNamespace]:
        return self.typed("populations")

    @cached_property
    def concepts(self) -> dict[str, SimpleNamespace]:
        return self.typed("concepts")

    @cached_property
    def indicators(self) -> dict[str, SimpleNamespace]:
        return self.typed("indicators")

    @cached_property
    def codelists(self) -> dict[str, dict[str, SimpleNamespace]]:
        """Codes of each code list: ``codelists['ja_nee']['ja'].label_nl``."""
        lists: dict[str, dict[str, SimpleNamespace]] = {}
        for row in self.tables["codelists"]:
            lists.setdefault(row["codelist_id"], {})[row["code"]] = typed(TABLES["codelists"], row)
        return lists

    def codes_of(self, concept_id: str) -> dict[str, SimpleNamespace]:
        """Codes of a concept's code list; empty for a concept that is unknown or not categorical."""
        concept = self.concepts.get(concept_id)
        return self.codelists.get(concept.codelist_id, {}) if concept and concept.codelist_id else {}

    def instrument_status(self, wave_id: str, instrument_id: str) -> str:
        """``asked``, ``not_asked`` or ``assumed``; ``''`` when the registry does not say."""
        return self._statuses.get((wave_id, instrument_id), "")

    @cached_property
    def _statuses(self) -> dict[tuple[str, str], str]:
        return {
            (row["wave_id"], row["instrument_id"]): row["status"] for row in self.tables["wave_instruments"]
        }


def load_registry(root: Path) -> Registry:
    """Read every file of the registry below ``root``.

    Raises ``DeliveryProblems`` with all faults of form: a file that is absent or not UTF-8 (exit code 2), a
    column too many or too few, a row of another length (exit code 1). What the values say is not looked at:
    see ``validate_registry``.
    """
    if not root.is_dir():
        raise DeliveryProblems(
            [
                Problem(
                    "no_registry",
                    f"there is no folder {root.name} to read the registry from",
                    "set PEILSTOK_REGISTRY to the folder above registry/, crosswalk/ and codelists/",
                    WRONG_USE_OR_UNREADABLE,
                    file=root.name,
                )
            ]
        )
    tables: dict[str, list[Row]] = {}
    problems: list[Problem] = []
    contents: dict[str, bytes] = {}
    for name, declared in TABLES.items():
        rows, found = _read(root, declared.path, declared, contents)
        tables[name] = rows
        problems += found
    registers: dict[str, list[Row]] = {}
    for folder in FREE_FOLDERS:
        for path in sorted((root / folder).glob("*.csv")):
            if path.stem in tables:
                continue
            rows, found = _read(root, f"{folder}/{path.name}", None, contents)
            registers[path.stem] = rows
            problems += found
    if problems:
        raise DeliveryProblems(problems)
    return Registry(root, tables, registers, digest_of(contents), contents)


def digest_of(contents: Mapping[str, bytes]) -> str:
    """The hash of a registry: over the names and bytes of its files."""
    digest = hashlib.sha256()
    for path in sorted(contents):
        digest.update(f"{path}\0{len(contents[path])}\0".encode())
        digest.update(contents[path])
    return digest.hexdigest()


def _read(
    root: Path, path: str, declared: Table | None, contents: dict[str, bytes]
) -> tuple[list[Row], list[Problem]]:
    def problem(kind: str, message: str, remedy: str, exit_code: int = 1) -> tuple[list[Row], list[Problem]]:
        return [], [Problem(kind, message, remedy, exit_code, file=path)]

    try:
        data = (root / path).read_bytes()
    except FileNotFoundError:
        if declared is not None and declared.is_optional:
            return [], []
        return problem(
            "missing_registry_file",
            "the registry lacks this file",
            f"add it, with at least its header ({REFERENCE})",
            WRONG_USE_OR_UNREADABLE,
        )
    except OSError as error:
        return problem(
            "unreadable_registry_file",
            f"cannot be opened: {error.strerror}",
            "make it readable",
            WRONG_USE_OR_UNREADABLE,
        )
    contents[path] = data
    if data.startswith(codecs.BOM_UTF8):
        return problem(
            "registry_form", "starts with a byte order mark", "run `peilstok tidy`, which takes it away"
        )
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
        lines = [(reader.line_num, cells) for cells in reader]
    except UnicodeDecodeError as error:
        return problem(
            "unreadable_registry_file",
            f"is not UTF-8 at byte {error.start}",
            "save it as UTF-8",
            WRONG_USE_OR_UNREADABLE,
        )
    except csv.Error as error:
        return problem(
            "unreadable_registry_file",
            f"is not valid CSV: {error}",
            "correct the quotes",
            WRONG_USE_OR_UNREADABLE,
        )
    if not lines:
        return problem("registry_columns", "is empty", f"give it its header ({REFERENCE})")
    header = lines[0][1]
    columns = declared.column_names if declared is not None else tuple(header)
    found: list[Problem] = []
    if tuple(header) != columns or len(set(header)) < len(header):
        if len(header) == 1 and declared is not None and set(re.split("[;\t]", header[0])) >= set(columns):
            return problem(
                "registry_form",
                "has its cells separated by semicolons or tabs, as some spreadsheets do",
                "run `peilstok tidy`",
            )
        lacks = [name for name in columns if name not in header]
        extra = [name for name in header if name not in columns]
        twice = sorted({name for name in header if header.count(name) > 1})
        parts = [
            f"lacks {', '.join(lacks)}" if lacks else "",
            f"has undeclared {', '.join(extra)}" if extra else "",
            f"has {', '.join(twice)} twice" if twice else "",
        ]
        said = "; ".join(part for part in parts if part) or "has its columns in another order"
        return problem("registry_columns", f"{said}", f"the header must read {','.join(columns)}")
    for line, cells in lines[1:]:
        if len(cells) != len(columns):
            found.append(
                Problem(
                    "registry_row_length",
                    f"has {len(cells)} cells instead of {len(columns)}",
                    "quote a text that holds a comma, and end the row after its last column",
                    file=f"{path}:{line}",
                )
            )
    return [dict(zip(columns, cells, strict=False)) for _, cells in lines[1:]], found
