"""What a reader of packs is ready to take."""

from __future__ import annotations

from typing import Final

from sessionfs.canonical import Struct
from sessionfs.errors import FormatError
from sessionfs.tree import MAX_PATH

_SMALL: Final = 64 << 20
"""Bytes up to which nobody asks how well something was compressed."""


class Limits(Struct, frozen=True, kw_only=True):
    """The most that a reader takes from one pack."""

    bytes: int = 64 * 10**9
    """Of all contents together."""
    files: int = 1_000_000
    ratio: int = 200
    """Bytes of the tar to one byte of the pack; the first 64 MiB are free."""
    name: int = MAX_PATH
    """Bytes in the name of a member; what no path may be longer than is E108 beyond that."""

    def check_member(self, name: int, files: int, total: int) -> None:
        """Raise where a member is one too many, or makes too many bytes."""
        _check(name, self.name, "bytes in a name")
        _check(files, self.files, "files")
        _check(total, self.bytes, "bytes")

    def check_ratio(self, plain: int, packed: int) -> None:
        """Raise where few bytes stand for too many."""
        _check(ratio(plain, packed), self.ratio, "bytes for one of the pack")


def ratio(plain: int, packed: int) -> int:
    """Return how many bytes of a tar stand in one of its pack, rounded up; 1 of a small one."""
    return -(-plain // packed) if plain > _SMALL else 1


def _check(number: int, most: int, what: str) -> None:
    """Raise where there is more than the limit allows. Enforces E807."""
    if number > most:
        raise FormatError("E807", "", f"{number} {what} and more; the limit is {most}")
