"""BLAKE3-256 over raw bytes, and git's own ids of contents; the only importer of blake3."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Literal

from blake3 import blake3

if TYPE_CHECKING:
    from typing import BinaryIO

CHUNK = 1 << 18
"""Bytes read at a time: measured best between 128 and 256 KiB."""

_HEX = re.compile(r"[0-9a-f]{64}")


class Hasher:
    """A running BLAKE3 digest that also counts its bytes."""

    __slots__ = ("_state", "size")

    def __init__(self) -> None:
        """Start at the digest of nothing."""
        self._state = blake3()
        self.size = 0

    def update(self, chunk: bytes) -> None:
        """Take in more bytes."""
        self._state.update(chunk)
        self.size += len(chunk)

    def hexdigest(self) -> str:
        """Return the digest of all bytes so far as 64 lower-case hex digits."""
        return self._state.hexdigest()


class Fingerprint:
    """The running digests of one stream: BLAKE3-256, and SHA-256 for who has no BLAKE3."""

    def __init__(self) -> None:
        """Start at the digests of nothing."""
        self._blake3 = Hasher()
        self._sha256 = hashlib.sha256(usedforsecurity=False)

    def update(self, chunk: bytes) -> None:
        """Take in more bytes."""
        self._blake3.update(chunk)
        self._sha256.update(chunk)

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._blake3.size

    @property
    def blake3(self) -> str:
        """The BLAKE3-256 of all bytes so far as 64 lower-case hex digits."""
        return self._blake3.hexdigest()

    @property
    def sha256(self) -> str:
        """The SHA-256 of all bytes so far as 64 lower-case hex digits."""
        return self._sha256.hexdigest()


def digest(content: bytes) -> str:
    """Return the BLAKE3-256 of `content` as 64 lower-case hex digits."""
    return blake3(content).hexdigest()


def first_bytes(content: bytes, count: int) -> bytes:
    """Return the first `count` bytes (at most 32) of the BLAKE3-256 of `content`."""
    return blake3(content).digest(length=count)


def digest_stream(stream: BinaryIO, limit: int | None = None) -> tuple[str, int]:
    """Return digest and size of what `stream` still holds, at most `limit` bytes of it."""
    hasher = Hasher()
    while limit is None or hasher.size < limit:
        want = CHUNK if limit is None else min(CHUNK, limit - hasher.size)
        chunk = stream.read(want)
        if not chunk:
            break
        hasher.update(chunk)
    return hasher.hexdigest(), hasher.size


def git_blob_id(stream: BinaryIO, size: int, algorithm: Literal["sha1", "sha256"]) -> str:
    """Return the id that git gives to a content: the first `size` bytes of a stream.

    Where there are fewer bytes, or more, the id is that of no content.
    """
    state = hashlib.new(algorithm, b"blob %d\0" % size, usedforsecurity=False)
    while chunk := stream.read(CHUNK):
        state.update(chunk)
    return state.hexdigest()


def is_digest(text: str) -> bool:
    """Tell whether `text` is written as a digest: 64 lower-case hex digits."""
    return _HEX.fullmatch(text) is not None
