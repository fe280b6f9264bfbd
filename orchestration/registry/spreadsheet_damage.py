"""What a spreadsheet does to a cell that it takes for a number, a date, a formula or a truth, and how that shows.

None of it can be undone with certainty, so none of it is: ``damage`` names it, and a person decides.
"""

from __future__ import annotations

import re

_ZEROS = re.compile(r"0[0-9]+")
_DIGITS = re.compile(r"[0-9]+")
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?")
_EXPONENT = re.compile(r"[+-]?[0-9]([.,][0-9]+)?[eE]\+[0-9]+")
_GROUPED = re.compile(r"[0-9]{1,3}([.,\u00a0\u202f ][0-9]{3})+")
_MONTH = r"(jan|feb|mrt|mar|apr|mei|may|jun|jul|aug|sep|okt|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    rf"[0-9]{{1,2}}([-/.])[0-9]{{1,2}}\1([0-9]{{2}}|[0-9]{{4}})"
    rf"|[0-9]{{4}}/[0-9]{{1,2}}/[0-9]{{1,2}}"
    rf"|[0-9]{{1,2}}[- ]{_MONTH}([- ][0-9]{{2,4}})?"
    rf"|{_MONTH}[- ][0-9]{{2,4}}"
    rf"|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}})?",
    re.IGNORECASE,
)
_SPELLED = re.compile(
    r"([0-9]{1,2} )?(januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december"
    r"|january|february|march|may|june|july|august|october) [0-9]{4}",
    re.IGNORECASE,
)
"""A date as people write it: a spreadsheet shortens the month, or joins the parts with dashes."""
_FAULT = re.compile(
    r"#(N/A|N/B|NAME\?|NAAM\?|REF!|VERW!|VALUE!|WAARDE!|DIV/0!|DEEL/0!|NUM!|GETAL!|NULL!|LEEG!|SPILL!)|Err:5[0-9]{2}"
)
_ARTICLE = re.compile(r"'[nst]([- ]|$)", re.IGNORECASE)
"""Dutch words that begin with an apostrophe, as in 's-Gravenhage and 't Zandt."""
TRUTHS = {"true": "true", "waar": "true", "false": "false", "onwaar": "false"}
EXACT_DIGITS = 15
"""A spreadsheet keeps no more digits of a number than these."""
SAME = 1e-5
"""Relative difference up to which a number in E-notation may stand for another: it shows six digits."""


def damage(old: str, new: str) -> str:
    """What a spreadsheet did to ``old`` that made it ``new``, in words; '' when nothing of the kind."""
    if old == new or not old:
        return ""
    if _mended(new) == old:
        return "its letters were read in another encoding"
    if "?" in new and re.sub(r"[^\x00-\x7f]", "?", old) == new:
        return "letters were replaced by question marks"
    if _ZEROS.fullmatch(old) and new == (old.lstrip("0") or "0"):
        return "its leading zero is lost"
    if new.lower() in TRUTHS and TRUTHS[new.lower()] == TRUTHS.get(old.lower()):
        return "it was read as a truth value"
    if _FAULT.fullmatch(new):
        return "it was read as a formula"
    if _is_date(new) and not _is_date(old):
        return "it was read as a date"
    if _NUMBER.fullmatch(old) and (_NUMBER.fullmatch(new) or _GROUPED.fullmatch(new)):
        return _number_damage(old, new)
    if new == f"'{old}" or old in (f"'{new}", f"={new}"):
        return "the sign in front of it came or went"
    return ""


def doubtful(text: str) -> str:
    """Why a text by itself looks like what a spreadsheet leaves behind, in words; '' when it does not."""
    if _FAULT.fullmatch(text):
        return "is the error of a formula"
    if text.startswith("="):
        return "is a formula"
    if text.startswith("'") and not _ARTICLE.match(text):
        return "starts with an apostrophe, by which a spreadsheet marks a text"
    if _EXPONENT.fullmatch(text):
        return "is a number in E-notation, which lost its last digits"
    if _is_date(text):
        return "is a date as a spreadsheet writes it"
    if _mended(text):
        return "has letters that were read in another encoding"
    return ""


def coarse(text: str) -> str:
    """A form in which a cell and what a spreadsheet makes of it are alike; many other texts are too."""
    text = (_mended(text) or text).lstrip("'=").lower()
    text = TRUTHS.get(text, text)
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[^0-9]", "", text)
    if _NUMBER.fullmatch(text):
        return f"{float(text.replace(',', '.')):.4g}"
    return re.sub(r"[^\x00-\x7f]", "?", text)


def is_same_number(one: str, other: str) -> bool:
    """Whether both texts are a plain number, and the same one (a decimal comma counts as a point)."""
    return all(_NUMBER.fullmatch(text) for text in (one, other)) and _value(one) == _value(other)


def fixed_width(values: set[str]) -> int:
    """The number of digits that every value has, where some begin with a zero; 0 where that is not so."""
    widths = {len(value) for value in values if _DIGITS.fullmatch(value)}
    are_digits = all(_DIGITS.fullmatch(value) for value in values)
    return widths.pop() if are_digits and len(widths) == 1 and any(v[0] == "0" for v in values) else 0


def _is_date(text: str) -> bool:
    return bool(_DATE.fullmatch(text)) and not _SPELLED.fullmatch(text)


def _number_damage(old: str, new: str) -> str:
    before = _value(old)
    grouped = re.sub(r"[^0-9]", "", new)
    if _GROUPED.fullmatch(new) and grouped == old:
        return "it got separators between its thousands"
    # No spreadsheet adds zeros in front: whoever did is putting right what one took away.
    if not _NUMBER.fullmatch(new) or (_ZEROS.fullmatch(new) and new.lstrip("0") == old):
        return ""
    if _EXPONENT.fullmatch(new) and abs(_value(new) - before) <= SAME * abs(before):
        return "it became a number in E-notation"
    if before == _value(new) and not (_DIGITS.fullmatch(old) and len(old) > EXACT_DIGITS):
        return "it was read as a number and written in another form"
    if (
        len(old) == len(new) > EXACT_DIGITS
        and _DIGITS.fullmatch(old + new)
        and new == old[:EXACT_DIGITS].ljust(len(old), "0")
    ):
        return "its last digits became zeros"
    return ""


def _value(text: str) -> float:
    return float(text.replace(",", "."))


def _mended(text: str) -> str:
    """What a text was before its UTF-8 was read as Windows-1252; '' when that is not what happened."""
    if text.isascii():
        return ""
    try:
        mended = text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return ""
    return mended if mended != text else ""
