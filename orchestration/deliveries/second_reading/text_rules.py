"""When two readings of a text are the same text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestration.deliveries.source_table import SourceTable

SAME, REPAIRED, DIFFERENT = "same", "repaired", "different"
LOST = re.compile("[^\x00-\x7f]*[?\ufffd][^\x00-\x7f?]*")
"""A run of letters beyond ASCII in which PSPP or a decoder put a sign in the place of bytes that are no text."""
CLAIMED = ("cp1252", "iso8859-1", "iso8859-15", "cp850", "cp437", "mac-roman", "utf-8")
"""Encodings in which another reader may have taken a file at its word."""


@dataclass(frozen=True)
class TextRule:
    """What is known of our texts and of the other reader's ways with text.

    ``encoding``: the one that ours were decoded with. ``may_be_cut``: ours were repaired, and may lack a last
    letter that was cut through. ``ends_at_nul``: the other reader ends a text at its first NUL.
    """

    encoding: str = ""
    may_be_cut: bool = False
    ends_at_nul: bool = False

    @classmethod
    def between(cls, source: SourceTable, ends_at_nul: bool = False) -> TextRule:
        return cls(source.encoding, any(vars(source.text_counts).values()), ends_at_nul)


def compared_text(ours: str | None, theirs: str | None, rule: TextRule = TextRule()) -> str:
    """``same``, ``repaired`` (theirs is ours before its encoding was repaired) or ``different``.

    Trailing blanks, and NUL characters at the end, are no part of a text.
    """
    mine, other = trimmed(ours), trimmed(theirs)
    if mine == other:
        return SAME
    if rule.ends_at_nul and "\0" in mine and trimmed(mine.partition("\0")[0]) == other:
        return SAME
    if mine.isascii() and other.isascii() and "?" not in other:
        return DIFFERENT
    return REPAIRED if _is_repaired(mine, other, rule) else DIFFERENT


def trimmed(text: str | None) -> str:
    """Text without the blanks and NULs at its end; blank is ``''``."""
    return (text or "").rstrip(" \0")


def _is_repaired(mine: str, other: str, rule: TextRule) -> bool:
    if LOST.search(other):
        lost = r"(?:\?|[^\x00-\x7f])+"
        pieces = [re.escape(piece) for piece in LOST.split(other)]
        if not pieces[-1] and rule.may_be_cut:
            # At the very end nothing is left of a letter that was cut through.
            return re.fullmatch(f"{lost.join(pieces[:-1])}(?:{lost})?", mine) is not None
        return re.fullmatch(lost.join(pieces), mine) is not None
    return any(
        _decoded(other, claimed, really) == mine for claimed in CLAIMED for really in ("utf-8", rule.encoding)
    )


def _decoded(text: str, claimed: str, really: str) -> str | None:
    try:
        return text.encode(claimed).decode(really or "utf-8")
    except (UnicodeError, LookupError):
        return None
