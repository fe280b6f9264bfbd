"""SPSS portable files: ``.por``. Read here and not by a library, because those lose the user-missing codes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from orchestration.deliveries.file_faults import foreign, read_bytes, truncated
from orchestration.deliveries.readers.dictionary import RawColumn, assemble
from orchestration.deliveries.source_table import SourceTable

SIGNATURE = b"SPSSPORT"
TABLE_AT, SIGNATURE_AT = 200, 456
"""Five lines of splash and a table of 256 characters come first."""
LINE = 80
BASE = 30
FIRST_CHARACTER = 64
CHARACTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz .<(+|&[]!$*);^-/|,%_>?`:#@'=\""
"""What the places of the table from 64 on stand for; files of a mainframe hold other bytes there."""
NOT_TELLING = b"$# "
"""Signs of which a table says nothing: PSPP has the first in the place of the second; an empty table is blank."""
NAME = re.compile(r"[A-Za-z@#$\x80-\xff][\w.@#$\x80-\xff]*")
NUMBER = re.compile(r" *(-?)([0-9A-T]*)(?:\.([0-9A-T]*))?(?:([+-])([0-9A-T]+))?")
SYSTEM_MISSING = "*."
FORMATS = {
    1: "A", 2: "AHEX", 3: "COMMA", 4: "DOLLAR", 5: "F", 6: "IB", 7: "PIBHEX", 8: "P", 9: "PIB", 10: "PK",
    11: "RB", 12: "RBHEX", 15: "Z", 16: "N", 17: "E", 20: "DATE", 21: "TIME", 22: "DATETIME", 23: "ADATE",
    24: "JDATE", 25: "DTIME", 26: "WKDAY", 27: "MONTH", 28: "MOYR", 29: "QYR", 30: "WKYR", 31: "PCT",
    32: "DOT", 33: "CCA", 34: "CCB", 35: "CCC", 36: "CCD", 37: "CCE", 38: "EDATE", 39: "SDATE",
}  # fmt: skip
SHIFT = 82
"""What SPSS adds to the number of a format of dates and times."""
MOST_VARIABLES = 1_000_000
LARGEST_EXPONENT = 10_000
"""Powers of thirty; a double ends near 210."""


def read_por(path: Path, encoding: str | None = None) -> SourceTable:
    """Read a ``.por`` file; user-missing codes are kept as values, dates as raw numbers.

    A portable file does not say what its text is in: without ``encoding`` that is seen from the text. Raises
    ``DeliveryProblems`` (exit code 2) for a file that is no portable file, or that does not end.
    """
    data = read_bytes(path)
    if not data:
        raise truncated(path, "is empty")
    # Lines of 80 characters, of which some programs leave out the blanks at the end.
    content = b"".join(line.ljust(LINE) for line in data.splitlines())
    translation = _translation(content[TABLE_AT:SIGNATURE_AT])
    if content[SIGNATURE_AT : SIGNATURE_AT + len(SIGNATURE)] != SIGNATURE:
        content = content.translate(translation)
    elif any(translation[character] != character for character in set(CHARACTERS) - set(NOT_TELLING)):
        raise truncated(path, "is damaged: its table of characters and its text contradict each other")
    if content[SIGNATURE_AT : SIGNATURE_AT + len(SIGNATURE)] != SIGNATURE:
        raise foreign(path, "not_spss", "an SPSS portable file", data)
    try:
        file = _Portable(content.decode("latin-1"), SIGNATURE_AT + len(SIGNATURE))
        file.read()
    except (IndexError, ValueError, OverflowError) as error:
        said = str(error) if isinstance(error, PortableError) else "it does not end as it should"
        raise truncated(path, f"is cut off or damaged: {said}") from None
    return assemble(
        path, list(file.columns.values()), None, encoding, file_label=file.label, weight=file.weight
    )


class PortableError(ValueError):
    """What is wrong with a portable file."""


def _translation(table: bytes) -> bytes:
    """From the bytes of the machine that wrote the file to ASCII."""
    mapping = bytearray(range(256))
    for place, character in enumerate(CHARACTERS, start=FIRST_CHARACTER):
        # A place without a character holds the one of the zero.
        if place < len(table) and (place == FIRST_CHARACTER or table[place] != table[FIRST_CHARACTER]):
            mapping[table[place]] = character
    return bytes(mapping)


@dataclass
class _Portable:
    """Reads tag after tag, and then the answers."""

    text: str
    at: int
    columns: dict[str, RawColumn] = field(default_factory=dict)
    label: str = ""
    weight: str = ""
    _numbers: dict[str, float] = field(default_factory=dict)

    def read(self) -> None:
        self._take()  # version
        self._string(), self._string()  # date and time of writing
        announced, current = 0, None
        while (tag := self._take()) != "F":
            if tag in "123":
                self._string()
            elif tag == "4":
                announced = self._count()
            elif tag == "5":
                self._count()  # digits of the numbers
            elif tag == "6":
                self.weight = self._string()
            elif tag == "7":
                current = self._variable()
            elif tag in "89AB" and current is not None:
                self._missing(tag, current)
            elif tag == "C" and current is not None:
                current.label = self._string()
            elif tag == "D":
                self._labels()
            elif tag == "E":
                for _ in range(self._count()):
                    self._string()
            else:
                raise PortableError("it has an unknown tag")
        if announced != len(self.columns):
            raise PortableError(f"it announces {announced} variables and has {len(self.columns)}")
        self._answers()

    def _take(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def _number(self) -> float | None:
        """A number in base 30; ``None`` for system-missing."""
        start = self.at
        while self.text[start] == " ":
            start += 1
        if self.text.startswith(SYSTEM_MISSING, start):
            self.at = start + len(SYSTEM_MISSING)
            return None
        end = self.text.index("/", start)
        token, self.at = self.text[start:end], end + 1
        if token not in self._numbers:
            self._numbers[token] = number_of(token)
        return self._numbers[token]

    def _count(self) -> int:
        number = self._number()
        if number is None or number < 0 or number != int(number):
            raise PortableError("it has a length that is no whole number")
        return int(number)

    def _string(self) -> str:
        length = self._count()
        if self.at + length > len(self.text):
            raise PortableError("a text does not end")
        value, self.at = self.text[self.at : self.at + length], self.at + length
        if "\0" in value:
            raise PortableError("a text has a byte of nothing")
        return value

    def _variable(self) -> RawColumn:
        width, name = self._count(), self._string()
        if NAME.fullmatch(name) is None:
            raise PortableError("the name of a variable is none")
        kind, size, decimals = self._count(), self._count(), self._count()
        for _ in range(3):  # the format for writing
            self._count()
        if name in self.columns:
            raise PortableError("two variables have the same name")
        if len(self.columns) >= MOST_VARIABLES:
            raise PortableError("it has more variables than a file can have")
        known = FORMATS.get(kind) or FORMATS.get(kind - SHIFT, "")
        written = f"{known}{size}" + (f".{decimals}" if decimals else "") if known else ""
        self.columns[name] = RawColumn(name, "", width == 0, [], width, written, labels={}, missings=[])
        return self.columns[name]

    def _value(self, column: RawColumn) -> float | str:
        if not column.is_numeric:
            return self._string().rstrip(" ")
        number = self._number()
        if number is None:
            raise PortableError("a code is system-missing")
        return number

    def _missing(self, tag: str, column: RawColumn) -> None:
        value = self._value(column)
        if tag == "8":
            column.missings = [*column.missings, value]
            return
        other = self._value(column) if tag == "B" else value
        if isinstance(value, str) or isinstance(other, str):
            raise PortableError("a range of text is declared missing")
        column.missing_range = {"9": (-math.inf, value), "A": (value, math.inf), "B": (value, other)}[tag]

    def _labels(self) -> None:
        columns = [self.columns.get(self._string().rstrip(" ")) for _ in range(self._count())]
        if not columns or None in columns:
            raise PortableError("it labels a variable that it does not have")
        labels = {}
        for _ in range(self._count()):
            value = self._value(columns[0])  # type: ignore[arg-type]
            labels[value] = self._string()
        for column in columns:
            column.labels = {**column.labels, **labels}  # type: ignore[union-attr]

    def _answers(self) -> None:
        if not self.columns:
            raise PortableError("it has no variables")
        columns = [(column.width, column.answers.append) for column in self.columns.values()]  # type: ignore[attr-defined]
        while self.text[self.at] != "Z":
            for width, append in columns:
                append(self._text_of(width) if width else self._number())

    def _text_of(self, width: int) -> str:
        text = self._string()
        if len(text) > width:
            raise PortableError("a text is longer than its variable")
        return text


def number_of(token: str) -> float:
    """The double nearest to a number in base 30, such as ``1.F`` (one and a half) or ``-A+2``."""
    found = NUMBER.fullmatch(token)
    if found is None or not (found[2] or found[3]):
        raise PortableError("a number is none")
    sign, whole, part, direction, exponent = found.groups()
    part = part or ""
    power = int(exponent or "0", BASE) * (-1 if direction == "-" else 1)
    if abs(power) > LARGEST_EXPONENT:
        raise PortableError("a number is too large")
    value = Fraction(int((whole + part) or "0", BASE)) * Fraction(BASE) ** (power - len(part))
    return float(-value if sign else value)
