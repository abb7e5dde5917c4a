"""A session whose log stands under another id now: a merge has made a fork of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.archive import MANIFEST
from sessionfs.errors import SessionfsError
from sessionfs.history.edition import Edition
from sessionfs.history.redacted import Redactions, judge_record
from sessionfs.history.rewritten import is_continued
from sessionfs.schema import finding
from sessionfs.tree import Below

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sessionfs.model import Finding
    from sessionfs.tree import Tree


class Forks:
    """The forks, continuations and copies of an archive, by the uid that they are branches of."""

    def __init__(self, tree: Tree, sessions: Mapping[str, Sequence[str]]) -> None:
        """Look at sessions of a tree, given as the names of their files by path, when asked."""
        self._tree = tree
        self._sessions = sessions
        self._by_trunk: dict[str, list[Below]] | None = None

    def explain(self, was: Below) -> list[Finding]:
        """Return the finding that a fork has the whole log of an earlier session, if one has.

        Enforces W719.
        """
        old = Edition(was)
        uid = old.source.get("uid")
        for tree in self._branches(uid) if isinstance(uid, str) else ():
            try:
                new = Edition(tree)
                redactions = Redactions(old, new)
                if not is_continued(old, new, redactions):
                    continue
                undone = list(judge_record(old, new, rewritten=True, completed=()))
            except (SessionfsError, OSError):
                continue  # one that is damaged proves nothing
            if not undone:
                root = tree.at("").removesuffix("/")
                return [finding("W719", MANIFEST, f"its log is that of {root} now")]
        return []

    def _branches(self, uid: str) -> list[Below]:
        if self._by_trunk is None:
            self._by_trunk = {}
            for root, names in self._sessions.items():
                tree = Below(self._tree, root, names)
                try:
                    other = Edition(tree).source.get("uid")
                except (SessionfsError, OSError):
                    continue
                if isinstance(other, str) and "#" in other:
                    self._by_trunk.setdefault(other.partition("#")[0], []).append(tree)
        return self._by_trunk.get(uid.partition("#")[0], [])
