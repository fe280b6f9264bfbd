"""Writes SPSS portable files with missing declarations, which no library at hand does."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRST"
LINE = 80


def write_portable(variables: list[Any]) -> bytes:
    """A portable file of variables with ``name, is_numeric, answers, label, labels, missings, missing_range``."""
    parts = ["A", _text("20260101"), _text("120000"), "4", _number(len(variables))]
    for one in variables:
        width = 0 if one.is_numeric else max(len(_bytes(cell or "")) for cell in [*one.answers, "x" * 8])
        kind = 5 if one.is_numeric else 1
        written = "".join(_number(part) for part in (kind, 8, 2 if one.is_numeric else 0))
        parts += ["7", _number(width), _text(one.name), written, written]
        if one.missing_range:
            parts += ["B", *map(_number, one.missing_range)]
        for value in one.missings:
            parts += ["8", _value(value)]
        if one.label:
            parts += ["C", _text(one.label)]
    for one in variables:
        if one.labels:
            pairs = [_value(code) + _text(label) for code, label in one.labels.items()]
            parts += ["D", _number(1), _text(one.name), _number(len(pairs)), *pairs]
    parts.append("F")
    for row in zip(*(one.answers for one in variables), strict=True):
        for one, cell in zip(variables, row, strict=True):
            parts.append(_value(cell) if cell is not None else "*." if one.is_numeric else _text(" "))
    # Texts are handed over as one character a byte.
    content = ("0" * 200 + " " * 256 + "SPSSPORT" + "".join(parts)).encode("latin-1")
    content += b"Z" * (LINE - len(content) % LINE)
    return b"\r\n".join(content[at : at + LINE] for at in range(0, len(content), LINE)) + b"\r\n"


def _bytes(text: str) -> str:
    return text.encode("utf-8").decode("latin-1")


def _text(text: str) -> str:
    raw = _bytes(text)
    return _number(len(raw)) + raw


def _value(value: float | str) -> str:
    return _text(value) if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    """Exactly: a double is a fraction of two, which ends in base thirty."""
    exact = Fraction(value)
    power = 0
    while exact.denominator != 1:
        exact, power = exact * 30, power + 1
    whole = abs(exact.numerator)
    digits = ""
    while whole:
        whole, digit = divmod(whole, 30)
        digits = DIGITS[digit] + digits
    exponent = "-" + _number(power)[:-1] if power else ""
    return f"{'-' if value < 0 else ''}{digits or '0'}{exponent}/"
