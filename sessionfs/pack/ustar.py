"""The header of a member: the one spelling of POSIX ustar that a pack may hold for a name and size.

A reader takes name and size out of a header, writes the header that belongs to them, and compares.
So nothing else has to be understood, and nothing else can hide there.
"""

from __future__ import annotations

import re
from typing import Final

from sessionfs.errors import FormatError

BLOCK: Final = 512
"""Bytes of a header; contents are filled up with zeros to a multiple of it."""

END: Final = bytes(2 * BLOCK)
"""What stands behind the last member."""

MAX_SIZE: Final = 8**11 - 1
"""Most bytes in a member: eleven octal digits."""

_NAME: Final = 100
_PREFIX: Final = 155
_REGULAR: Final = b"0"
_MAGIC: Final = b"ustar\x0000"
_MODE: Final = b"0000644\0"
_ZERO: Final = b"0000000\0"
_EPOCH: Final = b"00000000000\0"
_BLANK_SUM: Final = b" " * 8
_SIZE: Final = re.compile(rb"([0-7]{11})\0")


def header(path: bytes, size: int) -> bytes:
    """Return the header of a member; raises `ValueError` where none can hold name or size."""
    prefix, name = b"", path
    if len(path) > _NAME:
        prefix, _, name = path.rpartition(b"/")
    if not name or len(name) > _NAME or len(prefix) > _PREFIX or b"\0" in path:
        raise ValueError("no header holds this name")
    if not 0 <= size <= MAX_SIZE:
        raise ValueError("no header holds this size")
    before = b"".join(
        (name.ljust(_NAME, b"\0"), _MODE, _ZERO, _ZERO, b"%011o\0" % size, _EPOCH),
    )
    after = b"".join(
        (_REGULAR, bytes(100), _MAGIC, bytes(64), _ZERO, _ZERO, prefix.ljust(_PREFIX, b"\0")),
    ).ljust(BLOCK - len(before) - len(_BLANK_SUM), b"\0")
    total = sum(before) + sum(_BLANK_SUM) + sum(after)
    return before + b"%06o\0 " % total + after


def padding(size: int) -> int:
    """Return how many zeros fill a content of so many bytes up."""
    return -size % BLOCK


def is_header(block: bytes) -> bool:
    """Tell whether a block calls itself a header of ustar, in this profile or another."""
    return block[257:262] == _MAGIC[:5]


def parse(block: bytes, offset: int) -> tuple[bytes, int]:
    """Return name and size of the member that a header, read at `offset`, announces.

    Raises `FormatError` where it is not the one that we would write. Enforces E803, E804.
    """
    prefix, name = block[345:500].rstrip(b"\0"), block[:_NAME].rstrip(b"\0")
    path = prefix + b"/" + name if prefix else name
    kind = block[156:157]
    if kind != _REGULAR and is_header(block):
        shown = kind.decode("ascii", "backslashreplace")
        said = f"the header at byte {offset}, of {_shown(path)}, has the type {shown!r}"
        raise FormatError("E804", "", said)
    size = _SIZE.fullmatch(block[124:136])
    try:
        if size is not None and header(path, length := int(size[1], 8)) == block:
            return path, length
    except ValueError:
        pass
    raise FormatError("E803", "", f"the header at byte {offset}, of {_shown(path)}")


def _shown(path: bytes) -> str:
    return repr(path[:200].decode("ascii", "backslashreplace"))
