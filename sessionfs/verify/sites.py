"""Where archives and sessions stand in a listing of files, such as a commit's: by paths alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from sessionfs.archive import CHECKSUMS, MANIFEST
from sessionfs.canonical import Struct
from sessionfs.identity import is_ulid
from sessionfs.tree import path_bytes
from sessionfs.verify.report import join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

DEFAULT: Final = ".sessions"
POLICY: Final = "archive.yaml"
_IN_SHARD: Final = re.compile(r"/[0-9]{4}/[0-9]{2}/[0-7][0-9A-HJKMNP-TV-Z]{25}\Z")
_DEPTH: Final = 3
"""A session is that deep below its archive: year, month, id."""


class Site(Struct, frozen=True):
    """A directory of a listing that is an archive, or a session; `""` is the listing's top."""

    root: str
    kind: Literal["archive", "session"]


class Listing:
    """The paths of files, and what stands there.

    `is_policy` tells of a file called archive.yaml, in a directory that is not called `.sessions`,
    whether it is an archive's.
    """

    def __init__(self, paths: Iterable[str], is_policy: Callable[[str], bool]) -> None:
        """Take the files; the directories follow from them."""
        self._files = frozenset(paths)
        self._is_policy = is_policy
        self._directories: set[str] = set()
        for path in self._files:
            above = path.rpartition("/")[0]
            while above and above not in self._directories:
                self._directories.add(above)
                above = above.rpartition("/")[0]

    def archives(self) -> list[Site]:
        """Return the archives, none that lies in another.

        Where a session stands in a shard there is one, also if it lacks its archive.yaml.
        """
        roots: set[str] = set()
        for path in self._files:
            root, _, name = path.rpartition("/")
            if name == POLICY:
                if root.rpartition("/")[2] == DEFAULT or self._is_policy(path):
                    roots.add(root)
            elif name in {CHECKSUMS, MANIFEST} and _IN_SHARD.search(f"/{root}"):
                roots.add(archive_of(root))
        found: list[Site] = []
        for root in sorted(roots, key=lambda root: (len(list(_upward(root))), path_bytes(root))):
            if not any(_is_below(root, site.root) for site in found):
                found.append(Site(root, "archive"))
        return found

    def site_of(self, path: str) -> Site | None:
        """Return what a path stands for, None where that is nothing of ours.

        As on disk: a path inside a session stands for the session, any other file of an archive
        for the archive; a directory for the archive that it is, or that it has as `.sessions`.
        """
        for place in reversed(list(_upward(path))):
            if place in self._directories and is_ulid(place.rpartition("/")[2]):
                return Site(place, "session")
        for place in (path, join(path, DEFAULT)):
            if join(place, POLICY) in self._files:
                return Site(place, "archive")
            if any(join(place, name) in self._files for name in (CHECKSUMS, MANIFEST)):
                return Site(place, "session")
        if path not in self._files:
            return None
        above = (place for place in _upward(path) if join(place, POLICY) in self._files)
        around = next((one for one in above if self._is_policy(join(one, POLICY))), None)
        return None if around is None else Site(around, "archive")


def each_once(sites: Iterable[Site]) -> list[Site]:
    """Return each site once, and no session of an archive that is there as a whole."""
    once = dict.fromkeys(sites)
    whole = {site.root for site in once if site.kind == "archive"}
    return [site for site in once if site.kind == "archive" or archive_of(site.root) not in whole]


def archive_of(session: str) -> str:
    """Return the archive that a session's directory would stand in."""
    return "/".join(session.split("/")[:-_DEPTH])


def _upward(path: str) -> Iterator[str]:
    """Yield a path and the directories that it goes through, the listing's top last."""
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield ""


def _is_below(path: str, directory: str) -> bool:
    return not directory or f"{path}/".startswith(f"{directory}/")
