"""A directory of a revision as a tree: read from git's objects, never from the work tree.

Names come from one `git ls-tree`, contents from one `git cat-file` that stays open. Nothing is
checked out, fetched, converted or written.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import closing, suppress
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

from sessionfs.digest import CHUNK, git_blob_id
from sessionfs.errors import NotFound, SessionfsError
from sessionfs.git.running import ask, command, environment, require

if TYPE_CHECKING:
    from tempfile import SpooledTemporaryFile as Spool
    from typing import IO, Self

    from sessionfs.tree import Tree

_IN_MEMORY = 4 << 20
"""Bytes of a file that are held in memory; a larger one is copied to a temporary file."""

_ODD = {b"120000": "symlink", b"160000": "special"}
"""Modes of links and of submodules: entries that are no files."""


class GitTree:
    """The files that a directory had in a revision; none where it was not there.

    A context manager: leaving it ends git. `commit` is the revision's full id.
    """

    def __init__(self, directory: str, revision: str) -> None:
        """Look at what `directory` had in `revision` of the repository that it lies in.

        Raises `SessionfsError` where there is no repository, no such revision, or no git.
        """
        self._directory = directory
        self._revision = revision
        self._contents: subprocess.Popen[bytes] | None = None
        prefix = _prefix(directory)
        self.commit = _commit(directory, revision)
        self._algorithm: Literal["sha1", "sha256"] = "sha1" if len(self.commit) == 40 else "sha256"  # noqa: PLR2004  hex digits
        self._blobs: dict[str, str] = {}
        self._oddities: list[tuple[str, str]] = []
        self._list(f"{self.commit}:{prefix}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the git that gives contents."""
        if self._contents is not None:
            with suppress(OSError):
                _pipe(self._contents.stdin).close()
            _pipe(self._contents.stdout).close()
            self._contents.wait()
            self._contents = None

    def paths(self, under: str = "") -> list[str]:
        """Return the path of every file below `under`, sorted by bytes."""
        prefix = f"{under}/" if under else ""
        return [path for path in self._blobs if path.startswith(prefix)]

    def oddities(self) -> list[tuple[str, str]]:
        """Return path and kind of what is no file: a `symlink`, or `special`, a submodule."""
        return self._oddities

    def open(self, path: str) -> BinaryIO:
        """Open a copy of a file; raises `NotFound`, or `SessionfsError` where git lacks it."""
        size = self._ask(path)
        copy = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  the caller closes it
        try:
            self._take(path, size, copy)
        except BaseException:
            copy.close()
            raise
        copy.seek(0)
        return cast("BinaryIO", copy)

    def size(self, path: str) -> int:
        """Return a file's size in bytes; raises as `open` does."""
        with closing(self.open(path)) as stream:
            return stream.seek(0, os.SEEK_END)

    def is_content(self, path: str, tree: Tree, other: str) -> bool:
        """Tell whether a file has the very bytes of a file of another tree.

        Their git object id is compared: the old bytes are not even read.
        """
        size = tree.size(other)
        with closing(tree.open(other)) as stream:
            return git_blob_id(stream, size, self._algorithm) == self._blobs.get(path)

    def _list(self, directory: str) -> None:
        """Note what stands below a directory, given as REVISION:PATH."""
        found = ask(self._directory, "rev-parse", "--verify", "--quiet", directory)
        if found is None:
            return  # it came later
        identifier = found.decode().strip()
        if ask(self._directory, "cat-file", "-t", identifier) != b"tree\n":
            return  # a file or a link stood there
        listing = require(
            self._directory,
            "ls-tree", "-r", "-z", "--full-tree", identifier,
            otherwise=f"cannot list the files of {self._revision}",
            hint="`git fsck` tells whether the repository is whole",
        )  # fmt: skip
        for entry in listing.split(b"\0")[:-1]:
            facts, _, name = entry.partition(b"\t")
            mode, _, blob = facts.split(b" ")
            if mode in _ODD:
                self._oddities.append((os.fsdecode(name), _ODD[mode]))
            else:
                self._blobs[os.fsdecode(name)] = blob.decode()

    def _ask(self, path: str) -> int:
        """Have git give a file; return its size."""
        try:
            blob = self._blobs[path]
        except KeyError:
            message = f"no file {path} in {self._revision}"
            raise NotFound(message) from None
        if self._contents is None:
            self._contents = subprocess.Popen(
                command(self._directory, "cat-file", "--batch"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
        try:
            asked = _pipe(self._contents.stdin)
            asked.write(blob.encode() + b"\n")
            asked.flush()
            header = _pipe(self._contents.stdout).readline().split()
        except OSError:
            header = []
        if len(header) != 3 or header[1] != b"blob":  # noqa: PLR2004  id, type, size
            raise self._lacks(path)
        return int(header[2])

    def _take(self, path: str, size: int, copy: Spool[bytes]) -> None:
        assert self._contents is not None, "asked before"  # noqa: S101  for the type
        given, left = _pipe(self._contents.stdout), size
        while left:
            chunk = given.read(min(left, CHUNK))
            if not chunk:
                raise self._lacks(path)
            copy.write(chunk)
            left -= len(chunk)
        given.read(1)  # the LF behind each content

    def _lacks(self, path: str) -> SessionfsError:
        self.close()
        return SessionfsError(
            f"git cannot give {path} as it was in {self._revision}",
            hint="a partial clone lacks old files: `git fetch --refetch --no-filter` brings them;"
            " else `git fsck` tells what is damaged",
        )


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None, "opened as a pipe"  # noqa: S101  for the type
    return stream


def _prefix(directory: str) -> str:
    """Return where a directory stands in its work tree: empty, or a path that ends in `/`."""
    hint = "--against compares with a commit: name an archive or a session in a git work tree"
    answer = require(
        directory, "rev-parse", "--show-prefix", "--is-inside-work-tree",
        otherwise=f"cannot look up a revision for {directory}", hint=hint,
    )  # fmt: skip
    prefix, _, inside = answer.removesuffix(b"\n").rpartition(b"\n")
    if inside != b"true":
        message = f"{directory} is in no work tree of git"
        raise SessionfsError(message, hint=hint)
    return os.fsdecode(prefix).removesuffix("/")


def _commit(directory: str, revision: str) -> str:
    """Return the id of the commit that a revision names."""
    sound = revision and not revision.startswith("-") and "\0" not in revision
    wanted = f"{revision}^{{commit}}"
    found = sound and ask(directory, "rev-parse", "--verify", "--quiet", wanted)
    if found and found.strip().isalnum():  # `^HEAD` is a name of what is left out
        return found.decode().strip()
    message = f"no commit {revision!r} in the repository of {directory}"
    hint = "name a branch, a tag or a commit; `git fetch` brings those of a remote"
    if ask(directory, "rev-parse", "--is-shallow-repository") == b"true\n":
        hint = (
            "the clone is shallow: `git fetch --unshallow` brings the rest;"
            " in actions/checkout it is `fetch-depth: 0`"
        )
    raise NotFound(message, hint=hint)
