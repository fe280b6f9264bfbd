"""In which encoding the text of a file really is: what the file says is a hint, its bytes decide."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

UTF_8 = "utf-8"
WESTERN = ("cp1252", "iso8859-15", "cp850", "mac-roman", "cp437")
"""Encodings of one byte that Dutch text has been written in, the usual one first: it wins when all fit alike."""
UTF_8_BY_CHANCE = {"cp1252", "iso8859-1", "iso8859-15"}
"""Text in these is practically never valid UTF-8 (it takes an ``Ã`` before a sign), so one string is proof."""
BYTES_FOR_ANOTHER = 3
"""Bytes beyond ASCII below which nothing speaks clearly enough for another Western encoding than the usual one."""
STRINGS_FOR_PROOF = 3
"""In any other encoding this many strings have to be valid UTF-8, and all of them."""
BYTES_FOR_A_GUESS = 64
"""Bytes beyond ASCII below which no statistics can tell one script from another."""
LABEL_LIMITS = frozenset({40, 60, 80, 119, 120, 255, 256})
"""Bytes at which SPSS, Stata and the programs that write their files cut a label."""
USUAL_LETTERS = frozenset("áàâäãåæçéèêëíìîïñóòôöõøœúùûüýÿßÁÀÂÄÅÆÇÉÈÊËÍÎÏÑÓÔÖØŒÚÛÜ")
"""Letters of Dutch, its neighbours and its names."""
USUAL_SIGNS = frozenset(
    "\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2026\u2022€°·«»§²³½¼¾©®´\u00a0ªº×±µ£¿¡"
)
ENCODED_TWICE = frozenset({"latin-1", "sloppy-windows-1252"})
"""Encodings, by ftfy's names, in which UTF-8 that is decoded wrongly gives signs that no text has."""
MOJIBAKE = re.compile(r"[^\x00-\x7f][^\x00-\x7f]|[ÃÂâ][ \u00a0]")
"""Text that was decoded wrongly once has two signs beyond ASCII side by side; most text has not."""


@dataclass(frozen=True)
class Decoded:
    """Text, and what had to be done to it: ``""`` nothing, ``repaired`` (it was in another encoding), ``cut``
    (the last character was cut through; the text before it is whole), ``damaged`` (it cannot be restored)."""

    text: str
    outcome: str = ""


class TextDecoder:
    """Decodes the strings of one file.

    ``claimed``: the encoding that the file says it has, or ``None``. ``strings``: every distinct string of the
    file that is not ASCII. ``encoding`` is then the one that most of them are in.
    """

    def __init__(self, claimed: str | None, strings: Collection[bytes]) -> None:
        self.claimed = known_encoding(claimed)
        self._memory: dict[tuple[bytes, int], Decoded] = {}
        beyond = [raw for raw in strings if not raw.isascii()]
        wrong = [raw for raw in beyond if not _fits(raw, self.claimed or UTF_8)]
        # Text of one byte a character that ends in a letter looks like UTF-8 that was cut there; one string
        # with such a byte inside it shows which of the two this file has.
        self._has_single_bytes = any(_text_before_cut(raw) is None for raw in wrong)
        self.fallback = _one_byte_encoding(
            [raw for raw in wrong if _text_before_cut(raw) is None], self.claimed
        )
        valid = sum(1 for raw in beyond if _is_utf8(raw))
        self._utf8_is_proof = (self.claimed or self.fallback) in UTF_8_BY_CHANCE or (
            valid == len(beyond) and valid >= STRINGS_FOR_PROOF
        )
        self.encoding = self._main_encoding(len(beyond), len(wrong), valid)

    def _main_encoding(self, beyond: int, wrong: int, valid: int) -> str:
        if self.claimed is None:
            return UTF_8 if valid * 2 >= beyond else self.fallback
        if wrong * 2 > beyond and self._has_single_bytes:
            return self.fallback
        if self.claimed != UTF_8 and valid * 2 > beyond and self._utf8_is_proof:
            return UTF_8
        return self.claimed

    def decode(self, raw: bytes, width: int = 0) -> Decoded:
        """Text of one string. ``width``: the bytes that it has room for, as far as that is known."""
        if raw.isascii():
            return Decoded(raw.decode("ascii"))
        key = (raw, width)
        if key not in self._memory:
            self._memory[key] = self._decode(raw, width)
        return self._memory[key]

    def _decode(self, raw: bytes, width: int) -> Decoded:
        claimed = self.claimed or self.encoding
        if claimed != UTF_8 and self._utf8_is_proof and _is_utf8(raw):
            return _outcome(raw.decode(UTF_8), "repaired")
        if _fits(raw, claimed) and (self.claimed or claimed == UTF_8):
            return repair_text(raw.decode(claimed))
        if claimed != UTF_8 and self.encoding != UTF_8:
            return self._in_fallback(raw, claimed)
        before = _text_before_cut(raw)
        if before is not None and (
            not before.isascii()
            or (
                not self._has_single_bytes and (len(raw) == width or (not width and len(raw) in LABEL_LIMITS))
            )
        ):
            return _outcome(before, "cut")
        return self._in_fallback(raw, UTF_8)

    def _in_fallback(self, raw: bytes, claimed: str) -> Decoded:
        """Text that is not in the encoding it should be in: in the one that its file's other such text is in."""
        holds_utf8 = re.search(rb"[\xc3-\xf4][\x80-\xbf]", raw) and claimed == UTF_8
        if not holds_utf8 and _fits(raw, self.fallback):
            text = raw.decode(self.fallback)
            if likeness(text) >= 0.5 * sum(1 for character in text if not character.isascii()):
                is_as_expected = self.claimed is None and self.encoding == self.fallback
                return Decoded(text, "" if is_as_expected else "repaired")
        return Decoded(raw.decode(claimed, "replace"), "damaged")


def known_encoding(name: str | None) -> str | None:
    """Python's name of an encoding, ``None`` for one it does not know; Latin 1 is read as the cp1252 that it
    nearly always is."""
    if not name:
        return None
    try:
        found = codecs.lookup(name.strip().replace(":", "_")).name
        "".encode(found)  # Python knows encodings of other things than text: rot13, base64, zlib
    except (LookupError, ValueError):
        return None
    return {"iso8859-1": "cp1252", "utf-8-sig": UTF_8, "ascii": None}.get(found, found)


def is_one_byte_text(encoding: str | None) -> bool:
    """Whether ASCII characters are one byte each in it, and those bytes are nothing else."""
    if encoding is None:
        return True
    if known_encoding(encoding) == UTF_8:
        return True
    try:
        return all(len(bytes([byte]).decode(encoding, "replace")) == 1 for byte in range(256)) and bytes(
            range(128)
        ).decode(encoding) == bytes(range(128)).decode("ascii")
    except UnicodeError:
        return False


def repair_text(text: str) -> Decoded:
    """Text that was decoded once too often (``Ã©`` for ``é``) set right, where nothing speaks against it."""
    if "\ufffd" in text:
        return Decoded(text, "damaged")
    if text.isascii() or not MOJIBAKE.search(text):
        return Decoded(text)
    import ftfy
    from ftfy.badness import is_bad

    if not is_bad(text):
        return Decoded(text)
    settings = ftfy.TextFixerConfig(
        restore_byte_a0=True,
        replace_lossy_sequences=False,
        decode_inconsistent_utf8=False,
        fix_c1_controls=False,
    )
    fixed, steps = ftfy.fix_encoding_and_explain(text, settings)
    if fixed == text or is_bad(fixed) or "\ufffd" in fixed:
        return Decoded(text)
    # Two letters that stand side by side are some letter in UTF-8 by chance, the more so letters of the Mac or
    # of DOS: then only a letter that is usual here is a sign that the text had been decoded wrongly.
    once = {step.parameter for step in steps or () if step.action == "encode"}
    is_little = sum(not one.isascii() for one in text) < BYTES_FOR_ANOTHER
    if (is_little or once - ENCODED_TWICE) and not all(map(_is_usual, fixed)):
        return Decoded(text)
    return _outcome(fixed, "repaired")


def likeness(text: str) -> float:
    """How well the characters beyond ASCII fit where they stand: 1 for each that does, -1 for each that does not."""
    score = 0.0
    for place, character in enumerate(text):
        if character.isascii():
            continue
        before, after = text[max(place - 1, 0) : place], text[place + 1 : place + 2]
        neighbours = [other for other in (before, after) if other.isalpha()]
        if character in USUAL_SIGNS:
            # Within a word, or doubled, most signs are letters of another encoding.
            is_odd = len(neighbours) == 2 and character not in "\u2019\u2013\u2014·"
            score += -1 if is_odd or character in (before, after) else 0.75
        elif not character.isalpha():
            score -= 1
        elif not unicodedata.name(character, "").startswith("LATIN"):
            score += 1 if neighbours or not (before.strip() or after.strip()) else -1
        else:
            is_odd = (
                (character.isupper() and before.islower())
                or sum(not other.isascii() for other in neighbours) == 2
                or (not neighbours and before.strip() and after.strip())
            )
            score += -1 if is_odd else 1 if character in USUAL_LETTERS else 0.5
    return score


def _is_usual(character: str) -> bool:
    return (
        character.isascii() or character in USUAL_SIGNS or unicodedata.name(character, "").startswith("LATIN")
    )


def _outcome(text: str, outcome: str) -> Decoded:
    again = repair_text(text)
    return Decoded(again.text, "damaged" if again.outcome == "damaged" else outcome)


def _fits(raw: bytes, encoding: str) -> bool:
    try:
        text = raw.decode(encoding)
    except UnicodeError:
        return False
    return not any("\x80" <= character <= "\x9f" for character in text) or encoding == UTF_8


def _is_utf8(raw: bytes) -> bool:
    return not raw.isascii() and _fits(raw, UTF_8)


def _text_before_cut(raw: bytes) -> str | None:
    """The whole characters of UTF-8 whose last character was cut through; ``None`` when that is not so."""
    for rest in range(1, min(4, len(raw) + 1)):
        lead = raw[-rest]
        if lead >= 0xC2 and lead <= 0xF4:
            needed = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            if rest < needed and all(0x80 <= byte <= 0xBF for byte in raw[len(raw) - rest + 1 :]):
                try:
                    return raw[:-rest].decode(UTF_8)
                except UnicodeError:
                    return None
            return None
    return None


def _one_byte_encoding(wrong: Collection[bytes], claimed: str | None) -> str:
    """What text is in that is not in the encoding of its file, from all such text together."""
    usual, *others = (name for name in WESTERN if name != claimed)
    beyond = sum(1 for raw in wrong for byte in raw if byte >= 0x80)

    def score(name: str) -> float:
        return sum(likeness(raw.decode(name)) if _fits(raw, name) else -len(raw) for raw in wrong)

    if beyond < BYTES_FOR_ANOTHER or score(usual) > 0.7 * beyond:
        return usual
    best = max(others, key=score)
    if score(best) > 0.9 * beyond:
        return best
    return (_guessed(wrong) if beyond >= BYTES_FOR_A_GUESS else None) or usual


def _guessed(wrong: Collection[bytes]) -> str | None:
    """The encoding that charset-normalizer sees in text of another script."""
    import charset_normalizer

    found = charset_normalizer.from_bytes(b"\n".join(sorted(wrong))).best()
    name = known_encoding(found.encoding) if found is not None else None
    return name if name and all(_fits(raw, name) for raw in wrong) else None
