"""A pack as a tree: its sessions, to read, without unpacking it."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from sessionfs.archive import Session
from sessionfs.collection import Collection
from sessionfs.errors import NotFound
from sessionfs.pack.access import span
from sessionfs.tree import Below

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionfs.pack.access import Bytes

_DIRECTORY: Final = len("YYYY/MM/") + 26
"""Characters of a session's path."""


class PackTree:
    """The files of a pack, by their paths in it."""

    def __init__(self, tar: Bytes, places: Mapping[str, tuple[int, int]]) -> None:
        """`places` tells where in the tar the content of each file stands: offset and size."""
        self._tar = tar
        self._places = places

    def paths(self, under: str = "") -> list[str]:
        """Return every path below the directory `under`, sorted by bytes."""
        prefix = f"{under}/" if under else ""
        return [path for path in self._places if path.startswith(prefix)]

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading; raises `NotFound` where there is none."""
        return span(self._tar, *self._place(path))

    def size(self, path: str) -> int:
        """Return a file's size in bytes; raises `NotFound` where there is none."""
        return self._place(path)[1]

    def _place(self, path: str) -> tuple[int, int]:
        try:
            return self._places[path]
        except KeyError:
            message = f"no file {path}"
            raise NotFound(message) from None


class Pack(Collection):
    """The sessions of one pack. They are read where they stand; nothing is unpacked."""

    def __init__(self, name: str, tree: PackTree) -> None:
        """`name` is how a person names it; `tree` are its files."""
        super().__init__(name)
        self.tree = tree
        self._files: dict[str, list[str]] = {}
        for path in tree.paths():
            self._files.setdefault(path[:_DIRECTORY], []).append(path[_DIRECTORY + 1 :])

    def paths(self) -> list[str]:
        """Return the path of each session, `YYYY/MM/ULID`, sorted by bytes."""
        return list(self._files)

    def session(self, path: str) -> Session:
        """Return the session at a path `YYYY/MM/ULID`, unread."""
        return Session(Below(self.tree, path, self._files.get(path, ())), path)
