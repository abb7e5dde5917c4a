"""Many names, each with a small row of numbers, in few bytes: what a long session leaves behind.

A Python set needs 130 bytes for an id, and a session may hold millions. Here the latest names
stand in a dict, which answers nearly every question; older ones are 16 bytes each, sorted, in
buckets. What is looked for and put in takes logarithmic time, whatever the names are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from struct import Struct
from typing import TYPE_CHECKING, Final

from sessionfs.digest import first_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

RECENT: Final = 8192
"""Names that are held as they are."""

BUCKET: Final = 512
"""Most rows of a bucket."""

_KEY: Final = 16
_DIGITS: Final = str.maketrans(
    "0123456789ABCDEFGHJKMNPQRSTVWXYZ", "0123456789ABCDEFGHIJKLMNOPQRSTUV"
)


def ulid_key(ulid: str) -> bytes:
    """Return the 16 bytes that a ULID is, in its order."""
    return int(ulid.translate(_DIGITS), 32).to_bytes(_KEY, "big")


def name_key(name: str) -> bytes:
    """Return 16 bytes that stand for any name: no two are known that have the same."""
    return first_bytes(name.encode("utf-8", "surrogatepass"), _KEY)


class Ledger:
    """A mapping from names to rows of integers, which only grows."""

    def __init__(self, key: Callable[[str], bytes] = name_key, numbers: int = 0) -> None:
        """`key` turns a name into 16 bytes; each row has so many `numbers` of 64 bits."""
        self._key = key
        self._row = Struct(f"<{numbers}q")
        self._width = _KEY + self._row.size
        self._recent: dict[str, tuple[int, ...]] = {}
        self._buckets: list[bytearray] = []
        self._firsts: list[bytes] = []
        self._last = b""

    def __contains__(self, name: str) -> bool:
        """Tell whether a name was put in."""
        return name in self._recent or (bool(self._firsts) and self._older(name) is not None)

    def get(self, name: str) -> tuple[int, ...] | None:
        """Return the row that was put in last under a name, None where none was."""
        row = self._recent.get(name)
        return row if row is not None or not self._firsts else self._older(name)

    def put(self, name: str, row: tuple[int, ...] = ()) -> None:
        """Put in a name with its row; it replaces the row that the name had."""
        self._recent[name] = row
        if len(self._recent) == RECENT:
            for key, one in sorted((self._key(one), one) for one in self._recent):
                self._insert(key, self._row.pack(*self._recent[one]))
            self._recent.clear()

    def _older(self, name: str) -> tuple[int, ...] | None:
        key = self._key(name)
        if key > self._last:
            return None
        number, at = self._place(key)
        bucket = self._buckets[number]
        if bucket[at : at + _KEY] != key:
            return None
        return self._row.unpack_from(bucket, at + _KEY)

    def _place(self, key: bytes) -> tuple[int, int]:
        """Return the bucket that a key belongs to, and the byte at which it stands or would."""
        number = max(bisect_right(self._firsts, key) - 1, 0)
        bucket, width = self._buckets[number], self._width
        rows = range(0, len(bucket), width)
        return number, bisect_left(rows, key, key=lambda at: bytes(bucket[at : at + _KEY])) * width

    def _insert(self, key: bytes, row: bytes) -> None:
        full = BUCKET * self._width
        if key > self._last:  # they mostly come in order: a bucket is filled to the end
            if not self._buckets or len(self._buckets[-1]) == full:
                self._firsts.append(key)
                self._buckets.append(bytearray())
            self._buckets[-1] += key + row
            self._last = key
            return
        number, at = self._place(key)
        bucket = self._buckets[number]
        if bucket[at : at + _KEY] == key:
            bucket[at + _KEY : at + self._width] = row
            return
        bucket[at:at] = key + row
        self._firsts[number] = bytes(bucket[:_KEY])
        if len(bucket) > full:
            half = len(bucket) // self._width // 2 * self._width
            self._firsts.insert(number + 1, bytes(bucket[half : half + _KEY]))
            self._buckets.insert(number + 1, bucket[half:])
            self._buckets[number] = bucket[:half]
