"""The lines of a file as they pass: cut, counted, hashed, and explained where they are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sessionfs.check.explained import Explained, Rung
from sessionfs.check.explanation import explain
from sessionfs.digest import CHUNK, Hasher
from sessionfs.model import MAX_LINE
from sessionfs.schema import finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from sessionfs.verify.files import Files


class Lines:
    """The lines of a file without their LF; None stands for one that is too long.

    Where a rule of framing is broken on many lines, the first one is named.
    """

    def __init__(self, files: Files, name: str, stream: BinaryIO, *, newer: bool) -> None:
        """Read the file `name` from a stream; `newer` says that a newer version wrote it."""
        self._files = files
        self._name = name
        self._path = files.at(name)
        self._stream = stream
        self._newer = newer
        self._hasher = Hasher()
        self._framing: set[str] = set()
        self._torn = False

    @property
    def size(self) -> int:
        """The bytes read so far."""
        return self._hasher.size

    def __iter__(self) -> Iterator[bytes | None]:
        held: list[bytes] = []
        size = 0
        while chunk := self._stream.read(CHUNK):
            self._hasher.update(chunk)
            first, *others = chunk.split(b"\n")
            size += len(first)
            if size < MAX_LINE:
                held.append(first)
            if not others:
                continue
            yield b"".join(held) if size < MAX_LINE else None
            yield from others[:-1]
            held = [others[-1]]
            size = len(others[-1])
        self._torn = size > 0

    def explain(
        self, line: bytes | None, number: int, schema: Literal["message", "redactions"]
    ) -> Explained | None:
        """Say what is wrong with a line; None where nothing can be said of it. Enforces E005."""
        ladder = self._files.ladder
        if line is None:
            said = f"more than {MAX_LINE} bytes"
            ladder.say(Rung.FRAMING, finding("E005", self._path, said, line=number))
            return None
        if ladder.is_full(self._path):
            return None
        explained = explain(line, self._path, number, schema, newer=self._newer)
        first = explained.findings[0].code if explained.findings else ""
        if not first.startswith("E3") or first not in self._framing:
            ladder.say(explained.rung, *explained.findings)
        self._framing.add(first)
        return explained

    def finish(self) -> bool:
        """Note the digest, and tell whether the last line is whole. Enforces E301."""
        if self._torn:
            said = "the last line has no LF"
            self._files.ladder.say(Rung.FRAMING, finding("E301", self._path, said))
        self._files.note(self._name, self._hasher)
        return not self._torn
