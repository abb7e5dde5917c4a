"""A session whose log stands under another id now: a merge has made a fork of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.archive import MANIFEST
from sessionfs.errors import SessionfsError
from sessionfs.history.edition import Edition
from sessionfs.history.facts import judge_facts
from sessionfs.history.redacted import Redactions, find_undone
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

    def explain(self, was: Below, now: Below) -> list[Finding]:
        """Return the finding that a fork has the rest of an earlier session's log, if one has.

        Enforces W719.
        """
        old, main = Edition(was), Edition(now)
        uid = old.source.get("uid")
        if not isinstance(uid, str) or not _goes_on(old, main):
            return []
        for tree in self._branches(uid):
            try:
                fork = Edition(tree)
                redactions = Redactions.of_fork(old, fork)
                kept = fork.redacted_by_seq()
                lost = any(kept[one] < count for one, count in old.redacted_by_seq().items())
                if lost or not is_continued(old, fork, redactions):
                    continue
            except (SessionfsError, OSError):
                continue  # one that is damaged proves nothing
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
                parent = Edition(tree).manifest.get("lineage")
                named = parent.get("parent") if isinstance(parent, dict) else None
                if isinstance(other, str) and "#" in other and isinstance(named, str):
                    self._by_trunk.setdefault(other.partition("#")[0], []).append(tree)
        return self._by_trunk.get(uid.partition("#")[0], [])


def _goes_on(old: Edition, main: Edition) -> bool:
    """Tell whether a session begins as it did, has its facts, and the record of what it shares."""
    redactions = Redactions(old, main)
    if any(True for _ in judge_facts(old, main, redactions)):
        return False
    shared = 0
    for before, after in zip(old.lines(old.segments), main.lines(main.segments), strict=False):
        if before.content != after.content:
            value = before.value
            if value is None or not redactions.explain(value, before, after):
                if value is not None and find_undone(value, after.value or {}) is not None:
                    return False  # the very line, with what was removed from it
                break
        shared += 1
    kept = main.redacted_by_seq()
    return shared > 0 and all(
        kept[seq, rule, pointer] >= count
        for (seq, rule, pointer), count in old.redacted_by_seq().items()
        if seq is None or seq <= shared
    )
