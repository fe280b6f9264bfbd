"""Delimited text through Arrow's parser: every cell as the text that stands there, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestration.deliveries.second_reading.second_table import CannotReadAgain, Cells

BLOCK_BYTES = 16 * 1024 * 1024
LARGEST_BLOCK_BYTES = 256 * 1024 * 1024
"""A line that is longer than a block asks for a larger one, up to here."""


def header_and_blocks(path: Path, delimiter: str, encoding: str | None) -> tuple[list[str], TextBlocks]:
    """Names in the first line, and the rows behind it.

    Without ``encoding`` the text is UTF-8, in which bytes that are none show as U+FFFD. Raises
    ``CannotReadAgain`` for text that cannot be cut into rows of one length.
    """
    blocks = TextBlocks(path, delimiter, encoding)
    for first in blocks.raw():
        return [_text(column[0].as_py()).removeprefix("\ufeff").strip() for column in first], blocks
    raise CannotReadAgain("it holds no rows")


class TextBlocks:
    """The rows of a delimited file behind its first line; to be called, as often as needed."""

    def __init__(self, path: Path, delimiter: str, encoding: str | None) -> None:
        self.path, self.delimiter, self.encoding = path, delimiter, encoding

    def __call__(self) -> Iterator[list[Cells]]:
        for number, columns in enumerate(self.raw()):
            yield [_cells(column.slice(1) if number == 0 else column) for column in columns]

    def raw(self) -> Iterator[list[Any]]:
        """Columns of bytes, the first line included."""
        import pyarrow as pa

        block_bytes = BLOCK_BYTES
        while True:
            try:
                reader = self._open(block_bytes)
                break
            except pa.ArrowInvalid as error:
                if "straddling" in str(error) and block_bytes < LARGEST_BLOCK_BYTES:
                    block_bytes *= 4
                    continue
                if "Empty" in str(error):
                    raise CannotReadAgain("it holds no rows") from None
                raise CannotReadAgain("its rows cannot be told apart, or differ in length") from None
            except (UnicodeError, LookupError, OSError):
                raise CannotReadAgain("its text is not in the encoding that the manifest names") from None
        with reader:
            try:
                for batch in reader:
                    yield batch.columns
            except pa.ArrowInvalid:
                # Arrow's own words quote the row.
                raise CannotReadAgain("its rows cannot be told apart, or differ in length") from None
            except UnicodeError:
                raise CannotReadAgain("its text is not in the encoding that the manifest names") from None

    def _open(self, block_bytes: int, columns: int = 0) -> Any:
        import pyarrow as pa
        from pyarrow import csv

        types = {f"f{place}": pa.binary() for place in range(columns)}
        reader = csv.open_csv(
            self.path,
            csv.ReadOptions(
                block_size=block_bytes,
                autogenerate_column_names=True,
                encoding=self.encoding or "utf8",
                use_threads=False,
            ),
            csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
            csv.ConvertOptions(
                column_types=types, strings_can_be_null=False, null_values=[], check_utf8=False
            ),
        )
        if columns:
            return reader
        # The number of columns is known once the file was opened; only then can each be asked for as bytes.
        found = len(reader.schema)
        reader.close()
        return self._open(block_bytes, found)


def _cells(column: Any) -> Cells:
    coded = column.dictionary_encode()
    contents = [_text(value) or None for value in coded.dictionary.to_pylist()]
    return Cells(contents, coded.indices.to_numpy(zero_copy_only=False))


def _text(value: bytes) -> str:
    return value.decode("utf-8", errors="replace")
