"""The twin of a delivered file in a manifest: the same answers, sent by the supplier in another format."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


NOT_OF_FILES = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7"})
"""Python has these for names of hosts, for its own literals and for mail: an answer with a backslash or a plus would
be another one in them."""


def text_encoding(value: str | None) -> str | None:
    """The same name, when it is that of an encoding of text. Raises ``ValueError``."""
    if value is not None:
        try:
            codecs.lookup(value)
        except LookupError:
            raise ValueError(f"'{value}' is not the name of an encoding") from None
        try:
            "".encode(value)
        except (LookupError, UnicodeError):  # rot13, base64, zip: Python calls these encodings too
            raise ValueError(f"'{value}' is not an encoding of text") from None
        if codecs.lookup(value).name in NOT_OF_FILES:
            raise ValueError(f"'{value}' is no encoding that text files are in")
    return value


class TwinFile(BaseModel):
    """The same answers once more, as the supplier sent them in a workbook or as CSV; only compared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Text = Field(
        description="the twin, an .xlsx or a CSV file, relative to this folder",
        examples=["ambtsdragers.xlsx"],
    )
    sheet: Text | None = Field(
        None, description="xlsx only: the sheet; needed when there is more than one", examples=["data"]
    )
    delimiter: str | None = Field(
        None,
        min_length=1,
        max_length=1,
        description="csv only: what stands between cells; `,` when left out",
        examples=[";"],
    )
    decimal: Literal[".", ","] | None = Field(
        None, description="csv only: decimal sign; `.` when left out", examples=[","]
    )
    encoding: Text | None = Field(
        None, description="csv only: encoding of the text; UTF-8 when left out", examples=["cp1252"]
    )
    values: Literal["codes", "labels"] = Field(
        "codes", description="what stands in its cells where an answer has a label", examples=["labels"]
    )

    _encoding_exists = field_validator("encoding")(text_encoding)

    @property
    def is_workbook(self) -> bool:
        """Whether it is an .xlsx; anything else is delimited text."""
        return self.path.lower().endswith(".xlsx")
