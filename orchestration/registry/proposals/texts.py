"""How much two texts of a codebook are alike: cosine of their words and letter triples, rare ones weighing more.

Words tell questions apart, triples forgive endings, abbreviations and typing errors. Both are weighted by how
few texts hold them (TF-IDF), so that "online" counts and "de" does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

SEPARATORS = re.compile(r"\s+[|/–—-]\s+|:\s+|\s*\|\s*")
"""What stands between the text above a block of questions and the text of one of them."""
NUMBERING = re.compile(r"^\s*(?:[a-z]{0,4}\d+[a-z]?(?:[._]\d+[a-z]?)*|[a-z])\s*[.:)\]-]+\s*", re.IGNORECASE)
"""A question's number before its text: ``12.``, ``Q7_1:``, ``a)``."""
CHARACTERS = 3


@lru_cache(maxsize=100_000)
def plain(text: str) -> str:
    """Text as it is compared: without case, accents, punctuation and numbering."""
    bare = NUMBERING.sub("", text, count=1)
    letters = unicodedata.normalize("NFKD", bare if bare.strip() else text).casefold()
    kept = "".join(
        character if character.isalnum() else " "
        for character in letters
        if not unicodedata.combining(character)
    )
    return " ".join(kept.split())


@dataclass(frozen=True)
class Question:
    """The text of a question in two parts; ``stem`` is empty where it does not stand in a block."""

    stem: str
    item: str

    @property
    def whole(self) -> str:
        return f"{self.stem} {self.item}".strip()


@lru_cache(maxsize=100_000)
def question(label: str, name: str = "") -> Question:
    """Cut a variable's label at its last separator; a variable's own name before its text is dropped."""
    text = label.strip()
    if name and text.casefold().startswith(name.casefold()):
        text = text[len(name) :].lstrip(" .:-_|)") or text
    parts = [part for part in (plain(part) for part in SEPARATORS.split(text)) if part]
    return Question(" ".join(parts[:-1]), parts[-1]) if parts else Question("", "")


class Likeness:
    """Likeness of texts, from 0 (nothing in common) to 1 (equal).

    ``texts``: plain texts, of the new files and of the earlier waves together, for what is rare is learnt from
    them.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.place = {text: index for index, text in enumerate(sorted({text for text in texts if text}))}

    def between(self, ones: Sequence[str], others: Sequence[str]) -> np.ndarray:
        """One row per text of the first list, one column per text of the second; an unknown text is like none."""
        import numpy as np

        rows = [self.place.get(text, len(self.place)) for text in ones]
        columns = [self.place.get(text, len(self.place)) for text in others]
        return self._table[np.ix_(rows, columns)]

    @cached_property
    def _table(self) -> np.ndarray:
        import numpy as np
        from scipy.sparse import csr_matrix

        counts = [_features(text) for text in self.place]
        names = {name: column for column, name in enumerate(sorted({n for c in counts for n in c}))}
        held = Counter(name for count in counts for name in count)
        rows, columns, values = [], [], []
        for row, count in enumerate(counts):
            for name, number in count.items():
                rows.append(row)
                columns.append(names[name])
                values.append(number * (1 + np.log((1 + len(counts)) / (1 + held[name]))))
        matrix = csr_matrix((values, (rows, columns)), shape=(len(counts), max(len(names), 1)))
        lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1)).A1
        lengths[lengths == 0] = 1.0
        scaled = csr_matrix(matrix.multiply(1 / lengths[:, None]))
        # The last row and column are of a text that is not known.
        table = np.zeros((len(counts) + 1, len(counts) + 1))
        table[:-1, :-1] = np.minimum((scaled @ scaled.T).toarray(), 1.0)
        return table


def _features(text: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for word in text.split():
        found[f"word {word}"] += 1
        padded = f" {word} "
        for start in range(len(padded) - CHARACTERS + 1):
            found[padded[start : start + CHARACTERS]] += 1
    return found
