"""SPSS portable files: ``.por``."""

from __future__ import annotations

from pathlib import Path

from orchestration.deliveries.file_faults import read_bytes, truncated, unreadable
from orchestration.deliveries.readers.dictionary import source_table
from orchestration.deliveries.source_table import SourceTable

SIGNATURE = "SPSSPORT"
SIGNATURE_AT = 456
"""Five lines of splash and a character table come first: 200 and 256 characters."""
LINE = 80
NAMED = 5
"""Variables that a message names before it only counts."""


def read_por(path: Path) -> SourceTable:
    """Read a ``.por`` file, as UTF-8, with dates as raw numbers.

    The reader behind it turns user-missing codes into system missing. A file that declares any is therefore
    refused rather than read with a loss. Raises ``DeliveryProblems`` (exit code 2).
    """
    import pyreadstat

    declared = variables_with_missing(path, read_bytes(path))
    if declared:
        named = ", ".join(declared[:NAMED]) + (" …" if len(declared) > NAMED else "")
        raise unreadable(
            path,
            "user_missing_lost",
            f"declares user-missing codes for {len(declared)} variables "
            f"({named}), and these cannot be read from a .por without loss",
            "ask the supplier for the same data as .sav",
        )
    try:
        frame, meta = pyreadstat.read_por(str(path), disable_datetime_conversion=True, output_format="dict")
    except (UnicodeDecodeError, SystemError):
        raise unreadable(
            path,
            "wrong_encoding",
            "its text is not UTF-8, and a .por cannot say what it is",
            "ask the supplier for the same data as .sav",
        ) from None
    except (pyreadstat.ReadstatError, ValueError, OverflowError, MemoryError) as error:
        raise truncated(path, f"is cut off or damaged ({error})") from None
    return source_table(frame, meta, meta.file_encoding or "utf-8")


def variables_with_missing(path: Path, data: bytes) -> list[str]:
    """Names of the variables for which the dictionary of a portable file declares user-missing codes."""
    if not data:
        raise truncated(path, "is empty")
    # Each character is a byte here: names, tags and numbers are ASCII, whatever the labels are.
    lines = data.decode("latin-1").splitlines()
    text = "".join(line.ljust(LINE) for line in lines)
    if text[SIGNATURE_AT : SIGNATURE_AT + len(SIGNATURE)] != SIGNATURE:
        raise unreadable(
            path,
            "not_spss",
            "is not an SPSS portable file in ASCII",
            "correct the format in delivery.yml, or ask the supplier for a .sav",
        )
    try:
        return _Dictionary(text, SIGNATURE_AT + len(SIGNATURE)).scan()
    except (IndexError, ValueError):
        raise truncated(path, "is cut off or damaged: its dictionary does not end") from None


class _Dictionary:
    """Walks over the tags of a portable file's dictionary, up to the data."""

    def __init__(self, text: str, at: int) -> None:
        self.text, self.at = text, at
        self.name, self.is_text = "", False
        self.widths: dict[str, int] = {}
        self.found: list[str] = []

    def scan(self) -> list[str]:
        self._take()  # version
        self._string(), self._string()  # date and time of writing
        while (tag := self._take()) != "F":
            if tag in "1236C":
                self._string()
            elif tag in "45":
                self._number()
            elif tag == "7":
                self._variable()
            elif tag in "89AB":
                self._missing(values=2 if tag == "B" else 1)
            elif tag == "D":
                self._labels()
            elif tag == "E":
                for _ in range(self._number()):
                    self._string()
            else:
                raise ValueError(f"unknown tag {tag!r}")
        return self.found

    def _take(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def _token(self) -> str:
        end = self.text.index("/", self.at)
        token, self.at = self.text[self.at : end], end + 1
        return token

    def _number(self) -> int:
        """A whole number in base 30, as the dictionary's own counts are."""
        return int(self._token().strip(), 30)

    def _string(self) -> str:
        length = self._number()
        if self.at + length > len(self.text):
            raise IndexError
        value, self.at = self.text[self.at : self.at + length], self.at + length
        return value

    def _value(self, is_text: bool) -> None:
        if is_text:
            self._string()
        elif self.text[self.at : self.at + 2] == "*.":
            self.at += 2
        else:
            self._token()

    def _variable(self) -> None:
        width, self.name = self._number(), self._string()
        self.widths[self.name] = width
        self.is_text = width > 0
        for _ in range(6):  # print and write format: type, width and decimals each
            self._number()

    def _missing(self, values: int) -> None:
        for _ in range(values):
            self._value(self.is_text)
        if self.name not in self.found:
            self.found.append(self.name)

    def _labels(self) -> None:
        names = [self._string() for _ in range(self._number())]
        is_text = bool(names) and self.widths.get(names[0], 0) > 0
        for _ in range(self._number()):
            self._value(is_text)
            self._string()
