"""Recognisers of personal data: pure functions that say whether a text holds some, and never what.

Each takes text as ``plain`` gives it. Words that need knowing (names, mailboxes that are nobody's own) come in as
``Terms``; how much of it makes a column personal is decided elsewhere, by rows of the registry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import phonenumbers
from phonenumbers import PhoneNumberType
from stdnum import iban
from stdnum.nl import bsn

from orchestration.deliveries.privacy import EMAIL

DIGITS = re.compile(r"[0-9]+")
# Nine digits at least, beginning as a number that can be dialled does.
_DIALLED = re.compile(r"(?<![\w.,])[(]?(?:\+|0)[0-9(](?:[ ()./-]{0,3}[0-9]){7,13}(?![\w])")
_DATE = re.compile(r"(?<![0-9])[0-9]{1,2}([-./ ])[0-9]{1,2}\1(?:19|20)[0-9]{2}(?![0-9])")
_OF_PEOPLE = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.VOIP,
    }
)
"""Lines that ring at somebody; free, paid and company numbers are nobody's own."""
_NINE_DIGITS = re.compile(
    r"(?<![\w.,/+-])(?:[0-9]{9}|[0-9]{4}[. ][0-9]{2}[. ][0-9]{3}|[0-9]{3}[. -][0-9]{3}[. -][0-9]{3})"
    r"(?![\w/]|[.,-][0-9])"
)
_IBAN_START = re.compile(r"(?<![A-Z0-9])[A-Z]{2}[0-9]{2}(?=[ .-]?[A-Z0-9])")
_IBAN_LENGTHS = range(15, 35)
_POSTCODE = r"(?P<digits>[1-9][0-9]{3})(?P<gap> ?)(?P<letters>(?!SA|SD|SS)[A-Z]{2})"
_HOUSE = r"[1-9][0-9]{0,4}(?:(?: ?[-/] ?|)[A-Z]{1,2}\b|(?: ?[-/] ?)[0-9]{1,4}| ?(?:HS|BIS|I{1,3}))?"
_POSTCODE_THEN_HOUSE = re.compile(rf"(?<![\w-]){_POSTCODE}[ ,.;:-]{{0,3}}(?:NR\.? ?)?(?:{_HOUSE})(?![\w])")
_HOUSE_THEN_POSTCODE = re.compile(
    rf"(?P<street>[^\W\d_]{{3,}})[ ,.]{{1,2}}(?:NR\.? ?)?(?:{_HOUSE})[ ,.;:-]{{1,3}}{_POSTCODE}(?![\w])"
)
_POSTCODE_ALONE = re.compile(rf"{_POSTCODE}")


@dataclass(frozen=True)
class Terms:
    """Words by the name of their list, casefolded, as ``privacy_terms`` holds them."""

    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> frozenset[str]:
        return self.lists.get(name, frozenset())

    def names(self, kind: str, texts: tuple[str, ...]) -> bool:
        """Whether a variable's name or label says that it holds this kind: a word of the list, or a long one in it."""
        words = {word for text in texts for word in re.split(r"[\W_\d]+", plain_words(text)) if word}
        return any(
            term in words or (" " in term and any(term in plain_words(text) for text in texts))
            for term in self[f"named_{kind}"]
        )


def plain_words(text: str) -> str:
    """Casefolded, with points and underscores as blanks: ``Bsn_nr.`` reads ``bsn nr``."""
    return re.sub(r"[\s._-]+", " ", text.casefold()).strip()


def has_email(text: str) -> bool:
    """Whether an e-mail address stands in the text, anybody's."""
    return ("@" in text or "at" in text) and EMAIL.search(text) is not None


def has_own_email(text: str, terms: Terms) -> bool:
    """Whether an e-mail address stands in the text that is not the mailbox of a function (helpdesk, info)."""
    return any(
        not {match[1].casefold(), *re.split(r"[._+-]", match[1].casefold())} & terms["functional_mailbox"]
        for match in EMAIL.finditer(text)
    )


def has_telephone(text: str, terms: Terms) -> bool:
    """Whether a number stands in the text that can be dialled: national with its zero, or with + or 00."""
    found = _DIALLED.finditer(_DATE.sub(" ; ", text))
    return any(_rings(match[0], terms) for match in found)


def is_telephone(digits: str, terms: Terms, is_number: bool = False) -> bool:
    """Whether digits alone can be dialled. ``is_number``: they come from a numeric column and lost their zeros."""
    if digits[:1] == "0":
        return 10 <= len(digits) <= 15 and _rings(digits, terms)
    if len(digits) == 9:
        # Without its zero only a mobile number is told from any other number of nine digits.
        return is_number and digits[0] == "6" and _rings(f"0{digits}", terms)
    has_code = digits.startswith(tuple(terms["calling_code"]))
    return 11 <= len(digits) <= 13 and has_code and _rings(f"+{digits}", terms)


def _rings(number: str, terms: Terms) -> bool:
    for region in sorted(terms["dialling_region"]) or [None]:
        try:
            parsed = phonenumbers.parse(number.replace("(0)", ""), region and region.upper())
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) in _OF_PEOPLE:
            return True
    return False


def has_bsn(text: str) -> bool:
    """Whether nine digits that pass the eleven-proof stand in the text, among other words."""
    return any(bsn.is_valid(re.sub(r"[ .-]", "", match[0])) for match in _NINE_DIGITS.finditer(text))


def could_hold_bsn(text: str) -> bool:
    """Whether nine digits stand in the text, whether or not they pass."""
    return _NINE_DIGITS.search(text) is not None


def could_be_bsn(digits: str) -> bool:
    """Nine digits, or eight of which the leading zero was lost."""
    return 8 <= len(digits) <= 9


def is_bsn(digits: str) -> bool:
    """Whether they pass the eleven-proof; of any such digits one in eleven does, by chance."""
    return could_be_bsn(digits) and bsn.is_valid(digits.zfill(9))


def has_iban(text: str) -> bool:
    """Whether the number of a bank account stands in the text, in any spacing and case."""
    upper = text.upper()
    for start in _IBAN_START.finditer(upper):
        run = re.match(r"(?:[ .-]?[A-Z0-9])+", upper[start.start() :])
        compact = re.sub(r"[ .-]", "", run[0]) if run else ""
        if any(
            iban.is_valid(compact[:length], check_country=False)
            for length in _IBAN_LENGTHS
            if length <= len(compact)
        ):
            return True
    return False


def has_address(text: str, terms: Terms) -> bool:
    """Whether a Dutch postcode stands in the text together with the number of a house."""
    upper = text.upper()
    for pattern in (_POSTCODE_THEN_HOUSE, _HOUSE_THEN_POSTCODE):
        for match in pattern.finditer(upper):
            street = match.groupdict().get("street")
            if _is_postcode(match, terms) and (
                street is None or street.casefold() not in terms["not_a_street"]
            ):
                return True
    return False


def is_postcode(text: str, terms: Terms) -> bool:
    """Whether the whole text is a postcode with its letters."""
    match = _POSTCODE_ALONE.fullmatch(text.upper())
    return match is not None and _is_postcode(match, terms)


def _is_postcode(match: re.Match[str], terms: Terms) -> bool:
    # "in 2016 en 2018" has a year and a word where a postcode has digits and letters.
    return not (match["gap"] and match["letters"].casefold() in terms["not_a_postcode"])


def word_count(text: str) -> int:
    """Words of at least two letters."""
    return sum(1 for word in text.split() if sum(map(str.isalpha, word)) > 1)
