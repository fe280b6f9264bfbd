"""The texts of one file: decoded one by one, with a count of what was repaired and the bytes of what was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from orchestration.deliveries.source_table import OriginalText, TextCounts
from orchestration.deliveries.text_encoding import Decoded, TextDecoder, repair_text

VALUE_LABEL, VARIABLE_LABEL, ANSWER = "value_label", "variable_label", "answer"


MOST_DAMAGED = 0.5
"""Share of the texts that do not fit the encoding that a person named, above which that name is wrong."""


class Decoder(Protocol):
    encoding: str

    def text(self, raw: str, width: int) -> Decoded: ...

    def original(self, raw: str) -> bytes: ...


class ByteText:
    """For text of which each character stands for a byte (it was read as Latin 1, which loses none)."""

    def __init__(self, claimed: str | None, strings: Iterable[str]) -> None:
        beyond = {raw.rstrip(" ").encode("latin-1") for raw in strings if not raw.isascii()}
        self._decoder = TextDecoder(claimed, beyond)
        self.encoding = self._decoder.encoding

    def text(self, raw: str, width: int) -> Decoded:
        return self._decoder.decode(raw.encode("latin-1"), width)

    def original(self, raw: str) -> bytes:
        return raw.encode("latin-1")

    def share_undecodable(self, strings: Iterable[str]) -> float:
        """Share of the distinct strings beyond ASCII that are damaged in what a person says the encoding is."""
        beyond = {raw.rstrip(" ") for raw in strings if not raw.isascii()}
        wrong = sum(1 for raw in beyond if self.text(raw, 0).outcome in ("damaged", "repaired"))
        return wrong / len(beyond) if beyond else 0.0


class WholeText:
    """For text that came decoded already: only what was decoded wrongly before is set right."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.encoding = encoding

    def text(self, raw: str, width: int) -> Decoded:
        return repair_text(raw)

    def original(self, raw: str) -> bytes:
        return raw.encode("utf-8", "surrogatepass")


class Texts:
    """Collects what was found while the texts of a file are decoded."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.originals: list[OriginalText] = []
        self._counts: Counter[str] = Counter()

    @property
    def counts(self) -> TextCounts:
        return TextCounts(**self._counts)

    def one(self, raw: str | None, kind: str, variable: str = "", code: str = "", width: int = 0) -> str:
        """A label or a name, without trailing blanks."""
        raw = (raw or "").rstrip(" ")
        if raw.isascii():
            return raw
        found = self.decoder.text(raw, width)
        self._note(found, raw, kind, variable, code, [0])
        return found.text.rstrip(" ")

    def code(self, raw: str, width: int) -> str:
        """A code of text, as the answers that hold it are decoded; counted there."""
        raw = raw.rstrip(" ")
        return raw if raw.isascii() else self.decoder.text(raw, width).text.rstrip(" ")

    def column(self, cells: Sequence[Any], variable: str, width: int = 0) -> Any:
        """Answers without trailing blanks; blank is ``None``, since text knows no other missing."""
        import pandas as pd

        decoded: list[str | None] = []
        rows: dict[str, list[int]] = {}
        for row, cell in enumerate(cells, start=1):
            raw = cell.rstrip(" ") if isinstance(cell, str) else ""
            if raw.isascii():
                decoded.append(raw or None)
                continue
            rows.setdefault(raw, []).append(row)
            decoded.append(raw)
        for raw, places in rows.items():
            found = self.decoder.text(raw, width)
            self._note(found, raw, ANSWER, variable, "", places)
            text = found.text.rstrip(" ") or None
            if text != raw:
                for row in places:
                    decoded[row - 1] = text
        return pd.Series(decoded, dtype=object)

    def _note(
        self, found: Decoded, raw: str, kind: str, variable: str, code: str, rows: Sequence[int]
    ) -> None:
        if not found.outcome:
            return
        outcome = "damaged" if found.outcome == "damaged" else "repaired"
        self._counts[f"{kind}s_{outcome}"] += len(rows)
        if found.outcome != "repaired":
            original = self.decoder.original(raw).hex()
            self.originals += [
                OriginalText(kind, variable, code, row, found.outcome, original) for row in rows
            ]


def added(first: TextCounts, second: TextCounts) -> TextCounts:
    """The counts of a file and of the codebook beside it."""
    return TextCounts(**{name: count + vars(second)[name] for name, count in vars(first).items()})
