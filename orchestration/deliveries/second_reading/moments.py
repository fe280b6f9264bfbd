"""Dates and times as a twin shows them, beside the numbers that SPSS and Stata keep."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

SPSS_DAY_ONE = dt.datetime(1582, 10, 14)
STATA_DAY_ONE = dt.datetime(1960, 1, 1)
SPSS_MOMENTS = ("DATE", "ADATE", "EDATE", "SDATE", "DATETIME", "YMDHMS")
SPSS_SPANS = ("TIME", "DTIME", "MTIME")
WRITTEN = (
    "%Y-%m-%d", "%Y/%m/%d", "%d-%b-%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d %b %Y",
)  # fmt: skip
SPAN = re.compile(r"(-?)(?:(\d+) )?(\d{1,4}):(\d{2})(?::(\d{2}(?:\.\d+)?))?")


def same_moment(value: float, variable_format: str, content: Any) -> bool:
    """Whether ``content`` of a twin is the date, time or span that ``value`` stands for in this format.

    A twin that shows the day only is the same when the day is; seconds are the same within a millisecond, to
    which spreadsheets keep them. Text that can be read in two ways (``01/02/2020``) is the same in either.
    """
    kind = re.split(r"[0-9.]", variable_format.upper(), maxsplit=1)[0]
    if kind in SPSS_SPANS:
        span = _span(content)
        return span is not None and abs(span - value) < 0.001
    moment = _moment(value, kind)
    return moment is not None and any(
        moment.date() == shown.date() if is_day else abs((moment - shown).total_seconds()) < 0.001
        for shown, is_day in _shown(content)
    )


def _moment(value: float, kind: str) -> dt.datetime | None:
    try:
        if kind in SPSS_MOMENTS:
            return SPSS_DAY_ONE + dt.timedelta(seconds=value)
        if kind.startswith(("%TD", "%D")):
            return STATA_DAY_ONE + dt.timedelta(days=value)
        if kind.startswith("%TC"):
            return STATA_DAY_ONE + dt.timedelta(milliseconds=value)
    except (OverflowError, ValueError):
        pass
    return None


def _shown(content: Any) -> list[tuple[dt.datetime, bool]]:
    """Each moment that the content may mean, and whether it names the day only."""
    if isinstance(content, dt.datetime):
        return [(content, False)]
    if isinstance(content, dt.date):
        return [(dt.datetime(content.year, content.month, content.day), True)]
    if not isinstance(content, str):
        return []
    day, _, time = (
        content.strip().replace("T", " ", 1 if re.match(r"\d{4}-", content.strip()) else 0).partition(" ")
    )
    found: list[tuple[dt.datetime, bool]] = []
    for pattern in WRITTEN:
        for text, rest in ((day, time), (content.strip(), "")):
            try:
                moment = dt.datetime.strptime(text, pattern)
            except ValueError:
                continue
            seconds = _span(rest) if rest else 0.0
            if seconds is not None:
                found.append((moment + dt.timedelta(seconds=seconds), not rest))
    return found


def _span(content: Any) -> float | None:
    """Seconds of a time of day or of a span, as text or as a cell of a workbook."""
    if isinstance(content, dt.timedelta):
        return content.total_seconds()
    if isinstance(content, dt.time):
        return content.hour * 3600 + content.minute * 60 + content.second + content.microsecond / 1e6
    match = SPAN.fullmatch(content.strip()) if isinstance(content, str) else None
    if match is None:
        return None
    sign, days, hours, minutes, seconds = match.groups()
    total = int(days or 0) * 86_400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds or 0)
    return -total if sign else total
