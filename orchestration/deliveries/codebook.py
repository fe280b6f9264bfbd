"""Codebooks that come beside a CSV or XLSX file, and the uniform variables and values made of them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orchestration.deliveries.file_faults import (
    delimited_cells,
    delimited_text,
    foreign,
    read_bytes,
    said_by_first_bytes,
    truncated,
    unreadable,
)
from orchestration.deliveries.header_line import seen_delimiter
from orchestration.deliveries.number_text import parse_numbers
from orchestration.deliveries.problems import (
    MOST_ALIKE,
    DeliveryProblems,
    Problem,
    closest,
    few,
    raise_when_any,
)
from orchestration.deliveries.source_table import (
    NO_TEXTS,
    NUMERIC,
    OriginalText,
    ResponseSet,
    SourceValue,
    SourceVariable,
    TextCounts,
    canonical_code,
    declared_text,
)
from orchestration.deliveries.texts import VALUE_LABEL, VARIABLE_LABEL, ByteText, Texts, WholeText

COLUMNS = ("variable", "variable_label", "code", "label", "is_missing", "mr_set")
NEEDED = ("variable", "code", "label")
TRUE_WORDS = frozenset({"true", "1", "ja", "yes"})
FALSE_WORDS = frozenset({"", "false", "0", "nee", "no"})


@dataclass(frozen=True)
class _Code:
    line: int
    text: str
    label: str
    is_missing: bool


@dataclass
class _Entry:
    line: int
    label: str = ""
    mr_set: str = ""
    codes: list[_Code] = field(default_factory=list)


@dataclass(frozen=True)
class Codebook:
    """What a delivered codebook says: label, response set and codes by variable, in its own order."""

    name: str
    entries: dict[str, _Entry]
    text_counts: TextCounts = NO_TEXTS
    original_texts: tuple[OriginalText, ...] = ()

    @classmethod
    def empty(cls) -> Codebook:
        """The codebook of a file that came without one."""
        return cls("", {})

    @staticmethod
    def response_sets(variables: Sequence[SourceVariable]) -> tuple[ResponseSet, ...]:
        """The sets that the codebook names; it does not say what they count."""
        names = sorted({variable.mr_set for variable in variables if variable.mr_set})
        return tuple(
            ResponseSet(name, "", "", "", tuple(one.variable_name for one in variables if one.mr_set == name))
            for name in names
        )

    def says_text(self, name: str, decimal: str = ".") -> bool:
        """Whether a code of the variable is no number: a column without any answer is then one of text."""
        codes = self.entries[name].codes if name in self.entries else []
        return any(_canonical(code.text, NUMERIC, decimal) is None for code in codes)

    def problems_with(
        self, file: str, frame: Any, types: Mapping[str, str], decimal: str = "."
    ) -> list[Problem]:
        """What does not fit the file: variables that it lacks, codes that its numbers cannot be, and codes that its
        texts write with other leading zeros, so that they would go without their label."""
        problems: list[Problem] = []
        for name, entry in self.entries.items():
            if name not in types:
                problems.append(
                    Problem(
                        "codebook_variable",
                        f"{file} has no such variable{closest(name, types)}",
                        "ask the supplier for the codebook of this file",
                        file=f"{self.name}:{entry.line}",
                        variable=name,
                    )
                )
                continue
            seen: dict[str, str] = {}
            otherwise = {} if types[name] == NUMERIC else _without_zeros(frame[name])
            codes = {code.text for code in entry.codes}
            for code in entry.codes:
                text = _canonical(code.text, types[name], decimal)
                if text is None:
                    problems.append(
                        Problem(
                            "codebook_code",
                            f"{file} holds numbers in this variable, and this code is none",
                            "ask the supplier which of the two is right",
                            file=f"{self.name}:{code.line}",
                            variable=name,
                            code=code.text,
                        )
                    )
                elif text in seen:
                    problems.append(
                        Problem(
                            "duplicate_code",
                            f"is labelled '{seen[text]}' and '{code.label}'",
                            "ask the supplier which label is right",
                            file=f"{self.name}:{code.line}",
                            variable=name,
                            code=text,
                        )
                    )
                elif otherwise.get(_plain_digits(text), set()) - codes:
                    problems.append(
                        Problem(
                            "codebook_code",
                            f"{file} writes this code with other leading zeros",
                            "write the code as the file has it, or ask the supplier which of the two is right",
                            file=f"{self.name}:{code.line}",
                            variable=name,
                            code=text,
                        )
                    )
                else:
                    seen[text] = code.label
        return few(problems)

    def describe(
        self, frame: Any, types: Mapping[str, str], decimal: str = "."
    ) -> tuple[list[SourceVariable], list[SourceValue]]:
        """Variables and values of the file, in the order of its columns."""
        variables: list[SourceVariable] = []
        values: list[SourceValue] = []
        for position, name in enumerate(frame.columns, start=1):
            entry = self.entries.get(name, _Entry(0))
            coded = [(_canonical(code.text, types[name], decimal) or code.text, code) for code in entry.codes]
            if types[name] == NUMERIC:
                coded.sort(key=lambda pair: float(pair[0]))
            else:
                coded.sort(key=lambda pair: pair[0])
            declared = [text for text, code in coded if code.is_missing]
            declaration = "|".join(declared if types[name] == NUMERIC else map(declared_text, declared))
            variables.append(
                SourceVariable(
                    position,
                    name,
                    entry.label,
                    types[name],
                    mr_set=entry.mr_set,
                    missing_declaration=declaration,
                )
            )
            values += [SourceValue(name, text, code.label, code.is_missing) for text, code in coded]
        return variables, values


def read_codebook_file(path: Path, encoding: str | None = None) -> Codebook:
    """Read a CSV codebook; its delimiter is seen from its header, whose names are fixed.

    ``encoding`` is that of the file it belongs to; a codebook in UTF-8 is read as such all the same, since
    text in a one-byte encoding with letters beyond ASCII is practically never valid UTF-8.
    """
    rows, texts = _decoded_rows(path, encoding)
    return replace(
        codebook_from_rows(path.name, rows),
        text_counts=texts.counts,
        original_texts=tuple(texts.originals),
    )


def codebook_size(path: Path, encoding: str | None = None) -> tuple[int, int]:
    """Rows, its header left out, and columns of a CSV codebook."""
    rows, _ = _rows(path, encoding)
    return len(rows) - 1, len(rows[0])


def _decoded_rows(path: Path, encoding: str | None) -> tuple[list[list[str]], Texts]:
    """Rows of text; what had to be repaired in it counts once for each label."""
    rows, used = _rows(path, encoding)
    cells = [cell for row in rows for cell in row]
    texts = Texts(WholeText(used) if used else ByteText(encoding, cells))
    header = [texts.code(name, 0) for name in rows[0]]
    seen: set[tuple[str, str]] = set()
    decoded = [header]
    for row in rows[1:]:
        plain = [texts.code(cell, 0) for cell in row]
        variable = plain[header.index("variable")] if "variable" in header[: len(row)] else ""
        code = plain[header.index("code")] if "code" in header[: len(row)] else ""
        for name, kind, place in (
            ("label", VALUE_LABEL, code),
            ("variable_label", VARIABLE_LABEL, ""),
        ):
            at = header.index(name) if name in header[: len(row)] else None
            if at is not None and (kind == VALUE_LABEL or (variable, name) not in seen):
                seen.add((variable, name))
                texts.one(row[at], kind, variable, place)
        decoded.append(plain)
    return decoded, texts


def _rows(path: Path, encoding: str | None) -> tuple[list[list[str]], str | None]:
    data = read_bytes(path)
    if said_by_first_bytes(data):
        raise foreign(path, "not_csv", "a CSV codebook", data)
    text, used = delimited_text(path, data, encoding)
    if not text.strip():
        raise truncated(path, "is empty")
    first = text.splitlines()[0]
    delimiter = seen_delimiter(first)
    try:
        return list(delimited_cells(text, delimiter)), used
    except csv.Error as error:
        raise unreadable(
            path, "not_csv", f"is not a valid CSV codebook: {error}", "correct its quotes"
        ) from None


def codebook_from_rows(name: str, rows: Iterable[Sequence[str]]) -> Codebook:
    """A codebook from rows of text, the header first. Raises ``DeliveryProblems`` with every fault."""
    numbered = [(line, [cell.strip() for cell in row]) for line, row in enumerate(rows, start=1)]
    header = numbered[0][1] if numbered else []
    # By position: a file of answers that is named as the codebook may have answers in its first row.
    wrong = [
        str(position)
        for position, column in enumerate(header, start=1)
        if column not in COLUMNS or header.count(column) > 1
    ]
    lacks = [column for column in NEEDED if column not in header]
    if wrong or lacks:
        said = "; ".join(
            filter(
                None,
                [
                    f"lacks {', '.join(lacks)}" if lacks else "",
                    f"column {_listed(wrong)} is unknown or stands twice" if wrong else "",
                ],
            )
        )
        raise DeliveryProblems(
            [
                Problem(
                    "codebook_columns",
                    said,
                    f"its header must be made of {', '.join(COLUMNS)}",
                    2,
                    file=f"{name}:1",
                )
            ]
        )
    entries: dict[str, _Entry] = {}
    problems: list[Problem] = []
    for line, cells in numbered[1:]:
        if any(cells[len(header) :]):
            # A label with the delimiter in it would end there, without a word.
            problems.append(
                Problem(
                    "codebook_row",
                    f"has {len(cells)} cells, the header {len(header)}",
                    "quote labels that hold the delimiter, or remove the cells behind the last column",
                    file=f"{name}:{line}",
                )
            )
        elif any(cells):
            problems += _add(
                name, entries, line, dict(zip(header, [*cells, *[""] * len(header)], strict=False))
            )
    raise_when_any(few(problems))
    return Codebook(name, entries)


def _listed(positions: list[str]) -> str:
    rest = len(positions) - MOST_ALIKE
    return ", ".join(positions[:MOST_ALIKE]) + (f" and {rest} more" if rest > 0 else "")


def _add(name: str, entries: dict[str, _Entry], line: int, row: dict[str, str]) -> list[Problem]:
    problems: list[Problem] = []
    variable = row["variable"]
    if not variable:
        return [
            Problem(
                "codebook_row",
                "names no variable",
                "fill in `variable`, or remove the row",
                file=f"{name}:{line}",
            )
        ]
    entry = entries.setdefault(variable, _Entry(line))
    for key, attribute in (("variable_label", "label"), ("mr_set", "mr_set")):
        given = row.get(key, "")
        if given and getattr(entry, attribute) not in ("", given):
            problems.append(
                Problem(
                    "codebook_row",
                    f"gives another {key} than an earlier row of this variable",
                    "ask the supplier which is right",
                    file=f"{name}:{line}",
                    variable=variable,
                )
            )
        if given:
            setattr(entry, attribute, given)
    missing = row.get("is_missing", "").casefold()
    if missing not in TRUE_WORDS | FALSE_WORDS:
        problems.append(
            Problem(
                "codebook_row",
                f"is_missing is '{missing}'",
                "write true or false",
                file=f"{name}:{line}",
                variable=variable,
            )
        )
    if not row["code"] and (row["label"] or missing in TRUE_WORDS):
        problems.append(
            Problem(
                "codebook_row",
                "says something of a code, and names none",
                "fill in `code`; a variable without codes has `label` and `is_missing` empty, and `variable_label` "
                "holds its own label",
                file=f"{name}:{line}",
                variable=variable,
            )
        )
    if row["code"]:
        entry.codes.append(_Code(line, row["code"], row["label"], missing in TRUE_WORDS))
    return problems


def _without_zeros(answers: Any) -> dict[str, set[str]]:
    """The texts of a column that are made of digits, by what they are without leading zeros."""
    found: dict[str, set[str]] = {}
    for text in {answer.strip() for answer in answers.dropna()}:
        if text.isdecimal():
            found.setdefault(_plain_digits(text), set()).add(text)
    return found


def _plain_digits(text: str) -> str:
    return text.lstrip("0") or "0" if text.isdecimal() else text


def _canonical(code: str, storage_type: str, decimal: str) -> str | None:
    if storage_type != NUMERIC:
        return canonical_code(code)
    numbers = parse_numbers([code], decimal)
    return None if numbers is None or numbers[0] is None else canonical_code(numbers[0])
