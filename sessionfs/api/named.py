"""What the paths that someone names stand for: sessions, archives, packs, each of them once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sessionfs.api.places import find_archive, session_root
from sessionfs.archive import CHECKSUMS, MANIFEST
from sessionfs.disk.archive import DEFAULT, POLICY
from sessionfs.disk.marker import is_archive
from sessionfs.disk.pack import is_pack
from sessionfs.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Place:
    """A session, an archive or a pack that a path stands for."""

    root: str
    """Its directory or file, absolute and without links."""
    name: str
    """The part of the path that leads there, as it was spelled."""
    kind: Literal["session", "archive", "pack"] = "session"
    is_inside: bool = False
    """Whether the path goes on from there."""

    def seen_from(self, directory: str | None) -> str:
        """Return how a directory names this one: `""` where they are the same.

        What lies outside has its absolute path. Without a directory it is `name`.
        """
        if directory is None:
            return self.name
        top = os.path.realpath(directory)
        below = top if top.endswith(os.sep) else top + os.sep
        if self.root == top:
            return ""
        return self.root.removeprefix(below).replace(os.sep, "/")


def place_of(path: str) -> Place:
    """Return what a path stands for; raises `NotFound`.

    A path inside a session, also one that was deleted, stands for the session; any other file
    of an archive stands for the archive, unless it is a pack.
    """
    root = _session(path) if path else None
    if root is not None:
        name = _name(path, root)
        return Place(root, name, is_inside=name != path)
    if not os.path.lexists(path):
        message = f"no such file or directory: {path}"
        raise NotFound(message, hint="name an archive, a session or a pack")
    if os.path.isdir(path):
        for place in (path, os.path.join(path, DEFAULT)):
            if os.path.isfile(os.path.join(place, POLICY)):
                return Place(os.path.realpath(place), place, "archive")
            if any(os.path.isfile(os.path.join(place, name)) for name in (CHECKSUMS, MANIFEST)):
                return Place(os.path.realpath(place), place)
    elif is_pack(path):
        return Place(os.path.realpath(path), path, "pack")
    elif (around := next(filter(is_archive, _above(path)), None)) is not None:
        return Place(os.path.realpath(around), around, "archive", is_inside=True)
    message = f"no archive, session or pack at {path}"
    hint = "name a directory with archive.yaml, one with manifest.yaml, or what `pack` has made"
    raise NotFound(message, hint=hint)


def nearest_archive() -> Place:
    """Return the archive of the working directory, or the nearest above it; or `NotFound`."""
    root = find_archive()
    return Place(os.path.realpath(root), root, "archive")


def each_once(places: Iterable[Place]) -> list[Place]:
    """Return each place once, and no session of an archive that is there as a whole."""
    once = {place.root: place for place in reversed(list(places))}
    archives = {root for root, place in once.items() if place.kind == "archive"}
    return [
        place
        for root, place in reversed(once.items())
        if place.kind != "session" or _three_up(root) not in archives
    ]


def _session(path: str) -> str | None:
    """Return the session that a path lies in; of a link that is where it lies, not its target."""
    if os.path.islink(path):
        root = session_root(os.path.dirname(path) or os.curdir)
        if root is not None:
            return root
    return session_root(path)


def _name(path: str, root: str) -> str:
    """Return the beginning of a path that leads to a directory, or the directory's own path."""
    return next((name for name in (path, *_above(path)) if os.path.realpath(name) == root), root)


def _above(path: str) -> Iterator[str]:
    """Yield the directories that a path goes through, the last first; `""` is the working one."""
    while path:
        above = os.path.dirname(path)
        if above == path:
            return
        path = above
        yield path


def _three_up(path: str) -> str:
    return os.path.dirname(os.path.dirname(os.path.dirname(path)))
