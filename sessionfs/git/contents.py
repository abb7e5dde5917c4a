"""Contents from git's objects, as many as one asks for, through one process."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from sessionfs.errors import SessionfsError
from sessionfs.git.running import command, environment

if TYPE_CHECKING:
    from typing import Self


LACKING = (
    "a partial clone lacks old files: `git fetch --refetch --no-filter` brings them;"
    " else `git fsck` tells what is damaged"
)
"""What to do where git does not have an object."""


class Found(NamedTuple):
    """An object: its type, and its content."""

    kind: str
    content: bytes


class Contents:
    """The objects of a repository by any name that git understands: an id, `REV:PATH`.

    A context manager: leaving it ends git. Nothing is fetched.
    """

    def __init__(self, directory: str) -> None:
        """Start git in a directory of the repository; raises `SessionfsError` where it cannot."""
        try:
            self._git = subprocess.Popen(
                command(directory, "cat-file", "--batch"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
        except OSError as error:
            message = f"cannot read the repository of {directory}: {error.strerror}"
            raise SessionfsError(message, hint="install git, and put it on PATH") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._git.stdin is not None  # noqa: S101  for the type: opened as a pipe
        assert self._git.stdout is not None  # noqa: S101
        with suppress(OSError):
            self._git.stdin.close()
        self._git.stdout.close()
        self._git.wait()

    def read(self, name: bytes) -> Found | None:
        """Return the object of a name, which has no line feed; None where there is none here."""
        assert self._git.stdin is not None  # noqa: S101  for the type
        assert self._git.stdout is not None  # noqa: S101
        try:
            self._git.stdin.write(name + b"\n")
            self._git.stdin.flush()
            header = self._git.stdout.readline()
        except OSError:
            header = b""
        if not header.endswith(b"\n"):
            raise _lacks(name)
        words = header.removeprefix(name).split()  # a name that is not there is said again
        if header.startswith(name + b" ") and words in ([b"missing"], [b"ambiguous"]):
            return None
        _, kind, size = header.split()
        content = self._git.stdout.read(int(size) + 1)  # and the LF behind it
        if len(content) != int(size) + 1:
            raise _lacks(name)
        return Found(kind.decode(), content[:-1])


def _lacks(name: bytes) -> SessionfsError:
    commit, colon, path = os.fsdecode(name).partition(":")
    shown = f"{path} as it was in {commit[:12]}" if colon else commit
    return SessionfsError(f"git cannot give {shown}", hint=LACKING)
