"""An archive of which the work tree has only some sessions: git's index has the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.archive import Session
from sessionfs.disk.archive import Archive
from sessionfs.errors import SessionfsError
from sessionfs.git.unchecked import trees_of, unchecked

if TYPE_CHECKING:
    from sessionfs.git.objects import Objects, ObjectTree
    from sessionfs.git.unmerged import Unmerged


class SparseArchive(Archive):
    """An archive, and the sessions of it that are in git's index and not checked out."""

    def __init__(self, place: str, path: str, index: Unmerged, objects: Objects) -> None:
        """Open the archive at `place`, which is `path` from the top of the work tree.

        Raises as `Archive` does, and `SessionfsError` where the index cannot be read.
        """
        self._indexed: dict[str, ObjectTree] = {}
        super().__init__(place)
        self._indexed = trees_of(objects, index, path, unchecked(place, self.paths()))

    def paths(self) -> list[str]:
        """Return the path of each session, `YYYY/MM/ULID`, sorted by bytes."""
        return sorted({*super().paths(), *self._indexed})

    def session(self, path: str) -> Session:
        """Return the session at a path, unread: that of the work tree, if there is one."""
        if path in self._indexed and not super().holds(path):
            return Session(self._indexed[path], path)
        return super().session(path)

    def holds(self, path: str) -> bool:
        """Tell whether something stands at a path, or git has there what cannot be read."""
        if super().holds(path) or path not in self._indexed:
            return super().holds(path)
        try:
            return not self.session(path).summary.uid
        except SessionfsError:
            return True
