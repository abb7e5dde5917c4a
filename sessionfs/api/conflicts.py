"""Which archives of a repository have conflicts, and which unmerged paths are theirs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sessionfs.disk.archive import POLICY
from sessionfs.disk.guards import GUARDS
from sessionfs.errors import SessionfsError
from sessionfs.git.repository import toplevel
from sessionfs.git.running import require
from sessionfs.git.unmerged import Unmerged, split_directory, split_path

if TYPE_CHECKING:
    from collections.abc import Iterator


def top_of(place: str) -> str:
    """Return the top of the work tree that a directory lies in; raises where there is none."""
    answer = require(
        place, "rev-parse", "--is-inside-work-tree",
        otherwise="nothing can be merged here", hint="run it in a work tree of git",
    )  # fmt: skip
    top = toplevel(place) if answer == b"true\n" else None
    if top is None:
        message = f"{place} is in no work tree of git"
        raise SessionfsError(message, hint="run it in a clone that has one, not in a bare one")
    return top


def below_top(top: str, archive: str) -> str:
    """Return an archive's path seen from the top of its work tree."""
    path = os.path.relpath(os.path.realpath(archive), os.path.realpath(top))
    return "" if path == os.curdir else path.replace(os.sep, "/")


def roots_of(index: Unmerged, top: str) -> set[str]:
    """Return the archives that have unmerged paths."""
    roots = {split_directory(directory)[0] for directory in index.sessions()}
    around = {above for path in index.paths for above in _above(path)}
    return roots | {one for one in around if os.path.lexists(os.path.join(top, one, POLICY))}


def _above(path: str) -> Iterator[str]:
    """Yield the directories that a path lies in, the innermost first; "" is the top."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def is_in(path: str, root: str) -> bool:
    """Tell whether a path belongs to an archive; what is around one at the top is a project."""
    if root:
        return path.startswith(f"{root}/")
    found = split_path(path)
    return (found is not None and found.archive == "") or path in (POLICY, *GUARDS)


def is_by_hand(path: str) -> bool:
    """Tell whether a path of an archive is neither of a session nor archive.yaml."""
    return split_path(path) is None and path.rpartition("/")[2] != POLICY
