"""Which file of a repository the path of a call means, wherever the session ran.

A session says its working directory and paths, absolute or relative to it; the repository may
lie elsewhere now. So its root there is the directory below which the most of the session's
paths are files of the repository, among those that its working directory allows.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from sessionfs.home import tilde

if TYPE_CHECKING:
    from collections.abc import Iterable

_ABSOLUTE = re.compile(r"[/~]|[A-Za-z]:/")


def absolute(path: str, directory: str) -> str:
    """Return a path with `/`, homes as `~`, beginning with the directory where it is relative."""
    path = tilde(path).replace("\\", "/")
    if not _ABSOLUTE.match(path):
        path = f"{tilde(directory).replace(chr(92), '/').rstrip('/')}/{path}"
    names: list[str] = []
    for name in path.split("/"):
        if name == ".." and names and names[-1] not in ("", "..", "~"):
            names.pop()
        elif name != ".":
            names.append(name)
    return "/".join(names)


class Files:
    """The files of a repository, to look up what paths of sessions mean."""

    def __init__(self, paths: Iterable[str], toplevel: str) -> None:
        """`paths` are relative to the root of the work tree, which is `toplevel` here."""
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            self._by_name[path.rpartition("/")[2]].append(path)
        self._top = absolute(toplevel, "")

    def root(self, directory: str, touched: Iterable[str]) -> str | None:
        """Return the root of the repository where a session ran; None where none fits.

        `directory` is the session's working directory, `touched` the paths that it names.
        """
        here = absolute(directory, "") if directory else ""
        votes: Counter[str] = Counter()
        for path in {absolute(path, directory) for path in touched}:
            for file in self._by_name.get(path.rpartition("/")[2], ()):
                if path.endswith(f"/{file}"):
                    votes[path[: -len(file) - 1]] += 1
        allowed = [root for root in votes if self._is_allowed(root, here)]
        return max(
            allowed, key=lambda root: (votes[root], root == self._top, root == here, len(root)),
            default=None,
        )  # fmt: skip

    def root_around(self, directory: str) -> str | None:
        """Return the root where nothing but the working directory tells it: in this very place."""
        here = absolute(directory, "") if directory else ""
        return self._top if _is_below(here, self._top) else None

    def _is_allowed(self, root: str, here: str) -> bool:
        if _is_below(here, self._top):  # the session ran in this very place, or in a tree below
            return root == self._top or (_is_below(root, self._top) and _is_below(here, root))
        if _is_below(here, root):
            return True
        return root == self._top or root.rpartition("/")[2] == self._top.rpartition("/")[2]


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root}/")


def below(path: str, root: str) -> str | None:
    """Return a path as seen from the root that it lies in; None where it lies elsewhere."""
    return path[len(root) + 1 :] if path.startswith(f"{root}/") else None
