"""The second reading of .dta: pandas' own parser, written in Python and apart from ReadStat."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestration.deliveries.second_reading.second_table import (
    BLOCK_ROWS,
    CannotReadAgain,
    Cells,
    SecondColumn,
    SecondTable,
)
from orchestration.deliveries.source_table import canonical_code

READER = "pandas"
FIRST_MISSING_LONG = 2_147_483_621
"""Codes of labels are long whole numbers; from here on they stand for the missing values."""
DAMAGE = (ValueError, LookupError, TypeError, ArithmeticError, EOFError, struct.error, AttributeError)


def read_stata_again(path: Path) -> SecondTable:
    """Cells, variable labels and value labels of a Stata file.

    A tagged missing value is the text ``.a`` to ``.z``, system missing is blank. Raises ``CannotReadAgain``.
    """
    try:
        with warnings.catch_warnings(), _reader(path) as reader:
            warnings.simplefilter("ignore")
            names = reader.variable_labels()
            labels = reader.value_labels()
            sets = dict(zip(names, reader._lbllist, strict=True))
            first = reader.read(1)
    except (*DAMAGE, OSError) as error:
        raise CannotReadAgain(f"pandas cannot read it ({type(error).__name__})") from None
    columns = [
        SecondColumn(
            name,
            _is_text(first[name]),
            names[name],
            {_code(code): text for code, text in labels.get(sets[name], {}).items()},
        )
        for name in names
    ]
    return SecondTable(READER, columns, lambda: _blocks(path), has_reasons=True)


def _reader(path: Path, chunk: int | None = None) -> Any:
    import pandas as pd

    return pd.read_stata(
        path,
        convert_dates=False,
        convert_categoricals=False,
        convert_missing=True,
        preserve_dtypes=False,
        iterator=True,
        chunksize=chunk or BLOCK_ROWS,
    )


def _blocks(path: Path) -> Iterator[list[Cells]]:
    try:
        with warnings.catch_warnings(), _reader(path) as reader:
            warnings.simplefilter("ignore")
            for frame in reader:
                yield [Cells.of([_content(cell) for cell in frame[name]]) for name in frame.columns]
    except (*DAMAGE, OSError) as error:
        raise CannotReadAgain(f"pandas cannot read it ({type(error).__name__})") from None


def _is_text(column: Any) -> bool | None:
    """By its first cell, for numbers with missing ones among them come as objects too."""
    return isinstance(column.iloc[0], str) if len(column) else None


def _code(code: Any) -> str:
    """Stata keeps the codes of tagged missing values as the numbers behind its largest long."""
    from pandas.io.stata import StataMissingValue

    if int(code) >= FIRST_MISSING_LONG:
        return StataMissingValue.MISSING_VALUES.get(int(code), canonical_code(float(code)))
    return canonical_code(float(code))


def _content(cell: Any) -> Any:
    from pandas.io.stata import StataMissingValue

    if isinstance(cell, StataMissingValue):
        return None if cell.string == "." else cell.string
    if isinstance(cell, str):
        return cell.rstrip() or None
    return float(cell)
