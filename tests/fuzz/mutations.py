"""Ways in which a file goes wrong: bytes flipped, cut, spliced, repeated, fields set to extremes."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

EXTREME_INTEGERS = (0, 1, -1, 2, 255, 256, 32767, 65535, 2**24, 2**31 - 1, -(2**31), 2**31 - 8, 0x01010101)
EXTREME_DOUBLES = (0.0, -0.0, 1e308, -1.7976931348623157e308, float("inf"), float("nan"), 5e-324, 2.0**53)
EXTREME_TEXTS = (
    b"\0", b'"', b"'", b";", b",", b"\n", b"\r", b"\xff", b"\xe9", b"=cmd|' /C calc'!A0", b"1e999", b"-", b"9" * 400,
    b"\xf0\x9f\x98\x80", b"&lol;", b"<!DOCTYPE x [<!ENTITY y \"z\">]>", b"ZZZZZZ/", b"*.", b"/", b"F", b"x" * 140_000,
)  # fmt: skip
SYSTEM_FILE_FIELDS = (64, 68, 72, 76, 80, 84)
"""Of a .sav header: layout, values per case, compression, weight, cases, bias."""


@dataclass(frozen=True)
class Mutated:
    """A mutated file; ``touched`` bounds how many bytes stand otherwise than in the seed, in place."""

    data: bytes
    mutation: str
    touched: int | None = None
    """``None``: not in place, so that everything behind it has moved."""


def _place(data: bytes, rng: random.Random) -> int:
    """Half of the time in the first kilobyte: dictionaries stand in front."""
    return rng.randrange(min(len(data), 1024 if rng.random() < 0.5 else len(data)))


def flip(data: bytes, _: bytes, kind: str, rng: random.Random) -> Mutated:
    """One to four bytes become others, or lose a bit."""
    out = bytearray(data)
    count = rng.choice((1, 1, 1, 2, 4))
    for _i in range(count):
        at = _place(data, rng)
        out[at] = rng.randrange(256) if rng.random() < 0.5 else out[at] ^ (1 << rng.randrange(8))
    return Mutated(bytes(out), "flipped", count)


def cut(data: bytes, _: bytes, kind: str, rng: random.Random) -> Mutated:
    """The end is lost, or a piece from the middle."""
    if rng.random() < 0.6:
        return Mutated(data[: rng.randrange(len(data))], "cut")
    at = _place(data, rng)
    return Mutated(data[:at] + data[at + rng.choice((1, 2, 4, 8, 16, 80, 400)) :], "cut")


def splice(data: bytes, other: bytes, kind: str, rng: random.Random) -> Mutated:
    """The beginning of one file and the end of another of the same format."""
    at = _place(data, rng)
    return Mutated(data[:at] + other[rng.choice((at, _place(other, rng))) :], "spliced")


def repeat(data: bytes, _: bytes, kind: str, rng: random.Random) -> Mutated:
    """A piece stands there several times."""
    at = _place(data, rng)
    piece = data[at : at + rng.choice((1, 4, 8, 16, 32, 80, 512))]
    return Mutated(data[:at] + piece * rng.choice((2, 2, 3, 50)) + data[at + len(piece) :], "repeated")


def extreme(data: bytes, _: bytes, kind: str, rng: random.Random) -> Mutated:
    """A number of the format, or a piece of its text, becomes the largest, smallest or strangest there is."""
    out = bytearray(data)
    if kind in ("csv", "por") or rng.random() < 0.1:
        at, text = _place(data, rng), rng.choice(EXTREME_TEXTS)
        if kind == "por":
            text = text[:400]
        return Mutated(bytes(out[:at] + text + out[at + rng.choice((0, len(text))) :]), "extreme")
    order = rng.choice("<<<>")
    if kind in ("sav", "zsav") and rng.random() < 0.3:
        at = rng.choice(SYSTEM_FILE_FIELDS)
    else:
        at = _place(data, rng) // 4 * 4
    if rng.random() < 0.8:
        packed = struct.pack(f"{order}i", rng.choice(EXTREME_INTEGERS))
    else:
        packed = struct.pack(f"{order}d", rng.choice(EXTREME_DOUBLES))
    out[at : at + len(packed)] = packed
    return Mutated(bytes(out[: len(data)]), "extreme", len(packed))


def inside(data: bytes, other: bytes, kind: str, rng: random.Random) -> Mutated:
    """Of an archive: a part is mutated before it is compressed, since its checksum would betray it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {info.filename: archive.read(info) for info in archive.infolist()}
    except zipfile.BadZipFile:
        return flip(data, other, kind, rng)
    sheets = [name for name in parts if "sheet" in name or "shared" in name]
    name = rng.choice(sheets if rng.random() < 0.7 else list(parts))
    if not parts[name]:
        return flip(data, other, kind, rng)
    changed = rng.choice(MUTATIONS[:5])(parts[name], rng.choice(list(parts.values())) or b"x", "csv", rng)
    parts[name] = changed.data
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return Mutated(buffer.getvalue(), f"{changed.mutation} inside", changed.touched)


MUTATIONS: tuple[Callable[[bytes, bytes, str, random.Random], Mutated], ...] = (
    flip,
    cut,
    splice,
    repeat,
    extreme,
)


def mutate(data: bytes, other: bytes, kind: str, rng: random.Random) -> Mutated:
    """``data`` with one mutation, drawn with ``rng``; never the same bytes."""
    while True:
        action = inside if kind == "xlsx" and rng.random() < 0.7 else rng.choice(MUTATIONS)
        found = action(data, other, kind, rng)
        if found.data != data and found.data:
            return found
