"""Text as the recognisers of personal data read it: one form for what people and programs write in many."""

from __future__ import annotations

import re
import unicodedata

# NFKC leaves dashes apart: hyphen, non-breaking, figure, en, em, minus, small and full-width ones.
_DASHES = re.compile("[\u00ad\u058a\u1806\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d]")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_QUOTES = re.compile("[\u2018\u2019\u201b\u02bc\u00b4`]")
_SPACES = re.compile(r"\s+")


def plain(text: str) -> str:
    """NFKC (full-width digits and letters too), every dash ``-``, every run of blanks one space, no invisible
    characters; letters keep their case."""
    if text.isascii():
        return _SPACES.sub(" ", text).strip()
    text = unicodedata.normalize("NFKC", _DASHES.sub("-", text))
    text = _QUOTES.sub("'", _INVISIBLE.sub("", _DASHES.sub("-", text)))
    # Digits of other scripts are digits to a person, and to phonenumbers; the eleven-proof wants 0 to 9.
    text = "".join(
        str(unicodedata.decimal(character))
        if not character.isascii() and character.isdecimal()
        else character
        for character in text
    )
    return _SPACES.sub(" ", text).strip()
