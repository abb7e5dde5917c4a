"""Bytes that can be read at any place: a pack's own, and the tar that its frames stand for."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final, Protocol

from sessionfs.digest import CHUNK
from sessionfs.errors import SessionfsError
from sessionfs.pack.frames import FRAME
from sessionfs.zstd import decompressor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_HELD: Final = 4
"""Frames that are kept decompressed: a session's files lie side by side."""


class Bytes(Protocol):
    """Bytes at rest."""

    def read_at(self, offset: int, count: int) -> bytes:
        """Return so many bytes from a place on, fewer only where they end."""


class MemoryBytes:
    """Bytes in memory."""

    def __init__(self, content: bytes) -> None:
        """Read from these bytes."""
        self._content = content

    def read_at(self, offset: int, count: int) -> bytes:
        """Return so many bytes from a place on, fewer only where they end."""
        return self._content[offset : offset + count]


class FramedBytes:
    """The tar of a compressed pack whose frames are known; a few are held decompressed."""

    def __init__(self, packed: Bytes, lengths: Iterable[int]) -> None:
        """Read a pack whose frames have these lengths."""
        self._packed = packed
        self._places: list[tuple[int, int]] = []
        offset = 0
        for length in lengths:
            self._places.append((offset, length))
            offset += length
        self._held: dict[int, bytes] = {}
        self._decompress: Callable[[bytes], bytes] | None = None

    def read_at(self, offset: int, count: int) -> bytes:
        """Return so many bytes from a place on, fewer only where they end."""
        parts = []
        while count > 0:
            number, start = divmod(offset, FRAME)
            part = self._frame(number)[start : start + count]
            if not part:
                break
            parts.append(part)
            offset += len(part)
            count -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _frame(self, number: int) -> bytes:
        if number >= len(self._places):
            return b""
        content = self._held.pop(number, None)
        if content is None:
            if len(self._held) >= _HELD:
                del self._held[next(iter(self._held))]
            content = self._read(*self._places[number])
        self._held[number] = content  # the latest is the last to go
        return content

    def _read(self, offset: int, length: int) -> bytes:
        if self._decompress is None:
            self._decompress = decompressor(FRAME)
        try:
            return self._decompress(self._packed.read_at(offset, length))
        except ValueError as error:
            message = f"the pack has changed while it was read: {error}"
            raise SessionfsError(message, hint="try again") from error

    def __getstate__(self) -> dict[str, object]:
        """Leave out what another process makes for itself."""
        return {**self.__dict__, "_held": {}, "_decompress": None}


class Ahead:
    """Bytes at rest, read forward: what is passed over is not read."""

    def __init__(self, source: Bytes, size: int) -> None:
        """Begin at the first of so many bytes."""
        self._source = source
        self._size = size
        self._offset = 0

    def read(self, count: int) -> bytes:
        """Return the next bytes: so many, or fewer where they end."""
        taken = self._source.read_at(self._offset, count)
        self._offset += len(taken)
        return taken

    def skip(self, count: int) -> int:
        """Pass over so many bytes; return how many there were."""
        passed = min(count, self._size - self._offset)
        self._offset += passed
        return passed


def span(source: Bytes, offset: int, size: int) -> io.BufferedReader:
    """Return a part of some bytes as a file."""
    return io.BufferedReader(_Span(source, offset, size), CHUNK)


class _Span(io.RawIOBase):
    def __init__(self, source: Bytes, offset: int, size: int) -> None:
        super().__init__()
        self._source = source
        self._offset = offset
        self._end = offset + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  3.11 has no name for a buffer
        view = memoryview(buffer)
        content = self._source.read_at(self._offset, min(len(view), self._end - self._offset))
        view[: len(content)] = content
        self._offset += len(content)
        return len(content)
