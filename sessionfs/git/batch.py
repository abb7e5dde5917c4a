"""One `git cat-file --batch` that stays open: objects by any name that git understands."""

from __future__ import annotations

import re
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from sessionfs.digest import CHUNK
from sessionfs.git.running import command, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO


_HEAD = re.compile(rb"[0-9a-f]+ ([a-z]+) ([0-9]+)\n")


class Ended(Exception):
    """Git has ended before it gave what was asked, or gave something else."""


class Head(NamedTuple):
    """What git says of an object before its content: its type, and its size in bytes."""

    kind: str
    size: int


class Batch:
    """A git that is asked for one object after the other; nothing is fetched."""

    def __init__(self, directory: str) -> None:
        """Start it in a directory of the repository; raises `OSError` where there is no git."""
        self._git = subprocess.Popen(
            command(directory, "cat-file", "--batch"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )

    def ask(self, name: bytes) -> Head | None:
        """Ask for an object by a name without a line feed; None where it is missing.

        Where it is not, its content is to be read next. Raises `Ended`.
        """
        asked = _pipe(self._git.stdin)
        try:
            asked.write(name + b"\n")
            asked.flush()
        except OSError as error:
            raise Ended from error
        answer = _pipe(self._git.stdout).readline()
        if not answer.endswith(b"\n"):
            raise Ended
        words = answer.removeprefix(name).split()  # a name that is not there is said again
        if answer.startswith(name + b" ") and words in ([b"missing"], [b"ambiguous"]):
            return None
        head = _HEAD.fullmatch(answer)
        if head is None:
            raise Ended
        return Head(head[1].decode(), int(head[2]))

    def content(self, size: int) -> Iterator[bytes]:
        """Yield the content of the object that was asked for; raises `Ended`."""
        given, left = _pipe(self._git.stdout), size + 1  # and the LF behind it
        while left:
            piece = given.read(min(left, CHUNK))
            if not piece:
                raise Ended
            left -= len(piece)
            yield piece if left else piece[:-1]

    def close(self, *, wait: bool = True) -> None:
        """End it. The git of the process that this one was forked from cannot be waited for."""
        with suppress(OSError):
            _pipe(self._git.stdin).close()
        _pipe(self._git.stdout).close()
        if wait:
            self._git.wait()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None, "opened as a pipe"  # noqa: S101  for the type
    return stream
