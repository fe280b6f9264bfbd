"""Results as bytes: every field of the dataclasses comes back, and what is no result is refused."""

from __future__ import annotations

import dataclasses
import json
import os
import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin

import numpy as np
import pandas as pd
import pytest

from orchestration.deliveries.confined_reading.exchange import Outcome
from orchestration.deliveries.confined_reading.wire import (
    ALIGNMENT,
    LENGTHS,
    MAGIC,
    WireFault,
    _hints,
    read_result,
    write_result,
)
from orchestration.deliveries.problems import Problem
from orchestration.deliveries.source_table import SourceTable, SourceVariable


def written(value: object) -> bytes:
    descriptor = os.memfd_create("test")
    try:
        write_result(descriptor, value)
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    finally:
        os.close(descriptor)


def sample(hint: Any, name: str) -> Any:
    """A value of the type that is unlike any default."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is pd.DataFrame:
        return pd.DataFrame({"a": [1.0, np.nan], "b; drop table": pd.Series(["é", None], dtype=object)})
    if hint is str:
        return f"{name} 'é\" \U0001f600"
    if hint in (int, float, bool):
        return {int: 7, float: 7.5, bool: True}[hint]
    if dataclasses.is_dataclass(hint):
        return hint(**{field: sample(kind, field) for field, kind in _hints(hint).items()})
    if origin in (Union, types.UnionType):
        return sample(next(kind for kind in inner if kind is not type(None)), name)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {sample(inner[0], name): sample(inner[1], name)}
    if isinstance(origin, type) and issubclass(origin, list | tuple | set | frozenset):
        kinds = [kind for kind in inner if kind is not Ellipsis]
        return origin(sample(kind, name) for kind in kinds)
    raise AssertionError(f"{name} is a {hint}: say here what a value of it is, and see that it is carried")


def assert_equal(one: Any, other: Any, place: str) -> None:
    assert type(one) is type(other), place
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other)
    elif dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            assert_equal(getattr(one, field.name), getattr(other, field.name), f"{place}.{field.name}")
    else:
        assert one == other, place


@pytest.mark.parametrize("wanted", [SourceTable, Problem, Outcome])
def test_every_field_is_carried(wanted: type):
    """Whatever fields the dataclasses have, now or later: none comes back with its default."""
    if wanted is Problem:
        value = Problem("kind", "message", "remedy", 2, "wave", "file", "variable", "code")
    elif wanted is Outcome:
        value = Outcome(
            problems=[Problem("kind", "message", "remedy", 2, "wave", "file", "variable", "code")]
        )
    else:
        value = sample(wanted, wanted.__name__)
    assert_equal(read_result(written(value), wanted), value, wanted.__name__)


def table(frame: pd.DataFrame) -> SourceTable:
    return SourceTable(frame, [SourceVariable(1, "a", "", "numeric")], [])


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([0.1, -0.0, np.nan, np.inf, 1e308, 5e-324]),
        pd.Series(["", None, "a\0b", "\U0001f600", "=1+1", "x" * 100_000], dtype=object),
        pd.Series([None, None], dtype=object),
        pd.Series([], dtype="float64"),
        pd.Series([], dtype=object),
        pd.Series([1, 2, 3]),
        pd.Series([True, False]),
        pd.Series(["a", None]),
    ],
)
def test_columns_come_back_with_their_types(column: pd.Series):
    frame = pd.DataFrame({"a": column})
    pd.testing.assert_frame_equal(read_result(written(table(frame)), SourceTable).frame, frame)


def test_a_table_without_columns_has_no_rows():
    assert read_result(written(table(pd.DataFrame())), SourceTable).frame.shape == (0, 0)
    with pytest.raises(WireFault, match="without columns"):
        read_result(written(table(pd.DataFrame(index=pd.RangeIndex(3)))), SourceTable)


def test_what_has_no_form_is_refused_where_it_is_written():
    for frame in (pd.DataFrame({"a": [1 + 2j]}), pd.DataFrame({"a": [pd.Timestamp("2020-01-01")]})):
        with pytest.raises(TypeError):
            written(table(frame))


def parts() -> tuple[dict, bytes]:
    data = written(table(pd.DataFrame({"a": [1.0, 2.0], "b": pd.Series(["x", None], dtype=object)})))
    start = LENGTHS.size + LENGTHS.unpack_from(data)[1]
    return json.loads(data[LENGTHS.size : start]), data[start + -start % ALIGNMENT :]


def joined(header: Any, body: bytes) -> bytes:
    text = json.dumps(header).encode()
    start = LENGTHS.size + len(text)
    return LENGTHS.pack(MAGIC, len(text)) + text + b"\0" * (-start % ALIGNMENT) + body


def change(*path: Any, to: Any):
    """A lie: another value somewhere in the header."""

    def act(header: dict) -> None:
        at = header
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = to

    act.__name__ = "/".join(map(str, path))
    return act


@pytest.mark.parametrize(
    "lie",
    [
        change("frame", "rows", to=10**9),
        change("frame", "rows", to=-1),
        change("frame", "rows", to=True),
        change("frame", "names", to=["a", "a"]),
        change("frame", "names", to=["a", 1]),
        change("frame", "names", to=["a"]),
        change("frame", "columns", 0, "kind", to="object"),
        change("frame", "columns", 0, "kind", to="complex128"),
        change("frame", "columns", 0, "buffers", to=[[0, 10**12]]),
        change("frame", "columns", 0, "buffers", to=[[-64, 16]]),
        change("frame", "columns", 0, "buffers", to=[[1, 16]]),
        change("frame", "columns", 0, "buffers", to=None),
        change("frame", "columns", 1, "buffers", 1, to=[0, 8]),
        change("frame", "columns", 1, "buffers", 2, to=None),
        change("frame", to=None),
        change("variables", to="text"),
        change("variables", 0, "position", to="1"),
        change("variables", 0, "extra", to=1),
        change("variables", 0, to=[]),
        change("file_label", to=5),
        change("cell_kinds", to=[["a"]]),
        change("cell_kinds", to={"a": 1}),
    ],
    ids=lambda lie: lie.__name__,
)
def test_a_header_that_lies_is_refused(lie):
    header, body = parts()
    assert read_result(joined(header, body), SourceTable).frame["b"].tolist() == ["x", None]
    lie(header)
    with pytest.raises(WireFault):
        read_result(joined(header, body), SourceTable)


def test_text_that_is_none_is_refused():
    header, body = parts()
    at = header["frame"]["columns"][1]["buffers"][2][0]
    with pytest.raises(WireFault, match="damaged"):
        read_result(joined(header, body[:at] + b"\xff" + body[at + 1 :]), SourceTable)
    # Offsets that lead beyond the text.
    at = header["frame"]["columns"][1]["buffers"][1][0]
    with pytest.raises(WireFault, match="damaged"):
        read_result(joined(header, body[: at + 8] + b"\xff" * 8 + body[at + 16 :]), SourceTable)


@pytest.mark.parametrize(
    "data", [b"", b"x" * 100, LENGTHS.pack(MAGIC, 2**60), LENGTHS.pack(MAGIC, 2) + b"{]"]
)
def test_what_is_no_result_at_all(data: bytes):
    with pytest.raises(WireFault):
        read_result(data, SourceTable)


def test_a_header_that_is_nested_without_end():
    text = b"[" * 1_000_000
    with pytest.raises(WireFault):
        read_result(LENGTHS.pack(MAGIC, len(text)) + text, SourceTable)


def test_a_problem_that_cannot_exist_is_refused():
    header = json.loads(json.dumps(dataclasses.asdict(Problem("a", "b", "c"))))
    header["exit_code"] = 0
    with pytest.raises(WireFault):
        read_result(joined(header, b""), Problem)
