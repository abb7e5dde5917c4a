"""Decisions made of bytes: whoever gives the bytes, a fuzzer or a seeded generator, decides.

The same bytes make the same decisions with and without atheris, so that a reproducer can be
replayed, and the harnesses tested, where atheris is not installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

_T = TypeVar("_T")


class Choices:
    """Bytes taken from the front, one decision after the other; then every decision is 0."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def __bool__(self) -> bool:
        """Whether there is a byte left to decide with."""
        return self._place < len(self._content)

    def below(self, limit: int) -> int:
        """A number from 0 up to, not including, a limit of at most 65,536."""
        return int.from_bytes(self.take(1 if limit <= 256 else 2)) % limit

    def of(self, items: Sequence[_T]) -> _T:
        """One of the items."""
        return items[self.below(len(items))]

    def one_in(self, number: int) -> bool:
        """True once in so many times."""
        return self.below(number) == number - 1

    def take(self, size: int) -> bytes:
        """So many bytes, or as many as are left."""
        taken = self._content[self._place : self._place + size]
        self._place += size
        return taken

    def place(self, size: int) -> int:
        """A place in something of this size, its end included."""
        return int.from_bytes(self.take(1 if size < 256 else 3)) % (size + 1)
