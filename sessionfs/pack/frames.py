"""A compressed pack: the tar in independent frames of one size, and a table of them at the end.

Each frame is a Zstandard frame (RFC 8878) whose header has one spelling. The table is that of the
Zstandard Seekable Format: a skippable frame, which `zstd -d` passes over.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

from sessionfs.errors import FormatError
from sessionfs.zstd import MAGIC, compressor, decompressor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sessionfs.pack.limits import Limits
    from sessionfs.pack.members import Forward

FRAME: Final = 1 << 22
"""Bytes of the tar in each frame but the last, which holds what is left."""

MAX_FRAME: Final = FRAME + FRAME // 256 + 64
"""Most bytes that a frame takes: a compressor leaves as it is what it cannot make smaller."""

TABLE: Final = b"\x5e\x2a\x4d\x18"
"""The four bytes that the table begins with."""

_TABLE_END: Final = b"\xb1\xea\x92\x8f"
_ENTRY: Final = Struct("<II")
_COUNT: Final = Struct("<I")
_CHECKSUM: Final = 4
_SIZES: Final = {0x24: (1, 0), 0x64: (2, 256), 0xA4: (4, 0)}
"""Bytes of the content size, and what it counts from, by the descriptor in front of it.

All three say: one segment, a checksum, no dictionary.
"""
_RLE, _RESERVED = 1, 3

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Each(Protocol):
    """How work on frames is done: one by one, or by several threads, in order all the same."""

    def __call__(
        self, make: Callable[[], Callable[[_Item], _Result]], items: Iterable[_Item]
    ) -> Iterator[_Result]:
        """Yield what a function that was made gives for each item, in the order of the items."""


def one_by_one(
    make: Callable[[], Callable[[_Item], _Result]], items: Iterable[_Item]
) -> Iterator[_Result]:
    """Do work in this thread."""
    return map(make(), items)


def frame_header(size: int) -> bytes:
    """Return how the frame of a content of so many bytes begins."""
    descriptor = 0x24 if size < 256 else 0x64 if size < 65_792 else 0xA4  # noqa: PLR2004  RFC 8878
    width, base = _SIZES[descriptor]
    return MAGIC + bytes((descriptor,)) + (size - base).to_bytes(width, "little")


def table(sizes: Iterable[tuple[int, int]]) -> bytes:
    """Return the table of frames, given the bytes of each and of its content."""
    entries = [_ENTRY.pack(*pair) for pair in sizes]
    content = b"".join((*entries, _COUNT.pack(len(entries)), b"\0", _TABLE_END))
    return TABLE + _COUNT.pack(len(content)) + content


class Frame(NamedTuple):
    """A frame: its bytes, and where they begin in the pack."""

    content: bytes
    offset: int


class Frames:
    """The frames of a compressed pack, read forward; `sizes` tells those that came so far."""

    def __init__(self, stream: Forward, limits: Limits) -> None:
        """Read from the beginning of a stream."""
        self._stream = stream
        self._limits = limits
        self._offset = 0
        self._plain = 0
        self.sizes: list[tuple[int, int]] = []
        """Bytes of each frame, and of its content."""

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames in order, then judge the table. Enforces E808."""
        while (magic := self._take(len(MAGIC), b"")) == MAGIC:
            start = self._offset - len(MAGIC)
            size, head = self._head(start)
            if self.sizes and self.sizes[-1][1] < FRAME:
                raise self._unlike(start, "a frame behind one that is not full")
            content = b"".join((head, *self._blocks(start, len(head))))
            self.sizes.append((len(content), size))
            self._plain += size
            self._limits.check_ratio(self._plain, self._offset)
            yield Frame(content, start)
        if magic != TABLE:
            raise self._unlike(self._offset - len(MAGIC), "neither a frame nor the table of frames")
        self._judge_table()

    def _judge_table(self) -> None:
        """Read the table, and the end behind it. Enforces E802, E811."""
        wanted = table(self.sizes)
        length = self._take(_COUNT.size, TABLE)
        if not wanted.startswith(length) or self._take(len(wanted) - len(length), length) != wanted:
            raise FormatError("E811", "", "the table tells of other frames")
        if self._stream.read(1):
            raise FormatError("E802", "", f"it goes on behind its end, byte {self._offset}")

    def _head(self, start: int) -> tuple[int, bytes]:
        """Return the size of a frame's content, and the frame's header."""
        descriptor = self._take(1, b"")
        width, base = _SIZES.get(descriptor[0], (0, 0))
        if width:
            number = self._take(width, b"")
            size = int.from_bytes(number, "little") + base
            head = MAGIC + descriptor + number
            if 0 < size <= FRAME and head == frame_header(size):
                return size, head
        raise self._unlike(start, "the header of a frame")

    def _blocks(self, start: int, taken: int) -> Iterator[bytes]:
        """Yield a frame's blocks and its checksum."""
        last = False
        while not last:
            head = self._take(3, b"")
            number = int.from_bytes(head, "little")
            last, kind, size = bool(number & 1), number >> 1 & 3, number >> 3
            length = 1 if kind == _RLE else size
            taken += len(head) + length
            if kind == _RESERVED or taken + _CHECKSUM > MAX_FRAME:
                raise self._unlike(start, "the blocks of a frame")
            yield head
            yield self._take(length, b"")
        yield self._take(_CHECKSUM, b"")

    def _take(self, count: int, before: bytes) -> bytes:
        """Return `before` and the next bytes. Enforces E801."""
        taken = self._stream.read(count)
        self._offset += len(taken)
        if len(taken) < count:
            raise FormatError("E801", "", f"it ends at byte {self._offset}, before its end")
        return before + taken

    def _unlike(self, start: int, what: str) -> FormatError:
        return FormatError("E808", "", f"{what}, at byte {start}")


def contents(frames: Frames, each: Each) -> Iterator[bytes]:
    """Yield the content of each frame: the tar, piece by piece."""
    return each(_undo, frames)


def _undo() -> Callable[[Frame], bytes]:
    """Return a function that decompresses frames. Enforces E812."""
    decompress = decompressor(FRAME)

    def undo(frame: Frame) -> bytes:
        try:
            return decompress(frame.content)
        except ValueError as error:
            raise FormatError("E812", "", f"the frame at byte {frame.offset}: {error}") from error

    return undo


def framed(pieces: Iterable[bytes], each: Each) -> Iterator[bytes]:
    """Yield frames and their table for a tar in pieces of which all but the last are full."""
    sizes: list[tuple[int, int]] = []
    for frame, size in each(_make, pieces):
        sizes.append((len(frame), size))
        yield frame
    yield table(sizes)


def _make() -> Callable[[bytes], tuple[bytes, int]]:
    compress = compressor(FRAME)
    return lambda piece: (compress(piece), len(piece))
