"""Files whose contents are objects of git, as a tree: of a revision, or of the index.

Contents come from one `git cat-file` a process, which stays open; sizes from one that is asked
for all of them. Nothing is checked out, fetched, converted or written.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from contextlib import closing
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, NamedTuple, cast

from sessionfs.digest import git_blob_id
from sessionfs.errors import NotFound, SessionfsError
from sessionfs.git.batch import Batch, Ended
from sessionfs.git.running import ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from sessionfs.tree import Tree

_IN_MEMORY: Final = 4 << 20
"""Bytes of a file that are held in memory; a larger one is copied to a temporary file."""

_ODD: Final = {"120000": "symlink", "160000": "special"}
"""Modes of links and of submodules: entries that are no files."""

_EXECUTABLE: Final = "100755"
_SHA1: Final = 40
"""Hexadecimal digits of an object id of SHA-1; SHA-256 has more."""


LACKING: Final = (
    "a partial clone lacks old files: `git fetch --refetch --no-filter` brings them;"
    " else `git fsck` tells what is damaged"
)
"""What to do where git does not have an object."""


class Entry(NamedTuple):
    """A name that git keeps: its path, its mode in octal digits, the id of its object."""

    path: str
    mode: str
    blob: str


class Objects:
    """The contents of objects by id, from one git that stays open.

    A process that was forked, or that was sent this, starts a git of its own.
    """

    def __init__(self, directory: str) -> None:
        """Ask the repository that `directory` lies in."""
        self.directory = directory
        self._batch: Batch | None = None
        self._owner = 0

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the git that runs."""
        return {"directory": self.directory, "_batch": None, "_owner": 0}

    def close(self) -> None:
        """End the git that gives contents; it is started again where more is asked."""
        batch, self._batch = self._batch, None
        if batch is not None:
            batch.close(wait=self._owner == os.getpid())

    def open(self, blob: str) -> BinaryIO | None:
        """Open a copy of an object's content, None where git cannot give it."""
        copy = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  the caller closes it
        try:
            given = self._give(blob, copy)
        except BaseException:
            copy.close()
            self.close()  # what is left in the pipe is no answer to the next question
            raise
        if not given:
            copy.close()
            self.close()
            return None
        copy.seek(0)
        return cast("BinaryIO", copy)

    def sizes(self, blobs: Iterable[str]) -> dict[str, int]:
        """Return the sizes in bytes of those objects that are there, without reading them."""
        asked = "".join(f"{blob}\n" for blob in sorted(set(blobs))).encode()
        answer = ask(self.directory, "cat-file", "--batch-check", "--buffer", given=asked) or b""
        rows = (line.split() for line in answer.splitlines())
        return {row[0].decode(): int(row[2]) for row in rows if row[1:2] == [b"blob"] and row[2:]}

    def _give(self, blob: str, copy: SpooledTemporaryFile[bytes]) -> bool:
        """Copy an object; tell whether all of it came."""
        batch = self._running()
        try:
            head = batch.ask(blob.encode())
            if head is None or head.kind != "blob":
                return False
            for piece in batch.content(head.size):
                copy.write(piece)
        except Ended:
            return False
        return True

    def _running(self) -> Batch:
        if self._batch is not None and self._owner != os.getpid():
            self.close()  # it answers the process that this one was forked from
        if self._batch is None:
            self._owner = os.getpid()
            self._batch = Batch(self.directory)
        return self._batch


class ObjectTree:
    """Files by path, each an object of git. `whence` says in messages where they stand."""

    def __init__(self, objects: Objects, entries: Iterable[Entry], whence: str) -> None:
        """Take the entries, which are sorted by the bytes of their paths."""
        self.objects = objects
        self.whence = whence
        self.entries = {entry.path: entry for entry in entries}
        self._sizes: dict[str, int] | None = None
        self._order: list[tuple[bytes, str]] | None = None

    def below(self, directory: str, names: Iterable[str] | None = None) -> ObjectTree:
        """Return one directory as a tree, or only those of its files that are named."""
        cut = len(directory) + 1 if directory else 0
        kept = None if names is None else frozenset(names)
        inside = (
            Entry(path[cut:], mode, blob)
            for path, mode, blob in self._inside(directory)
            if kept is None or path[cut:] in kept
        )
        return ObjectTree(self.objects, inside, self.whence)

    def paths(self, under: str = "") -> list[str]:
        """Return the path of every file below `under`, sorted by bytes."""
        return [entry.path for entry in self._inside(under) if entry.mode not in _ODD]

    def oddities(self) -> list[tuple[str, str]]:
        """Return path and kind of what is no file: a `symlink`, or `special`, a submodule."""
        return [
            (entry.path, _ODD[entry.mode]) for entry in self.entries.values() if entry.mode in _ODD
        ]

    def is_executable(self, path: str) -> bool:
        """Tell whether a file can be run as a program once it is checked out."""
        return self.entries[path].mode == _EXECUTABLE

    def open(self, path: str) -> BinaryIO:
        """Open a copy of a file; raises `NotFound`, or `SessionfsError` where git lacks it."""
        stream = self.objects.open(self._entry(path).blob)
        if stream is None:
            raise self._lacks(path)
        return stream

    def size(self, path: str) -> int:
        """Return a file's size in bytes; raises as `open` does."""
        entry = self._entry(path)
        if self._sizes is None:
            self._sizes = self.objects.sizes(each.blob for each in self.entries.values())
        if entry.blob not in self._sizes:
            raise self._lacks(path)
        return self._sizes[entry.blob]

    def is_content(self, path: str, tree: Tree, other: str) -> bool:
        """Tell whether a file has the very bytes of a file of another tree.

        Their git object id is compared: the old bytes are not even read.
        """
        blob = self.entries[path].blob if path in self.entries else None
        if isinstance(tree, ObjectTree):
            there = tree.entries.get(other)
            if there is not None and blob is not None and len(there.blob) == len(blob):
                return there.blob == blob
        algorithm: Literal["sha1", "sha256"] = "sha1" if len(blob or "") == _SHA1 else "sha256"
        size = tree.size(other)
        with closing(tree.open(other)) as stream:
            return git_blob_id(stream, size, algorithm) == blob

    def _inside(self, directory: str) -> Iterator[Entry]:
        """Yield the entries below a directory: they stand together."""
        if self._order is None:
            self._order = [(os.fsencode(path), path) for path in self.entries]
        start = os.fsencode(f"{directory}/") if directory else b""
        first = bisect_left(self._order, (start, "")) if directory else 0
        for key, path in islice(self._order, first, None):
            if not key.startswith(start):
                break
            yield self.entries[path]

    def _entry(self, path: str) -> Entry:
        entry = self.entries.get(path)
        if entry is None or entry.mode in _ODD:
            message = f"no file {path} in {self.whence}"
            raise NotFound(message)
        return entry

    def _lacks(self, path: str) -> SessionfsError:
        return SessionfsError(f"git cannot give {path} as it was in {self.whence}", hint=LACKING)
