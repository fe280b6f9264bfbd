"""How many rows a system file really holds, whatever its header says: counted without reading them."""

from __future__ import annotations

import struct
import zlib

from orchestration.deliveries.readers.system_dictionary import SystemDictionary

UNCOMPRESSED, BY_BYTECODE, BY_ZLIB = 0, 1, 2
NOTHING, END_OF_FILE, FOLLOWS = 0, 252, 253
"""Commands of the bytecode: filling up, the end, and a value of eight bytes that stands behind the block."""
UNIT = 8
BIAS, BIAS_AT = 100.0, 84
"""What compressed numbers are stored with on top; every program adds the same."""
BLOCKS_MAGIC = b"$FL3"
ZHEADER, ZTRAILER, ZBLOCK = "qqq", "qqii", "qqii"


def whole_rows(data: bytes, dictionary: SystemDictionary, order: str) -> tuple[int, bool]:
    """The number of whole rows, and whether the file ends with one. Raises ``ValueError`` when it cannot be told."""
    units_in_row = dictionary.case_bytes // UNIT
    if not units_in_row:
        return 0, True
    if dictionary.compression == UNCOMPRESSED:
        whole, rest = divmod(len(data) - dictionary.data_at, dictionary.case_bytes)
        return whole, not rest
    if dictionary.compression == BY_BYTECODE:
        units = _units(data, dictionary.data_at)
    elif dictionary.compression == BY_ZLIB:
        units = _units(_inflated(data, dictionary.data_at, order), 0)
    else:
        raise ValueError("it is compressed in an unknown way")
    whole, rest = divmod(units, units_in_row)
    return whole, not rest


def check_compression(data: bytes, dictionary: SystemDictionary, order: str) -> None:
    """Raises ``ValueError`` when what the file says of its compression contradicts itself.

    Damage to the bias would shift every answer, and no reader would notice.
    """
    kind = dictionary.compression
    if kind not in (UNCOMPRESSED, BY_BYTECODE, BY_ZLIB):
        raise ValueError("it is compressed in an unknown way")
    if (kind == BY_ZLIB) != data.startswith(BLOCKS_MAGIC):
        raise ValueError("its first bytes and its header name two ways of compression")
    if kind != UNCOMPRESSED and struct.unpack_from(f"{order}d", data, BIAS_AT)[0] != BIAS:
        raise ValueError("its numbers are compressed with another bias than all programs use")


def _units(data: bytes, at: int) -> int:
    """Values of eight bytes that the bytecode stands for."""
    units, end = 0, len(data)
    while at < end:
        block = data[at : at + UNIT]
        stop = block.find(END_OF_FILE)
        if stop >= 0:
            block = block[:stop]
        units += len(block) - block.count(NOTHING)
        at += UNIT * (1 + block.count(FOLLOWS))
        if at > end:
            raise ValueError("it ends within a row")
        if stop >= 0:
            break
    return units


def _inflated(data: bytes, at: int, order: str) -> bytes:
    try:
        _, trailer, length = struct.unpack_from(order + ZHEADER, data, at)
        if trailer < 0 or trailer + length > len(data):
            raise ValueError("it ends before its table of blocks")
        _, _, _, blocks = struct.unpack_from(order + ZTRAILER, data, trailer)
        parts = []
        unfolded, folded = at, at + struct.calcsize("<" + ZHEADER)
        first = trailer + struct.calcsize("<" + ZTRAILER)
        for place in range(blocks):
            entry = struct.unpack_from(order + ZBLOCK, data, first + place * struct.calcsize("<" + ZBLOCK))
            place_unfolded, begin, size, compressed = entry
            if (place_unfolded, begin) != (unfolded, folded) or min(size, compressed) <= 0:
                raise ValueError("its table of blocks makes no sense")
            unfolded, folded = unfolded + size, folded + compressed
            parts.append(zlib.decompressobj().decompress(data[begin : begin + compressed], size))
            if len(parts[-1]) != size:
                raise ValueError("a block of it does not end")
        if folded != trailer:
            raise ValueError("its table of blocks makes no sense")
    except (struct.error, zlib.error) as error:
        raise ValueError(f"its blocks cannot be unpacked ({type(error).__name__})") from None
    return b"".join(parts)
