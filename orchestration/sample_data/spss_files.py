"""Writing .sav and .zsav with a fixed creation date, a declared weight and multiple-response sets.

pyreadstat writes the data; what it cannot write is put into the dictionary of the finished file.
"""

from __future__ import annotations

import datetime as dt
import struct
from pathlib import Path

import pyreadstat

from orchestration.sample_data.encoding import FileTable
from orchestration.sample_data.layout import Variable

_HEADER_BYTES = 176
_WEIGHT_AT, _DATE_AT, _TIME_AT, _NAME_AT = 76, 92, 101, 4
_END_RECORD = 999
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_PRODUCT = b"@(#) SPSS DATA FILE - synthetisch voorbeeld"


def write_spss(table: FileTable, path: Path, file_label: str, created: dt.datetime, is_zsav: bool) -> None:
    """Write one file; ``created`` stands in its header, so equal input gives equal bytes."""
    coded = [v for v in table.variables if v.codes]
    formats = {v.name: f"A{v.width}" if v.is_text else f"F{v.width}.{v.decimals}" for v in table.variables}
    missing = {v.name: sorted(v.missing_values) for v in coded if v.missing_values}
    pyreadstat.write_sav(
        table.frame,
        str(path),
        file_label=file_label,
        compress=is_zsav,
        row_compress=not is_zsav,
        column_labels={v.name: v.label for v in table.variables},
        variable_value_labels={v.name: {float(c.value): c.label for c in v.codes} for v in coded},
        missing_ranges=missing,
        variable_measure={v.name: "nominal" if v.is_text else v.measure for v in table.variables},
        variable_format=formats,
    )
    path.write_bytes(_finish(path.read_bytes(), table, created, is_zsav))


def _finish(data: bytes, table: FileTable, created: dt.datetime, is_zsav: bool) -> bytes:
    end, names, positions = _walk(data)
    order = list(table.frame.columns)
    short = dict(zip(order, names, strict=True))
    head = bytearray(data[:_HEADER_BYTES])
    head[_NAME_AT : _NAME_AT + 60] = _PRODUCT.ljust(60)
    date = f"{created.day:02d} {_MONTHS[created.month - 1]} {created.year % 100:02d}"
    head[_DATE_AT : _DATE_AT + 9] = date.encode()
    head[_TIME_AT : _TIME_AT + 8] = created.strftime("%H:%M:%S").encode()
    if table.weight:
        struct.pack_into("<i", head, _WEIGHT_AT, positions[order.index(table.weight)])
    record = _response_sets(table.variables, short)
    rest = data[end:]
    if is_zsav and record:
        rest = _shift_offsets(rest, data, len(record))
    return bytes(head) + data[_HEADER_BYTES:end] + record + rest


def _walk(data: bytes) -> tuple[int, list[str], list[int]]:
    """Where the dictionary ends; short name and 1-based dictionary position of each variable."""
    at, position = _HEADER_BYTES, 0
    names: list[str] = []
    positions: list[int] = []
    while True:
        kind = struct.unpack_from("<i", data, at)[0]
        if kind == 2:
            position += 1
            width, has_label, missing = struct.unpack_from("<iii", data, at + 4)
            if width >= 0:
                names.append(data[at + 24 : at + 32].decode("ascii").strip())
                positions.append(position)
            at += 32
            if has_label:
                at += 4 + -(-struct.unpack_from("<i", data, at)[0] // 4) * 4
            at += 8 * abs(missing)
        elif kind == 3:
            number = struct.unpack_from("<i", data, at + 4)[0]
            at += 8
            for _ in range(number):
                at += 8 + -(-(1 + data[at + 8]) // 8) * 8
        elif kind == 4:
            at += 8 + 4 * struct.unpack_from("<i", data, at + 4)[0]
        elif kind == 6:
            at += 8 + 80 * struct.unpack_from("<i", data, at + 4)[0]
        elif kind == 7:
            size, number = struct.unpack_from("<ii", data, at + 8)
            at += 16 + size * number
        elif kind == _END_RECORD:
            return at, names, positions
        else:
            raise ValueError(f"unexpected record {kind} in the dictionary that was just written")


def _response_sets(variables: list[Variable], short: dict[str, str]) -> bytes:
    """Record 7, subtype 7: one line per set of dichotomies, with the code that counts as mentioned."""
    sets: dict[str, list[Variable]] = {}
    for variable in variables:
        if variable.mr_set:
            sets.setdefault(variable.mr_set, []).append(variable)
    lines = b""
    for name, members in sets.items():
        counted = str(members[0].counted_value)
        label = members[0].mr_label.encode()
        fields = " ".join(short[member.name].lower() for member in members)
        lines += f"${name}=D{len(counted)} {counted} {len(label)} ".encode() + label + f" {fields}\n".encode()
    return struct.pack("<iiii", 7, 7, 1, len(lines)) + lines if lines else b""


def _shift_offsets(rest: bytes, data: bytes, by: int) -> bytes:
    """The compressed part of a .zsav names absolute positions in the file; they move with what was put before
    it."""
    moved = bytearray(rest)
    offset = len(data) - len(rest)
    header, trailer = struct.unpack_from("<qq", moved, 8)
    struct.pack_into("<qq", moved, 8, header + by, trailer + by)
    at = trailer - offset
    blocks = struct.unpack_from("<i", moved, at + 20)[0]
    for number in range(blocks):
        place = at + 24 + 24 * number
        plain, packed = struct.unpack_from("<qq", moved, place)
        struct.pack_into("<qq", moved, place, plain + by, packed + by)
    return bytes(moved)
