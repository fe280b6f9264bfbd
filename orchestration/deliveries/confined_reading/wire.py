"""Results of a reading process as bytes, and back, without trusting who wrote them.

A header in JSON says what the value is made of; columns follow as the bare buffers of Arrow arrays. Nothing is
unpickled, nothing is decompressed, and every value is compared with the type that the field of its dataclass
declares: a parser that has been taken over can write wrong answers, but no more than that.
"""

from __future__ import annotations

import json
import struct
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

MAGIC = b"PEILSTOK"
LENGTHS = struct.Struct("<8sQ")
ALIGNMENT = 64
PLAIN_TYPES = (str, int, float, bool, type(None))
NUMBERS = {"float64": 8, "float32": 4, "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1}
"""Columns of numbers by their numpy name, and the bytes of one of them."""


class WireFault(Exception):
    """What was written is no result: it says what is wrong with it, and nothing of what it holds."""


class _Writer:
    def __init__(self) -> None:
        self.buffers: list[Any] = []
        self.at = 0

    def value(self, value: Any) -> Any:
        """JSON for ``value``; frames, series and arrays leave their columns among the buffers."""
        import numpy as np
        import pandas as pd

        if isinstance(value, pd.DataFrame):
            columns = [value.iloc[:, index] for index in range(value.shape[1])]
            return {
                "rows": len(value),
                "names": [str(name) for name in value.columns],
                "columns": [self.column(column) for column in columns],
            }
        if isinstance(value, pd.Series | np.ndarray):
            return {"rows": len(value), "column": self.column(value)}
        if isinstance(value, np.generic):
            return value.item()
        if is_dataclass(value) and not isinstance(value, type):
            return {field.name: self.value(getattr(value, field.name)) for field in fields(value)}
        if isinstance(value, Mapping):
            return [[self.value(key), self.value(item)] for key, item in value.items()]
        if isinstance(value, PLAIN_TYPES):
            return value
        if isinstance(value, bytes):
            return value.hex()
        if isinstance(value, set | frozenset):
            value = sorted(value)
        if isinstance(value, Sequence):
            return [self.value(item) for item in value]
        raise TypeError(f"a result cannot hold a {type(value).__name__}")

    def column(self, column: Any) -> dict[str, Any]:
        import numpy as np
        import pyarrow as pa

        dtype = str(column.dtype)
        if dtype in NUMBERS:
            return {"kind": dtype, "buffers": [self.buffer(memoryview(np.ascontiguousarray(column)))]}
        if dtype in ("object", "str"):
            array = pa.array(column, pa.large_string(), from_pandas=True)
            kept = [None if part is None else self.buffer(part) for part in array.buffers()]
            return {"kind": dtype, "buffers": kept}
        raise TypeError(f"a result cannot hold a column of {dtype}")

    def buffer(self, part: Any) -> list[int]:
        view = memoryview(part).cast("B") if len(memoryview(part)) else memoryview(b"")
        self.at += -self.at % ALIGNMENT
        place = [self.at, view.nbytes]
        self.buffers.append((self.at, view))
        self.at += view.nbytes
        return place


def write_result(descriptor: int, value: Any) -> None:
    """Write a dataclass to an open file, from its beginning on. Raises ``TypeError`` for what has no form here."""
    writer = _Writer()
    header = json.dumps(writer.value(value)).encode("ascii")
    start = LENGTHS.size + len(header)
    start += -start % ALIGNMENT
    _write_at(descriptor, 0, LENGTHS.pack(MAGIC, len(header)) + header)
    for at, view in writer.buffers:
        _write_at(descriptor, start + at, view)


def _write_at(descriptor: int, at: int, data: bytes | memoryview) -> None:
    import os

    view = memoryview(data)
    while view.nbytes:
        written = os.pwrite(descriptor, view[: 1 << 30], at)
        view, at = view[written:], at + written


def read_result(data: bytes, of_type: type) -> Any:
    """The dataclass of ``of_type`` that ``data`` holds. Raises ``WireFault`` for anything else."""
    if len(data) < LENGTHS.size:
        raise WireFault("nothing was written")
    magic, length = LENGTHS.unpack_from(data)
    start = LENGTHS.size + length
    if magic != MAGIC or start > len(data):
        raise WireFault("the beginning is not that of a result")
    try:
        header = json.loads(data[LENGTHS.size : start])
    except (ValueError, RecursionError):
        raise WireFault("the header is not JSON") from None
    body = memoryview(data)[start + -start % ALIGNMENT :]
    try:
        return _Reader(body).value(header, of_type, of_type.__name__)
    except RecursionError:
        raise WireFault("the header is nested too deeply") from None


class _Reader:
    def __init__(self, body: memoryview) -> None:
        self.body = body

    def value(self, found: Any, hint: Any, place: str) -> Any:
        """``found`` as a value of type ``hint``; what it is not of is a fault at ``place``."""
        origin, inner = get_origin(hint), get_args(hint)
        if hint is Any:
            # Only what cannot do harm: text, numbers and lists of them.
            return found
        if origin in (Union, types.UnionType):
            return self._one_of(found, inner, place)
        if origin is not None and isinstance(origin, type):
            return self._collection(found, origin, inner, place)
        if is_dataclass(hint):
            return self._dataclass(found, hint, place)
        if hint in PLAIN_TYPES or hint is None:
            wanted = type(None) if hint is None else hint
            if type(found) is not wanted and not (wanted is float and type(found) is int):
                raise WireFault(f"{place} is not a {wanted.__name__}")
            return found
        return self._frame(found, hint, place)

    def _one_of(self, found: Any, choices: tuple[Any, ...], place: str) -> Any:
        for choice in choices:
            try:
                return self.value(found, choice, place)
            except WireFault:
                continue
        raise WireFault(f"{place} is none of its types")

    def _collection(self, found: Any, origin: type, inner: tuple[Any, ...], place: str) -> Any:
        if not isinstance(found, list):
            raise WireFault(f"{place} is not a list")
        if issubclass(origin, Mapping):
            pairs: dict[Any, Any] = {}
            for pair in found:
                if not isinstance(pair, list) or len(pair) != 2:
                    raise WireFault(f"{place} is not made of pairs")
                pairs[self.value(pair[0], inner[0], place)] = self.value(pair[1], inner[1], place)
            return pairs
        if origin is tuple and Ellipsis not in inner:
            if len(found) != len(inner):
                raise WireFault(f"{place} has another length")
            return tuple(self.value(item, kind, place) for item, kind in zip(found, inner, strict=True))
        items = [self.value(item, inner[0], place) for item in found]
        return tuple(items) if origin is tuple else origin(items) if origin in (set, frozenset) else items

    def _dataclass(self, found: Any, wanted: type, place: str) -> Any:
        hints = _hints(wanted)
        if not isinstance(found, dict) or set(found) != set(hints):
            raise WireFault(f"{place} has other fields")
        try:
            return wanted(
                **{name: self.value(found[name], hint, f"{place}.{name}") for name, hint in hints.items()}
            )
        except (ValueError, TypeError):
            raise WireFault(f"{place} cannot be made of its fields") from None

    def _frame(self, found: Any, hint: Any, place: str) -> Any:
        import numpy as np
        import pandas as pd

        if hint is bytes:
            try:
                return bytes.fromhex(found)
            except (TypeError, ValueError):
                raise WireFault(f"{place} is not bytes") from None
        if not isinstance(found, dict) or type(found.get("rows")) is not int or found["rows"] < 0:
            raise WireFault(f"{place} is no table")
        rows = found["rows"]
        if hint is pd.Series:
            return pd.Series(self.column(found.get("column"), rows, place), copy=False)
        if hint is np.ndarray:
            return self.column(found.get("column"), rows, place)
        if hint is not pd.DataFrame:
            raise WireFault(f"{place} has a type that a result cannot hold")
        names, columns = found.get("names"), found.get("columns")
        if not isinstance(names, list) or not isinstance(columns, list) or len(names) != len(columns):
            raise WireFault(f"{place} is no table")
        if not all(type(name) is str for name in names) or len(set(names)) != len(names):
            raise WireFault(f"{place} has names that are none, or that stand twice")
        if not names and rows:
            raise WireFault(f"{place} has rows without columns")
        series = {
            name: pd.Series(
                array := self.column(column, rows, place), dtype=_frame_type(array, column), copy=False
            )
            for name, column in zip(names, columns, strict=True)
        }
        return pd.DataFrame(series, index=pd.RangeIndex(rows), copy=False)

    def column(self, found: Any, rows: int, place: str) -> Any:
        """A numpy array with the ``rows`` values of one column; read-only where it holds numbers."""
        import numpy as np
        import pyarrow as pa

        if not isinstance(found, dict) or not isinstance(found.get("buffers"), list):
            raise WireFault(f"{place} has a column that is none")
        kind = found.get("kind")
        parts = [None if part is None else self._buffer(part, place) for part in found["buffers"]]
        if kind in NUMBERS and len(parts) == 1 and parts[0] is not None:
            if parts[0].nbytes != rows * NUMBERS[kind]:
                raise WireFault(f"{place} has a column of another length")
            return np.frombuffer(parts[0], dtype=kind)
        if kind in ("object", "str") and len(parts) == 3:
            buffers = [None if part is None else pa.py_buffer(part) for part in parts]
            try:
                array = pa.Array.from_buffers(pa.large_string(), rows, buffers)
                array.validate(full=True)
            except (pa.ArrowInvalid, pa.ArrowException, TypeError):
                raise WireFault(f"{place} has a column whose text is damaged") from None
            return array.to_numpy(zero_copy_only=False)
        raise WireFault(f"{place} has a column of another kind")

    def _buffer(self, found: Any, place: str) -> memoryview:
        if not (
            isinstance(found, list) and len(found) == 2 and all(type(n) is int and n >= 0 for n in found)
        ):
            raise WireFault(f"{place} has a column that stands nowhere")
        at, length = found
        if length == 0:
            return memoryview(b"")
        if at % ALIGNMENT or at + length > len(self.body):
            raise WireFault(f"{place} has a column that stands beyond the end")
        return self.body[at : at + length]


def _frame_type(array: Any, column: Mapping[str, Any]) -> Any:
    return "str" if column["kind"] == "str" else array.dtype


@cache
def _hints(wanted: type) -> dict[str, Any]:
    import numpy as np
    import pandas as pd

    # Modules that dataclasses import for the type checker only.
    names = {"pd": pd, "np": np, "Mapping": Mapping, "Sequence": Sequence, "Any": Any}
    hints = get_type_hints(wanted, localns=names)
    return {field.name: hints[field.name] for field in fields(wanted)}
