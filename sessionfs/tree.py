"""The port between the format and the world: a session is a tree of files.

A directory, a pack and a test fixture are all trees, so everything that reads or writes
sessions is written once, against these two protocols.
"""

from __future__ import annotations

import io
import re
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, BinaryIO, Protocol

from sessionfs.errors import NotFound, UnsafePath

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

# No `~` before a digit: Windows has such short names for other files, `git~1` for `.git`.
_ELEMENT = re.compile(r"[A-Za-z0-9_@+=](?:[A-Za-z0-9._@+= -]|~(?![0-9])){0,99}")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9]) *(\..*)?")
MAX_PATH = 180
"""Longest relative path, in bytes: it leaves room under the 260 of Windows."""


class Tree(Protocol):
    """Files to read, by relative path with `/` between elements."""

    def paths(self, under: str = "") -> Iterable[str]:
        """Yield the path of every file below the directory `under`, sorted by bytes."""

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading; raises `NotFound` where there is none."""

    def size(self, path: str) -> int:
        """Return a file's size in bytes; raises `NotFound` where there is none."""


class WritableTree(Tree, Protocol):
    """A tree that takes new files. A file is there, whole, once its `create` is left."""

    def create(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Open a new file for writing; a path that exists is an error."""

    def adopt(self, source: Tree, path: str) -> None:
        """Take over a file of another tree unchanged, without copying where that can be."""


class MemoryTree:
    """A writable tree in memory: for tests, dry runs and small trees."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        """Start with these files."""
        self.files: dict[str, bytes] = dict(files or {})

    def paths(self, under: str = "") -> list[str]:
        """Return every path below the directory `under`, sorted by bytes."""
        prefix = f"{under}/" if under else ""
        return sorted((path for path in self.files if path.startswith(prefix)), key=path_bytes)

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading."""
        return io.BytesIO(self._content(path))

    def size(self, path: str) -> int:
        """Return a file's size in bytes."""
        return len(self._content(path))

    def _content(self, path: str) -> bytes:
        try:
            return self.files[path]
        except KeyError:
            message = f"no file {path}"
            raise NotFound(message) from None

    @contextmanager
    def create(self, path: str) -> Iterator[BinaryIO]:
        """Open a new file for writing; it appears when the block is left without error."""
        check_path(path)
        if path in self.files:
            message = f"{path} exists"
            raise UnsafePath(message)
        stream = io.BytesIO()
        yield stream
        self.files[path] = stream.getvalue()

    def adopt(self, source: Tree, path: str) -> None:
        """Copy a file of another tree."""
        with source.open(path) as stream:
            self.files[path] = stream.read()


class NoTree:
    """A tree that keeps nothing: for a rehearsal."""

    def paths(self, under: str = "") -> list[str]:  # noqa: ARG002
        """Return nothing."""
        return []

    def open(self, path: str) -> BinaryIO:
        """Raise `NotFound`."""
        raise NotFound(f"{path} is missing")

    def size(self, path: str) -> int:
        """Raise `NotFound`."""
        raise NotFound(f"{path} is missing")

    @contextmanager
    def create(self, path: str) -> Iterator[BinaryIO]:  # noqa: ARG002
        """Take content and forget it."""
        yield io.BytesIO()

    def adopt(self, source: Tree, path: str) -> None:
        """Do nothing."""


class Below:
    """One directory of a tree, as a tree; `names` are the files that are known to be in it."""

    def __init__(self, tree: Tree, directory: str, names: Iterable[str]) -> None:
        """Look at the directory; the empty one is the whole tree."""
        self.tree = tree
        self._prefix = f"{directory}/" if directory else ""
        self._names = sorted(names, key=path_bytes)

    def at(self, path: str) -> str:
        """Return the path in the whole tree."""
        return self._prefix + path

    def paths(self, under: str = "") -> list[str]:
        """Return every path below the directory `under`, sorted by bytes."""
        prefix = f"{under}/" if under else ""
        return [name for name in self._names if name.startswith(prefix)]

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading."""
        return self.tree.open(self.at(path))

    def size(self, path: str) -> int:
        """Return a file's size in bytes."""
        return self.tree.size(self.at(path))


class Joined:
    """Several trees as one, each below a directory of its own; none lies in another."""

    def __init__(self, trees: Mapping[str, Tree]) -> None:
        """Take the trees by directory."""
        self._trees = trees

    def paths(self, under: str = "") -> list[str]:
        """Return every path below the directory `under`, sorted by bytes."""
        prefix = f"{under}/" if under else ""
        found = (
            f"{directory}/{path}"
            for directory, tree in self._trees.items()
            if f"{directory}/".startswith(prefix) or prefix.startswith(f"{directory}/")
            for path in tree.paths()
        )
        return sorted((path for path in found if path.startswith(prefix)), key=path_bytes)

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading."""
        tree, name = self._find(path)
        return tree.open(name)

    def size(self, path: str) -> int:
        """Return a file's size in bytes."""
        tree, name = self._find(path)
        return tree.size(name)

    def _find(self, path: str) -> tuple[Tree, str]:
        directory = path
        while directory:
            directory = directory.rpartition("/")[0]
            if directory in self._trees:
                return self._trees[directory], path[len(directory) + 1 :]
        message = f"no file {path}"
        raise NotFound(message)


def read_bytes(tree: Tree, path: str, limit: int | None = None) -> bytes:
    """Return the content of a small file; one byte more than `limit` tells that it is not small."""
    with closing(tree.open(path)) as stream:
        return stream.read() if limit is None else stream.read(limit + 1)


def path_bytes(path: str) -> bytes:
    """Return a path as the file system spells it: paths are sorted by that."""
    return path.encode("utf-8", "surrogateescape")


def is_safe_path(path: str) -> bool:
    """Tell whether every system can hold `path` and it stays inside its tree."""
    return 0 < len(path) <= MAX_PATH and all(
        _ELEMENT.fullmatch(element)
        and not element.endswith((".", " "))
        and not _RESERVED.fullmatch(element)
        for element in path.split("/")
    )


def check_path(path: str) -> None:
    """Raise `UnsafePath` unless `path` is safe. Enforces E108."""
    if not is_safe_path(path):
        message = f"unsafe path {path!r}"
        raise UnsafePath(
            message, hint="a path is relative, ASCII, without .., and at most 180 bytes"
        )
