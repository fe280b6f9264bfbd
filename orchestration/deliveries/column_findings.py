"""What personal data the answers of one column hold: counted over its different values, never shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.deliveries.personal_data import (
    DIGITS,
    could_be_bsn,
    could_hold_bsn,
    has_address,
    has_bsn,
    has_email,
    has_iban,
    has_telephone,
    is_bsn,
    is_telephone,
    word_count,
)
from orchestration.deliveries.plain_text import plain
from orchestration.deliveries.privacy_rules import PrivacyRules

BY_CHANCE = 1 / 11
"""Of random numbers, as many pass a proof modulo eleven."""
_DIALLED_DIGITS = (9, 13)
_SMALLEST_PRIVATE_NUMBER = 10_000_000
"""Numbers below have fewer digits than a BSN without its leading zero."""


@dataclass(frozen=True)
class Finding:
    """One kind of personal data in one column; ``cells`` counts rows."""

    kind: str
    cells: int


def text_findings(cells: Any, named: tuple[str, ...], rules: PrivacyRules) -> Iterator[Finding]:
    """Findings in a text column. ``cells``: a pandas Series of text; ``named``: the variable's name and label."""
    counted: dict[str, int] = {}
    for value, count in cells.dropna().value_counts(sort=False).items():
        if text := plain(str(value)):
            counted[text] = counted.get(text, 0) + int(count)
    digits = {text: count for text, count in counted.items() if DIGITS.fullmatch(text)}
    yield from _digit_findings(digits, len(counted), named, rules, "digits")
    words = {text: count for text, count in counted.items() if text not in digits and len(text) > 1}
    yield from _found(words, "email_address", has_email, rules)
    # Every number that a person is known by has seven digits or more; few texts have.
    numbered = {text: count for text, count in words.items() if sum(map(str.isdigit, text)) >= 5}
    yield from _found(numbered, "telephone_number", lambda text: has_telephone(text, rules.terms), rules)
    yield from _bsn_in_text(numbered, rules)
    yield from _found(numbered, "iban", has_iban, rules)
    yield from _found(numbered, "address", lambda text: has_address(text, rules.terms), rules)
    yield from _name_findings(words, named, rules)
    yield from _open_text(words, len(counted), rules)


def number_findings(cells: Any, named: tuple[str, ...], rules: PrivacyRules) -> Iterator[Finding]:
    """Findings in a numeric column (a pandas Series of floats): only whole numbers of eight digits or more count."""
    import numpy

    if not len(cells) or not numpy.fmax.reduce(cells.to_numpy()) >= _SMALLEST_PRIVATE_NUMBER:
        return
    whole = cells[(cells > 0) & (cells < 1e14) & (cells % 1 == 0)]
    large = whole[whole >= _SMALLEST_PRIVATE_NUMBER].value_counts(sort=False)
    digits = {str(int(number)): int(count) for number, count in large.items()}
    yield from _digit_findings(digits, cells.nunique(), named, rules, "number")


def _digit_findings(
    digits: Mapping[str, int], values_n: int, named: tuple[str, ...], rules: PrivacyRules, place: str
) -> Iterator[Finding]:
    if not digits:
        return
    candidates = [text for text in digits if could_be_bsn(text)]
    passed = [text for text in candidates if is_bsn(text)]
    if passed:
        share = len(passed) / len(candidates)
        chance = tail(len(passed), len(candidates))
        is_named = rules.terms.names("bsn", named)
        if rules.holds("bsn", place, share=share, chance=chance) or (
            is_named and rules.holds("bsn", "named", share=share, values=len(passed))
        ):
            yield Finding("bsn", sum(digits[text] for text in passed))
            return
    is_number = place == "number"
    shortest, longest = _DIALLED_DIGITS
    if is_number:
        # Codes beside the numbers (a refusal, say) are short; but a column of amounts is no list of numbers.
        dialled = [text for text in digits if is_telephone(text, rules.terms, is_number)]
        share = len(dialled) / max(len(digits), 1)
    else:
        shaped = [text for text in digits if shortest <= len(text) <= longest + 2]
        dialled = [text for text in shaped if is_telephone(text, rules.terms)]
        share = len(dialled) / max(len(shaped), 1)
    if dialled and (
        rules.holds("telephone_number", place, share=share, values=len(dialled))
        or (
            rules.terms.names("telephone_number", named)
            and rules.holds("telephone_number", "named", share=share, values=len(dialled))
        )
    ):
        yield Finding("telephone_number", sum(digits[text] for text in dialled))


def _found(
    counted: Mapping[str, int], kind: str, holds: Callable[[str], bool], rules: PrivacyRules
) -> Iterator[Finding]:
    if rules.threshold(kind, "answers", "values") is None:
        return
    held = [text for text in counted if holds(text)]
    if held and rules.holds(kind, "answers", values=len(held)):
        yield Finding(kind, sum(counted[text] for text in held))


def _bsn_in_text(counted: Mapping[str, int], rules: PrivacyRules) -> Iterator[Finding]:
    """Among words too, one in eleven numbers passes: codes like ``nr 123456789`` are told by how few do."""
    held = [text for text in counted if has_bsn(text)]
    if held:
        candidates = sum(1 for text in counted if could_hold_bsn(text))
        if rules.holds("bsn", "answers", values=len(held), share=len(held) / candidates):
            yield Finding("bsn", sum(counted[text] for text in held))


def _name_findings(
    counted: Mapping[str, int], named: tuple[str, ...], rules: PrivacyRules
) -> Iterator[Finding]:
    reader = rules.names
    certain = [text for text in counted if reader.has_name(text)]
    if certain and rules.holds("person_name", "answers", values=len(certain)):
        yield Finding("person_name", sum(counted[text] for text in certain))
        return
    whole = [text for text in counted if reader.is_name(text)]
    if whole and rules.holds("person_name", "cells", values=len(whole), share=len(whole) / len(counted)):
        yield Finding("person_name", sum(counted[text] for text in whole))
        return
    if rules.terms.names("person_name", named):
        alike = [text for text in counted if reader.resembles_name(text)]
        if alike and rules.holds("person_name", "named", values=len(alike), share=len(alike) / len(counted)):
            yield Finding("person_name", sum(counted[text] for text in alike))


def _open_text(counted: Mapping[str, int], values_n: int, rules: PrivacyRules) -> Iterator[Finding]:
    """Long texts that one respondent gave: an answer of a list is given by more."""
    words = rules.threshold("open_text", "answers", "words")
    if words is None or not counted:
        return
    own = [text for text, count in counted.items() if count == 1 and word_count(text) >= words]
    if own and rules.holds("open_text", "answers", values=len(own), share=len(own) / values_n):
        yield Finding("open_text", len(own))


def tail(passed: int, candidates: int) -> float:
    """The chance that so many random numbers, or more, pass the eleven-proof."""
    from scipy.special import betainc  # the binomial tail; scipy.stats takes two seconds to import

    return float(betainc(passed, candidates - passed + 1, BY_CHANCE)) if passed else 1.0
