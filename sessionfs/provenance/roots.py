"""Which file of a repository the path of a call means, wherever the session ran.

A session says its working directory and paths, absolute or relative to it; the repository may
lie elsewhere now. So its root there is the directory below which the most of the session's
paths are files of the repository, among those that its working directory allows. An archive
may hold sessions of several repositories, and each has a README: where the session knows the
address of its own, that decides; else file names have to tell that it is this one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from sessionfs.home import tilde, without_user

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_ABSOLUTE = re.compile(r"[/~]|[A-Za-z]:/")
_LINKED = re.compile(r"(?<=[^/~])/\.claude/worktrees/[^/]+(?=/|$)")
"""Where Claude Code makes linked work trees of the repository that it runs in."""
_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^@/]*@)?(?P<host>[^:/@]+)(?::\d+(?=/))?[:/]+(?P<path>.+)"
)
_EVERYWHERE = frozenset(
    "readme license licence copying notice authors changelog changes contributing security todo "
    "agents claude gemini makefile dockerfile docker-compose package package-lock pnpm-lock "
    "pyproject setup requirements uv tsconfig cargo go pom build gemfile index main app lib mod "
    "cli __init__ __main__ conftest config settings types util utils test tests ci release "
    "publish deploy lint".split()
)
"""Names, without their endings, of files that very many repositories have."""


def absolute(path: str, directory: str) -> str:
    """Return a path with `/`, homes as `~`, beginning with the directory where it is relative.

    A linked work tree inside of a checkout is that checkout: an agent enters one in a session.
    """
    path = tilde(path).replace("\\", "/")
    if not _ABSOLUTE.match(path):
        path = f"{tilde(directory).replace(chr(92), '/').rstrip('/')}/{path}"
    names: list[str] = []
    for name in path.split("/"):
        if name == ".." and names and names[-1] not in ("", "..", "~"):
            names.pop()
        elif name != ".":
            names.append(name)
    return _LINKED.sub("", "/".join(names))


class Files:
    """The files of a repository, to look up what paths of sessions mean."""

    def __init__(self, paths: Iterable[str], toplevel: str, remotes: Iterable[str] = ()) -> None:
        """`paths` are relative to the root of the work tree, which is `toplevel` here.

        `remotes` are the addresses of the repository.
        """
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            self._by_name[path.rpartition("/")[2]].append(path)
        self._top = absolute(toplevel, "")
        self._remotes = frozenset(map(_address, remotes))

    def root(self, directory: str, touched: Iterable[str], repository: str = "") -> str | None:
        """Return the root of the repository where a session ran; None where none fits.

        `directory` is the session's working directory, `touched` the paths that it names,
        `repository` the address of the repository around the directory, empty if not known.
        """
        here = absolute(directory, "") if directory else ""
        is_ours = self._is_ours(repository)
        paths = {absolute(path, directory) for path in touched}
        votes: dict[str, set[str]] = defaultdict(set)
        for path in paths:
            for file in self._by_name.get(path.rpartition("/")[2], ()):
                if path.endswith(f"/{file}"):
                    votes[path[: -len(file) - 1]].add(file)
        fitting = []
        for root, files in votes.items():
            if not self._is_allowed(root, here):
                continue
            told = is_ours if _is_below(here, root) else None  # below `here` lies a submodule
            if told is None:
                told = self._tells(root, here, files, sum(_is_below(path, root) for path in paths))
            if told:
                fitting.append(root)
        if not fitting and is_ours is not False and _is_below(here, self._top):
            return self._top  # nothing but the working directory tells it: in this very place
        return max(
            fitting,
            key=lambda root: (len(votes[root]), root == self._top, root == here, len(root)),
            default=None,
        )

    def _is_ours(self, repository: str) -> bool | None:
        """Tell whether an address is that of the repository; None where it could be.

        Of the same name elsewhere it may be a fork or a mirror.
        """
        if not repository or not self._remotes:
            return None
        address = _address(repository)
        if address in self._remotes:
            return True
        names = {remote.rpartition("/")[2] for remote in self._remotes}
        return None if address.rpartition("/")[2] in names else False

    def _tells(self, root: str, here: str, files: Collection[str], count: int) -> bool:
        """Tell whether files speak for a root below which a session names `count` paths.

        Most of the paths have to be files of the repository, and one of them not a file that
        many repositories have; where the root has the name of this one, either is enough.
        """
        if _is_below(here, self._top) or root == self._top:
            return True
        most, telling = 2 * len(files) >= count, not all(map(_is_everywhere, files))
        if root.rpartition("/")[2] == self._top.rpartition("/")[2]:
            return most or telling
        return most and telling

    def _is_allowed(self, root: str, here: str) -> bool:
        if _is_below(here, self._top):  # the session ran in this very place, or in a tree below
            return root == self._top or (_is_below(root, self._top) and _is_below(here, root))
        if _is_below(here, root):
            return True
        return root == self._top or root.rpartition("/")[2] == self._top.rpartition("/")[2]


def _address(url: str) -> str:
    """Return host and path of a repository's address, however it is written."""
    url = without_user(url.strip()).rstrip("/").removesuffix(".git").casefold()
    found = _ADDRESS.fullmatch(url)
    return f"{found['host']}/{found['path']}" if found else url


def _is_everywhere(path: str) -> bool:
    """Tell whether a file has a name that very many repositories have."""
    name = path.rpartition("/")[2]
    return name.startswith(".") or name.partition(".")[0].casefold() in _EVERYWHERE


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root}/")


def below(path: str, root: str) -> str | None:
    """Return a path as seen from the root that it lies in; None where it lies elsewhere."""
    return path[len(root) + 1 :] if path.startswith(f"{root}/") else None
