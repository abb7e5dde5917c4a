"""Contents of git's objects, read from one `git cat-file` that stays open; nothing is fetched."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, cast

from sessionfs.digest import CHUNK
from sessionfs.errors import SessionfsError
from sessionfs.git.running import command, environment

if TYPE_CHECKING:
    from tempfile import SpooledTemporaryFile as Spool
    from typing import IO, Self

_IN_MEMORY = 4 << 20
"""Bytes of a file that are held in memory; a larger one is copied to a temporary file."""

_HINT = (
    "a partial clone lacks old files: `git fetch --refetch --no-filter` brings them;"
    " else `git fsck` tells what is damaged"
)


class Objects:
    """The blobs of a repository by their id. A context manager: leaving it ends git."""

    def __init__(self, directory: str) -> None:
        """Read from the repository that a directory lies in."""
        self._directory = directory
        self._git: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the git that gives contents."""
        if self._git is not None:
            with suppress(OSError):
                _pipe(self._git.stdin).close()
            _pipe(self._git.stdout).close()
            self._git.wait()
            self._git = None

    def open(self, blob: str, shown: str) -> BinaryIO:
        """Open a copy of a blob; raises `SessionfsError`, naming it as `shown`, without one."""
        size = self._ask(blob, shown)
        copy = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  the caller closes it
        try:
            self._take(size, shown, copy)
        except BaseException:
            copy.close()
            raise
        copy.seek(0)
        return cast("BinaryIO", copy)

    def _take(self, size: int, shown: str, copy: Spool[bytes]) -> None:
        left, given = size, self._stdout()
        while left:
            chunk = given.read(min(left, CHUNK))
            if not chunk:
                raise self._lacks(shown)
            copy.write(chunk)
            left -= len(chunk)
        given.read(1)  # the LF behind each content

    def _ask(self, blob: str, shown: str) -> int:
        """Have git give a blob; return its size."""
        if self._git is None:
            self._git = subprocess.Popen(
                command(self._directory, "cat-file", "--batch"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
        try:
            asked = _pipe(self._git.stdin)
            asked.write(blob.encode() + b"\n")
            asked.flush()
            header = self._stdout().readline().split()
        except OSError:
            header = []
        if len(header) != 3 or header[1] != b"blob":  # noqa: PLR2004  id, type, size
            raise self._lacks(shown)
        return int(header[2])

    def _stdout(self) -> IO[bytes]:
        assert self._git is not None, "asked before"  # noqa: S101  for the type
        return _pipe(self._git.stdout)

    def _lacks(self, shown: str) -> SessionfsError:
        self.close()
        return SessionfsError(f"git cannot give {shown}", hint=_HINT)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None, "opened as a pipe"  # noqa: S101  for the type
    return stream
