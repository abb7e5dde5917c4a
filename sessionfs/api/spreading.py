"""How the sessions of a tree are spread over processes: by their bytes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sessionfs.disk.workers import spread
from sessionfs.errors import SessionfsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sessionfs.tree import Tree
    from sessionfs.verify import Each, Mode, Place


def spread_sessions(tree: Tree, mode: Mode, jobs: int | None) -> Each:
    """Return how the sessions of a tree are verified: spread over processes by their bytes."""
    if mode == "fast":
        return map
    return partial(spread, size=partial(_size, tree), jobs=jobs)


def _size(tree: Tree, session: Place) -> int:
    return bytes_of(tree, session.files)


def bytes_of(tree: Tree, paths: Iterable[str]) -> int:
    """Return the bytes of files, as far as they can be told."""
    total = 0
    for path in paths:
        try:
            total += tree.size(path)
        except (SessionfsError, OSError):
            continue
    return total
