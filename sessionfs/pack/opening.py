"""Packs as they are opened: compressed or not is told by their first bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.pack.access import Ahead, FramedBytes
from sessionfs.pack.frames import Frames, contents
from sessionfs.pack.members import Chunks, Members
from sessionfs.pack.tree import PackTree
from sessionfs.zstd import MAGIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sessionfs.pack.access import Bytes
    from sessionfs.pack.frames import Each
    from sessionfs.pack.limits import Limits


def open_tree(packed: Bytes, size: int, limits: Limits, each: Each) -> PackTree:
    """Return the tree of a pack of `size` bytes; raises `FormatError` where it is none.

    All of its structure is judged, once. That reads the headers of a tar, and decompresses the
    whole of a compressed pack, a few frames at a time.
    """
    stream = Ahead(packed, size)
    if packed.read_at(0, len(MAGIC)) != MAGIC:
        return PackTree(packed, _places(Members(stream, limits)))
    frames = Frames(stream, limits)
    places = _places(Members(Chunks(contents(frames, each)), limits))
    return PackTree(FramedBytes(packed, (length for length, _ in frames.sizes)), places)


def open_stream(
    pieces: Iterator[bytes], limits: Limits, each: Each, watch: Callable[[bytes], None]
) -> Chunks:
    """Return the tar of a pack that comes in pieces, to be read forward; `watch` sees it pass."""
    stream = Chunks(pieces)
    if stream.peek(len(MAGIC)) == MAGIC:
        tar = contents(Frames(stream, limits), each)
    else:
        tar = iter(stream.some, b"")
    return Chunks(_watched(tar, watch))


def _watched(pieces: Iterator[bytes], watch: Callable[[bytes], None]) -> Iterator[bytes]:
    for piece in pieces:
        watch(piece)
        yield piece


def _places(members: Members) -> dict[str, tuple[int, int]]:
    return {member.path: (member.offset, member.size) for member in members}
