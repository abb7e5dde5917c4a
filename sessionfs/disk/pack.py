"""Packs on disk: told from other files, opened where they stand, and read as they come."""

from __future__ import annotations

import os
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from sessionfs.digest import CHUNK
from sessionfs.disk.threads import in_threads
from sessionfs.errors import NotFound, SessionfsError
from sessionfs.pack import Limits, Pack, open_tree
from sessionfs.pack.ustar import BLOCK, is_header
from sessionfs.zstd import MAGIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMPRESSED: Final = ".tar.zst"
ENDINGS: Final = (".tar", COMPRESSED)


def is_pack(path: str) -> bool:
    """Tell whether a file is meant as a pack, by its name or by how it begins."""
    if not os.path.isfile(path):
        return False
    if path.endswith(ENDINGS):
        return True
    try:
        with open(path, "rb") as stream:
            head = stream.read(BLOCK)
    except OSError:
        return False
    return head.startswith(MAGIC) or is_header(head)


class FileBytes:
    """A file that is read at any place, also by several processes; it closes with its last use."""

    def __init__(self, path: str) -> None:
        """Open a file; raises `NotFound` or `SessionfsError`."""
        self.path = os.path.abspath(path)
        try:
            self._descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            raise _missing(path) from None
        self._close = weakref.finalize(self, os.close, self._descriptor)
        self.size = os.fstat(self._descriptor).st_size

    def read_at(self, offset: int, count: int) -> bytes:
        """Return so many bytes from a place on, fewer only where they end."""
        parts = []
        while count and (part := self._read(offset, count)):
            parts.append(part)
            offset += len(part)
            count -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _read(self, offset: int, count: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, count, offset)
        os.lseek(self._descriptor, offset, os.SEEK_SET)  # where no process is forked
        return os.read(self._descriptor, count)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what another process opens for itself."""
        return {"path": self.path}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open the file in another process."""
        self.__init__(state["path"])  # type: ignore[misc]


def open_pack(path: str, limits: Limits | None = None) -> Pack:
    """Open a pack to read its sessions; raises `FormatError` where it is not whole."""
    packed = FileBytes(path)
    return Pack(path, open_tree(packed, packed.size, limits or Limits(), in_threads))


@contextmanager
def open_source(source: str | BinaryIO) -> Iterator[tuple[BinaryIO, int]]:
    """Open a pack that is read from its first byte to its last; return its size, 0 of a stream."""
    if not isinstance(source, str):
        yield source, 0
        return
    try:
        stream = open(source, "rb", buffering=0)  # noqa: SIM115  closed below
    except FileNotFoundError:
        raise _missing(source) from None
    with stream:
        yield stream, os.fstat(stream.fileno()).st_size


def _missing(path: str) -> NotFound:
    message = f"no such file: {path}"
    return NotFound(message, hint="name a file that `sessionfs pack` has made")


def pieces(stream: BinaryIO, advance: Callable[[int], None]) -> Iterator[bytes]:
    """Yield what a stream gives, piece by piece; `advance` is told the bytes of each."""
    read = getattr(stream, "read1", stream.read)  # of a pipe, what there is
    try:
        while piece := read(CHUNK):
            yield piece
            advance(len(piece))
    except OSError as error:
        message = f"cannot read the pack: {error.strerror}"
        raise SessionfsError(message, hint="nothing was unpacked; try again") from error
