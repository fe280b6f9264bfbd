"""When two labels or question texts are the same words: spelling that contractors vary without meaning it.

The macro ``plain_text`` of the dbt project does the same, so that what is harmless here passes there.
"""

from __future__ import annotations

import re

_BLANKS = re.compile("[ \t\n\r\f\v\u00a0]+")
_SIGNS = str.maketrans("\u2018\u2019\u201c\u201d\u201e\u2013\u2014", '\'\'"""--')
_ENDINGS = " .,;:!?\u2026"


def plain(text: str) -> str:
    """A text without upper case, with single blanks, plain quotes and dashes, and no punctuation at its end.

    A text that is nothing but punctuation keeps it.
    """
    words = _BLANKS.sub(" ", text.translate(_SIGNS).lower()).strip(" ")
    return words.rstrip(_ENDINGS) or words


def same_text(one: str, other: str) -> bool:
    """Whether two texts differ in case, blanks or closing punctuation at most."""
    return one == other or plain(one) == plain(other)
