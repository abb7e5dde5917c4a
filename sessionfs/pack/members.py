"""The members of a pack, one after the other, and nothing but what the profile allows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sessionfs.archive import is_layout_name
from sessionfs.digest import CHUNK
from sessionfs.errors import FormatError
from sessionfs.identity import ULID_PATTERN
from sessionfs.pack.ustar import BLOCK, is_header, padding, parse
from sessionfs.tree import is_safe_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.pack.limits import Limits

SESSION = re.compile(rf"([0-9]{{4}}/[0-9]{{2}}/{ULID_PATTERN.pattern})/(.*)")
"""A session's directory, as a path of an archive begins, and what stands in it."""


class Forward(Protocol):
    """Bytes that are read once, from the first to the last."""

    def read(self, count: int) -> bytes:
        """Return the next bytes: so many, or fewer where they end."""

    def skip(self, count: int) -> int:
        """Pass over so many bytes; return how many there were."""


class Member(NamedTuple):
    """A file of a session in a pack."""

    session: str
    """The session's directory: `YYYY/MM/ULID`."""
    name: str
    """The name of the file in its session."""
    size: int
    offset: int
    """Where its content begins in the tar."""

    @property
    def path(self) -> str:
        """The name of the member."""
        return f"{self.session}/{self.name}"


class Members:
    """A tar of this profile, read forward.

    Iterating yields each member; its `content` may be read before the next one is asked for.
    Raises `FormatError` at the first byte that is not as we would have written it.
    """

    def __init__(self, stream: Forward, limits: Limits) -> None:
        """Read from the beginning of a stream."""
        self._stream = stream
        self._limits = limits
        self._offset = 0
        self._left = 0
        self._files = 0
        self._bytes = 0

    def __iter__(self) -> Iterator[Member]:
        """Yield the members in order. Enforces E801, E802, E805, E806, E813."""
        last = b""
        while (found := self._next()) is not None:
            path, size = found
            member = self._judged(path, size)
            if path <= last:
                said = "the name again" if path == last else "it stands too late"
                raise FormatError("E805", member.path, said)
            last = path
            self._left = size
            yield member
            self._pass_over(member)
        if not self._files:
            raise FormatError("E813", "", "no member")
        if self._stream.read(1):
            raise FormatError("E802", "", f"it goes on behind its end, byte {self._offset}")

    def content(self) -> Iterator[bytes]:
        """Yield what is left of the content of the member that came last."""
        while self._left:
            chunk = self._stream.read(min(CHUNK, self._left))
            if not chunk:
                raise self._cut("in the middle of a file")
            self._left -= len(chunk)
            self._offset += len(chunk)
            yield chunk

    def _next(self) -> tuple[bytes, int] | None:
        """Return name and size of the next member, None at the end."""
        start = self._offset
        block = self._block("where a header was to come")
        if any(block):
            if start == 0 and not is_header(block):
                raise FormatError("E809", "", "neither a tar nor Zstandard")
            return parse(block, start)
        if any(self._block("after one block of zeros")):
            raise FormatError("E801", "", f"one block of zeros alone, at byte {start}")
        return None

    def _block(self, place: str) -> bytes:
        block = self._stream.read(BLOCK)
        if len(block) < BLOCK:
            self._offset += len(block)
            raise self._cut(place)
        self._offset += BLOCK
        return block

    def _cut(self, place: str) -> FormatError:
        return FormatError("E801", "", f"it ends at byte {self._offset}, {place}")

    def _judged(self, path: bytes, size: int) -> Member:
        """Return a member whose name is a session's file. Enforces E108, E810."""
        name = path.decode("utf-8", "surrogateescape")
        self._files += 1
        self._bytes += size
        self._limits.check_member(len(path), self._files, self._bytes)
        if not is_safe_path(name):
            raise FormatError("E108", name, "the name of a member")
        match = SESSION.fullmatch(name)
        if match is None or not is_layout_name(match[2]):
            raise FormatError("E810", name, "no file of a session")
        return Member(match[1], match[2], size, self._offset)

    def _pass_over(self, member: Member) -> None:
        skipped = self._stream.skip(self._left)
        self._offset += skipped
        if skipped < self._left:
            raise self._cut("in the middle of a file")
        self._left = 0
        rest = padding(member.size)
        zeros = self._stream.read(rest)
        self._offset += len(zeros)
        if len(zeros) < rest:
            raise self._cut("behind a file")
        if any(zeros):
            raise FormatError("E806", member.path, "there is something between it and the next")


class Chunks:
    """Bytes that come in pieces, to be read forward."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        """Take pieces as they are needed."""
        self._pieces = pieces
        self._held = memoryview(b"")

    def read(self, count: int) -> bytes:
        """Return the next bytes: so many, or fewer where they end."""
        if len(self._held) >= count:
            taken, self._held = self._held[:count], self._held[count:]
            return bytes(taken)
        parts = [self._held]
        missing = count - len(self._held)
        self._held = memoryview(b"")
        for piece in self._pieces:
            view = memoryview(piece)
            parts.append(view[:missing])
            if len(view) >= missing:
                self._held = view[missing:]
                break
            missing -= len(view)
        return b"".join(parts)

    def some(self) -> bytes:
        """Return what has come already, or the next piece; nothing where they end."""
        taken, self._held = self._held, memoryview(b"")
        return bytes(taken) or next(self._pieces, b"")

    def peek(self, count: int) -> bytes:
        """Return the next bytes, and leave them to be read."""
        taken = self.read(count)
        self._held = memoryview(taken + bytes(self._held))
        return taken

    def skip(self, count: int) -> int:
        """Pass over so many bytes; return how many there were."""
        left = count
        while left and (taken := self.read(min(left, CHUNK))):
            left -= len(taken)
        return count - left
