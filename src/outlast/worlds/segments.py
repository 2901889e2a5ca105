"""Segments: consecutive chunks of a stream as they are stored, many to a row.

The bytes of the chunks stand one after the other. Their lengths stand beside them, four bytes each, lowest first; the
highest bit says that the chunk is raw.
"""

import sys
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final, TypeAlias

from outlast.world import Chunk

Stored: TypeAlias = tuple[int, bytes, bytes]
"""The index of the first chunk of a segment, the lengths, and the bytes."""

_RAW: Final = 1 << 31
_SWAPS: Final = sys.byteorder == "big"


def packed(chunks: Sequence[Chunk]) -> tuple[bytes, bytes]:
    """The lengths and the bytes of the chunks."""
    lengths = array("I", [len(one.data) | (_RAW if one.raw else 0) for one in chunks])
    if _SWAPS:
        lengths.byteswap()
    return lengths.tobytes(), b"".join([one.data for one in chunks])


def unpacked(segments: Iterable[Stored], start: int) -> tuple[Chunk, ...]:
    """The chunks of consecutive segments, from index `start` on."""
    chunks: list[Chunk] = []
    for first, lengths, data in segments:
        chunks += _chunks(lengths, data, max(0, start - first))
    return tuple(chunks)


def _chunks(lengths: bytes, data: bytes, skipped: int) -> list[Chunk]:
    marks = array("I", lengths)
    if _SWAPS:
        marks.byteswap()
    ends = list(accumulate([mark & ~_RAW for mark in marks]))
    begins = [0, *ends]
    return [
        Chunk(data[begins[place] : ends[place]], marks[place] >= _RAW)
        for place in range(skipped, len(marks))
    ]
