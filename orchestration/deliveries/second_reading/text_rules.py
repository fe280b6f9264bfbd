"""When two readings of a text are the same text."""

from __future__ import annotations

import re

SAME, REPAIRED, DIFFERENT = "same", "repaired", "different"
LOST = re.compile("[?\ufffd]+")
"""What PSPP and decoders put in the place of bytes that are no text."""
CLAIMED = ("cp1252", "iso8859-1", "iso8859-15", "cp850", "cp437", "mac-roman", "utf-8")
"""Encodings in which another reader may have taken a file at its word."""


def compared_text(ours: str | None, theirs: str | None, encoding: str = "", cut_at_nul: bool = False) -> str:
    """``same``, ``repaired`` (theirs is ours before its encoding was repaired) or ``different``.

    Trailing blanks, and NUL characters at the end, are no part of a text. ``cut_at_nul``: the other reader ends
    a text at its first NUL. ``encoding``: the one that our text was decoded with.
    """
    mine, other = trimmed(ours), trimmed(theirs)
    if mine == other:
        return SAME
    if cut_at_nul and "\0" in mine and trimmed(mine.partition("\0")[0]) == other:
        return SAME
    if mine.isascii() and other.isascii() and "?" not in other:
        return DIFFERENT
    return REPAIRED if _is_repaired(mine, other, encoding) else DIFFERENT


def trimmed(text: str | None) -> str:
    """Text without the blanks and NULs at its end; blank is ``''``."""
    return (text or "").rstrip(" \0\t\r\n\v\f")


def _is_repaired(mine: str, other: str, encoding: str) -> bool:
    if LOST.search(other):
        lost = r"(?:[?\ufffd]+|[^\x00-\x7f]+)"
        pieces = [re.escape(piece) for piece in LOST.split(other)]
        if not pieces[-1]:
            # At the very end nothing is left of a letter that was cut through.
            return re.fullmatch(lost.join(pieces[:-1]) + f"{lost}?", mine) is not None
        return re.fullmatch(lost.join(pieces), mine) is not None
    return any(
        _decoded(other, claimed, really) == mine for claimed in CLAIMED for really in ("utf-8", encoding)
    )


def _decoded(text: str, claimed: str, really: str) -> str | None:
    try:
        return text.encode(claimed).decode(really or "utf-8")
    except (UnicodeError, LookupError):
        return None
