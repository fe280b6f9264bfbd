"""Names of persons in text: by salutation, initials, given names and surname prefixes, in any case."""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestration.deliveries.personal_data import Terms

_INITIALS = re.compile(r"(?:(?:IJ|Ch|Th|Ph|Tj|Sj|St|[A-Z])\.-?){1,7}", re.IGNORECASE)
_BARE_INITIALS = re.compile(r"[A-Z]{1,3}")
_NAME = re.compile(r"(?:[^\W\d_]|['-](?=[^\W\d_])){2,}")
_EDGE = '"()[]{}<>:;!?*'
MOST_WORDS_OF_A_NAME = 6


@dataclass(frozen=True)
class _Word:
    text: str
    ends: bool
    """A comma, a full stop or the like stands behind it."""

    @property
    def folded(self) -> str:
        return self.text.casefold()

    @property
    def is_capitalised(self) -> bool:
        return self.text[:1].isupper() and not self.text[1:].isupper()


class NameReader:
    """Reads names with one set of terms; ``has_name`` and ``is_name`` take text as ``plain`` gives it."""

    def __init__(self, terms: Terms) -> None:
        self._given = terms["given_name"]
        self._alone = terms["surname"]
        self._by_initial = self._alone | terms["surname_word"]
        self._surnames = self._by_initial | terms["surname_adjective"]
        self._endings = tuple(terms["surname_ending"])
        self._prefixes = terms["surname_prefix"]
        self._salutations = terms["salutation"]
        self._titles = terms["title"]
        self._no_names = terms["not_a_name"]
        self._abbreviations = terms["abbreviation"]
        # Most texts of a survey have none of these: one look decides that they need no reading.
        known = {*self._given, *self._surnames, *self._salutations, *self._titles}
        self._known = frozenset(known)

    def has_name(self, text: str) -> bool:
        """Whether a text names a person beyond doubt: salutation, initials or given name with a surname."""
        words = self._read(text)
        if len(words) < 2 or not self._is_worth_reading(words):
            return False
        return any(self._starts(words, place) for place in range(len(words)))

    def is_name(self, text: str) -> bool:
        """Whether the whole of a short text could be a name and has a known one in it: ``Jan``, ``de Vries``."""
        words = self._read(text)
        if not 0 < len(words) <= MOST_WORDS_OF_A_NAME:
            return False
        core = [word for word in words if word.folded not in self._prefixes]
        if len(words) == 1:
            return self._is_given(words[0]) or words[0].folded in self._alone
        if not all(self._is_part(word) for word in core):
            return False
        if self._is_given(core[0]) if core else False:
            return len(core) > 1 or len(words) == 1
        if self._is_initials(core[0]) if core else False:
            # Few things but names begin with initials; how many of a column do is for a rule to judge.
            return len(core) > 1 and core[-1].text[:1].isupper() and not self._is_initials(core[-1])
        has_initials = any(self._is_initials(word) or _BARE_INITIALS.fullmatch(word.text) for word in core)
        has_prefix = len(core) < len(words)
        return (has_initials or has_prefix) and any(self._is_surname(word) for word in core)

    def resembles_name(self, text: str) -> bool:
        """Whether the whole of a short text has the form of a name, known or not; no digits, few words."""
        words = self._read(text)
        return 0 < len(words) <= MOST_WORDS_OF_A_NAME and all(
            self._is_part(word) or word.folded in self._prefixes for word in words
        )

    def _read(self, text: str) -> list[_Word]:
        words = []
        for raw in text.replace("/", " / ").split():
            bare = raw.strip(_EDGE)
            ends = raw[-1] in ",;:!?)" or bare.endswith(",")
            bare = bare.rstrip(",")
            if not _INITIALS.fullmatch(bare) and bare.endswith("."):
                stem = bare.rstrip(".")
                # A point behind a title shortens it; behind another word it ends the sentence.
                ends = ends or stem.casefold() not in (self._salutations | self._titles | self._prefixes)
                bare = stem
            if bare:
                words.append(_Word(bare, ends))
        return words

    def _is_worth_reading(self, words: list[_Word]) -> bool:
        return any(
            word.folded in self._known or "-" in word.text or _INITIALS.fullmatch(word.text) for word in words
        )

    def _starts(self, words: list[_Word], place: int) -> bool:
        first = words[place]
        if first.folded in self._salutations or first.folded in self._titles:
            return self._after_salutation(words, place)
        if self._is_initials(first) and not first.ends:
            return self._after_initials(words, place)
        if self._is_given(first) and not first.ends:
            return self._after_given(words, place)
        if first.ends and place + 1 < len(words) and _NAME.fullmatch(first.text):
            return self._before_initials(words, place)
        return False

    def _after_salutation(self, words: list[_Word], place: int) -> bool:
        is_salutation = False
        behind = place
        has_initials = False
        while behind < len(words):
            word = words[behind]
            if word.folded in self._salutations:
                is_salutation = True
            elif self._is_initials(word):
                has_initials = True
            elif word.folded not in self._titles:
                break
            if word.ends:
                return False
            behind += 1
        prefixes, core = self._surname_after(words, behind)
        if core is None:
            return False
        if self._is_surname(core) or (is_salutation and self._is_given(core)):
            return True
        return core.is_capitalised and (is_salutation or has_initials or prefixes > 1)

    def _after_initials(self, words: list[_Word], place: int) -> bool:
        first = words[place]
        prefixes, core = self._surname_after(words, place + 1)
        if core is None:
            return False
        if prefixes or sum(map(str.isalpha, first.text)) > 1:
            is_upper = first.text[0].isupper()
            return self._is_surname(core) or (prefixes > 0 and is_upper and core.is_capitalised)
        # "a. water", "B. Klein": one letter before a word may number a list.
        return core.folded in self._alone or (
            core.is_capitalised
            and core.folded not in self._surnames - self._by_initial
            and self._is_surname(core)
        )

    def _after_given(self, words: list[_Word], place: int) -> bool:
        behind = place + 1
        # "Jan Willem", "Jan P." and "Jan-Willem" are given names too.
        while behind < len(words) and (self._is_given(words[behind]) or self._is_initials(words[behind])):
            if words[behind].ends:
                return False
            behind += 1
        prefixes, core = self._surname_after(words, behind)
        if core is None:
            return False
        if self._is_surname(core):
            return True
        is_whole = place == 0 and behind + prefixes + 1 == len(words)
        return prefixes > 0 and (core.is_capitalised or is_whole)

    def _before_initials(self, words: list[_Word], place: int) -> bool:
        """``Vries, J. de``, ``Jansen, A.B.``, ``bakker, anneke``."""
        first, second = words[place], words[place + 1]
        if first.folded in self._no_names:
            return False
        has_prefix = place + 2 < len(words) and words[place + 2].folded in self._prefixes
        if self._is_initials(second):
            return self._is_surname(first) or (
                has_prefix and place + 3 >= len(words) and first.is_capitalised
            )
        return self._is_surname(first) and self._is_given(second)

    def _surname_after(self, words: list[_Word], place: int) -> tuple[int, _Word | None]:
        """How many prefixes stand at ``place``, and the word behind them if it can be a surname."""
        prefixes = 0
        while place < len(words) and words[place].folded in self._prefixes:
            if words[place].ends:
                return prefixes, None
            prefixes += 1
            place += 1
        if place >= len(words):
            return prefixes, None
        core = words[place]
        if not _NAME.fullmatch(core.text) or core.folded in self._no_names:
            return prefixes, None
        return prefixes, core

    def _is_part(self, word: _Word) -> bool:
        if word.folded in self._no_names:
            return False
        return (
            self._is_initials(word)
            or (
                _NAME.fullmatch(word.text) is not None
                and (word.text[0].isupper() or self._is_given(word) or self._is_surname(word))
            )
            or _BARE_INITIALS.fullmatch(word.text) is not None
        )

    def _is_initials(self, word: _Word) -> bool:
        return _INITIALS.fullmatch(word.text) is not None and word.folded not in self._abbreviations

    def _is_given(self, word: _Word) -> bool:
        return all(part in self._given for part in word.folded.split("-"))

    def _is_surname(self, word: _Word) -> bool:
        return any(part in self._surnames for part in word.folded.split("-")) or (
            word.folded.endswith(self._endings) and word.folded not in self._no_names
        )
