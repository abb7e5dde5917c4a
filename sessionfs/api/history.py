"""What a revision of git proves of an archive or a session: that it only grew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.disk.archive import bare_tree
from sessionfs.disk.tree import DirTree
from sessionfs.git.tree import GitTree
from sessionfs.history import compare_archives, compare_sessions, with_history
from sessionfs.tree import Below

if TYPE_CHECKING:
    from collections.abc import Callable

    from sessionfs.api.named import Place
    from sessionfs.verify import Report


def verify_against(place: Place, revision: str, verify: Callable[[Place], Report]) -> Report:
    """Return the report on a place, with what comparing it with a revision finds.

    The revision is looked up first: raises `SessionfsError` where there is no such one, no
    repository, or no git.
    """
    with GitTree(place.root, revision) as old:
        report = verify(place)
        if place.kind == "archive":
            return with_history(report, compare_archives(old, bare_tree(place.root)))
        tree = DirTree(place.root)
        was, now = Below(old, "", old.paths()), Below(tree, "", tree.paths())
        return with_history(report, compare_sessions(was, now))
