"""The dictionary of an SPSS system file as bytes: what the library that reads the answers does not tell whole.

That is the encoding that the file claims, missing declarations of text of any length, multiple-response sets with
their counted value, and the variable that the file declares as its weight.
"""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

HEADER_BYTES = 176
VARIABLE, VALUE_LABELS, DOCUMENTS, EXTENSION, END = 2, 3, 6, 7, 999
MACHINE, MACHINE_FLOATS, SETS, LONG_NAMES, VERY_LONG_STRINGS = 3, 4, 7, 13, 14
NEWER_SETS, ENCODING, LONG_MISSINGS = 19, 20, 22
SEGMENT_BYTES = 252
"""Of a very long string, in each variable that it is stored in; a segment takes 255."""
CONTINUATION, WIDEST = -1, 255
"""Widths of variables: each eight bytes of a text after the first have a variable of width -1."""
SHORT_TEXT = 8
"""Bytes up to which the labels of a text stand with those of numbers; a wider one has a record of its own."""
TEXT_FORMATS = (1, 2)
"""A and AHEX; every other format is one of numbers."""
SYSTEM_MISSING = -sys.float_info.max
EBCDIC = 1
MOST_MISSINGS = 3


@dataclass(frozen=True)
class RawSet:
    """A multiple-response set; ``variables`` are names as the record writes them, in any case."""

    name: bytes
    label: bytes
    is_dichotomy: bool
    counted_value: bytes
    variables: tuple[bytes, ...]


@dataclass
class RawVariable:
    """``width`` is 0 for a number. ``missings`` are doubles or bytes; ``missing_range`` is for numbers only."""

    short_name: bytes
    name: bytes
    width: int
    missings: list[float] | list[bytes] = field(default_factory=list)
    missing_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class SystemDictionary:
    variables: list[RawVariable]
    claimed_encoding: str | None
    sets: list[RawSet]
    weight: bytes | None
    rows: int
    """As the header says; -1 when it does not."""
    compression: int
    case_bytes: int
    data_at: int


def scan_dictionary(data: bytes) -> SystemDictionary:
    """Walk over the records of a ``.sav`` or ``.zsav``. Raises ``ValueError`` where they make no sense."""
    return _Scan(data).scan()


class _Scan:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, HEADER_BYTES
        self.order = "<" if struct.unpack_from("<i", data, 64)[0] in (2, 3) else ">"
        if struct.unpack_from(f"{self.order}i", data, 64)[0] not in (2, 3):
            raise ValueError("its header does not say how its bytes are ordered")
        self.places: dict[int, RawVariable] = {}
        self.place = 0
        self.continuations = 0
        self.labelled: set[int] = set()
        self.extensions: dict[int, bytes] = {}

    def scan(self) -> SystemDictionary:
        try:
            self._records()
            return self._dictionary()
        except struct.error:
            raise ValueError("its dictionary does not end") from None

    def _records(self) -> None:
        while (kind := self._int()) != END:
            if self.continuations and kind != VARIABLE:
                raise ValueError("a text without all of its parts")
            if kind == VARIABLE:
                self._variable()
            elif kind == VALUE_LABELS:
                for _ in range(self._count()):
                    self._take(8)
                    length = self._take(1)[0]
                    self._take((length + 8) // 8 * 8 - 1)
                if self._int() != VALUE_LABELS + 1:
                    raise ValueError("value labels without their variables")
                if not 1 <= (labelled := self._count()) <= self.place:
                    raise ValueError("value labels of more variables than there are")
                self._labels([self._int() for _ in range(labelled)])
            elif kind == DOCUMENTS:
                self._take(80 * self._count())
            elif kind == EXTENSION:
                subtype, size, count = self._int(), self._count(), self._count()
                content = self._take(size * count)
                self.extensions[subtype] = self.extensions.get(subtype, b"") + content
            else:
                raise ValueError(f"a record of unknown type {kind}")
        self._int()

    def _variable(self) -> None:
        width, has_label, missings = self._int(), self._int(), self._int()
        formats = [self._int() for _ in range(2)]
        if width >= 0 and any((found >> 16 & 0xFF in TEXT_FORMATS) != (width > 0) for found in formats):
            raise ValueError("a variable whose format is for another type")
        name = self._take(8).rstrip(b" ")
        if has_label:
            self._take((self._count() + 3) // 4 * 4)
        if not CONTINUATION <= width <= WIDEST or (width == CONTINUATION) != (self.continuations > 0):
            raise ValueError("a text has more or fewer parts than its width asks for")
        self.continuations = self.continuations - 1 if width < 0 else max(0, (width + 7) // 8 - 1)
        if has_label not in (0, 1):
            raise ValueError("a variable that neither has a label nor has none")
        if abs(missings) > MOST_MISSINGS:
            raise ValueError("more missing values than a variable can have")
        values = [self._take(8) for _ in range(abs(missings))]
        if width >= 0:
            variable = RawVariable(name, name, width)
            if width:
                variable.missings = [value[:width].rstrip(b" ") for value in values]
            else:
                numbers = [self._double(value) for value in values]
                if missings < 0 and len(numbers) > 1:
                    variable.missing_range = (numbers[0], numbers[1])
                    numbers = numbers[2:]
                variable.missings = numbers
            self.places[self.place] = variable
        self.place += 1

    def _labels(self, numbers: list[int]) -> None:
        """Variables that share a list of labels, by the number of their first part, counted from one."""
        if any(number - 1 not in self.places for number in numbers):
            raise ValueError("value labels of a variable that there is not")
        if self.labelled & set(numbers):
            raise ValueError("a variable with two lists of value labels")
        self.labelled |= set(numbers)
        widths = [self.places[number - 1].width for number in numbers]
        if max(widths) > SHORT_TEXT or (0 in widths and any(widths)):
            raise ValueError("value labels that do not fit the type of their variable")

    def _dictionary(self) -> SystemDictionary:
        by_short = {variable.short_name.upper(): variable for variable in self.places.values()}
        floats = self.extensions.get(MACHINE_FLOATS, b"")
        # Some programs write their own not-a-number there, which no cell can be mistaken for.
        if floats and (stated := self._double(floats[:8])) != SYSTEM_MISSING and not math.isnan(stated):
            raise ValueError("it has another value for system-missing than all programs use")
        weight = self.places.get(struct.unpack_from(f"{self.order}i", self.data, 76)[0] - 1)
        for short, name in _pairs(self.extensions.get(LONG_NAMES, b"").split(b"\t")):
            if short.upper() in by_short:
                by_short[short.upper()].name = name
        kept = self._without_segments(by_short)
        by_name = {variable.name: variable for variable in kept}
        for name, values in self._long_missings():
            if name in by_name:
                by_name[name].missings = values
        sets = [
            found
            for subtype in (SETS, NEWER_SETS)
            for line in self.extensions.get(subtype, b"").split(b"\n")
            if line.strip(b"\0 ") and (found := _response_set(line)) is not None
        ]
        compression, case_units = struct.unpack_from(f"{self.order}i", self.data, 72)[0], self.place
        return SystemDictionary(
            kept,
            self._claimed_encoding(),
            sets,
            weight.name if weight is not None else None,
            struct.unpack_from(f"{self.order}i", self.data, 80)[0],
            compression,
            8 * case_units,
            self.at,
        )

    def _without_segments(self, by_short: dict[bytes, RawVariable]) -> list[RawVariable]:
        """A string above 255 bytes is stored as several variables; the first has the name."""
        ordered = list(self.places.values())
        skipped: set[int] = set()
        for short, width in _pairs(
            self.extensions.get(VERY_LONG_STRINGS, b"").replace(b"\0", b"").split(b"\t")
        ):
            variable = by_short.get(short.upper())
            if variable is None or not width.strip().isdigit():
                raise ValueError("a very long text that no variable is the beginning of")
            variable.width = int(width)
            first = ordered.index(variable)
            segments = (variable.width + SEGMENT_BYTES - 1) // SEGMENT_BYTES
            if first + segments > len(ordered):
                raise ValueError("a very long text without all of its parts")
            skipped.update(range(first + 1, first + segments))
        return [variable for place, variable in enumerate(ordered) if place not in skipped]

    def _long_missings(self) -> Iterator[tuple[bytes, list[bytes]]]:
        content = self.extensions.get(LONG_MISSINGS, b"")
        at = 0
        while at < len(content):
            (length,) = struct.unpack_from(f"{self.order}i", content, at)
            name = content[at + 4 : at + 4 + length]
            at += 4 + length
            count, width = content[at], struct.unpack_from(f"{self.order}i", content, at + 1)[0]
            at += 5
            values: list[bytes] = []
            for _ in range(count):
                # By the format there is one width for all; some writers repeat it before each value.
                if values and struct.unpack_from(f"{self.order}i", content, at)[0] == width:
                    at += 4
                values.append(content[at : at + width].rstrip(b" "))
                at += width
            yield name, values

    def _claimed_encoding(self) -> str | None:
        if named := self.extensions.get(ENCODING, b"").strip(b"\0 "):
            return named.decode("latin-1")
        machine = self.extensions.get(MACHINE, b"")
        code = struct.unpack_from(f"{self.order}i", machine, 28)[0] if len(machine) >= 32 else 0
        if code == EBCDIC:
            return "cp500"
        return {65001: "utf-8"}.get(code) or (f"cp{code}" if code > 400 else None)

    def _take(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.data):
            raise ValueError("its dictionary does not end")
        self.at += size
        return self.data[self.at - size : self.at]

    def _int(self) -> int:
        return struct.unpack(f"{self.order}i", self._take(4))[0]

    def _count(self) -> int:
        if (count := self._int()) < 0:
            raise ValueError("a number below zero")
        return count

    def _double(self, raw: bytes) -> float:
        return struct.unpack(f"{self.order}d", raw)[0]


def _pairs(parts: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for part in parts:
        short, sign, value = part.strip(b"\0\n").partition(b"=")
        if sign:
            yield short, value


def _response_set(line: bytes) -> RawSet | None:
    """``$name=D1 1 5 label a b``, ``$name=C 5 label a b`` or ``$name=E 1 1 1 5 label a b``; lengths in bytes."""
    name, sign, rest = line.strip(b"\0 ").partition(b"=")
    if not sign or rest[:1] not in (b"C", b"D", b"E"):
        return None
    kind, rest = rest[:1], rest[1:]
    counted = b""
    if kind == b"E":
        rest = rest.lstrip(b" ").partition(b" ")[2]  # where the labels of its categories come from
    if kind != b"C":
        counted, rest = _counted(rest)
    label, rest = _counted(rest)
    return RawSet(name.removeprefix(b"$"), label, kind != b"C", counted.rstrip(b" "), tuple(rest.split()))


def _counted(text: bytes) -> tuple[bytes, bytes]:
    """A length, a blank and so many bytes; and what comes after them."""
    length, _, rest = text.lstrip(b" ").partition(b" ")
    size = int(length)
    return rest[:size], rest[size:].removeprefix(b" ")
