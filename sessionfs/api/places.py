"""Where things are: archives around a directory, sessions by path, ULID or uid."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sessionfs.api.hidden import hidden_archive
from sessionfs.archive import Session
from sessionfs.disk.archive import DEFAULT, Archive
from sessionfs.disk.marker import is_archive
from sessionfs.disk.pack import is_pack, open_pack
from sessionfs.disk.tree import DirTree
from sessionfs.errors import NotFound, SessionfsError
from sessionfs.identity import is_ulid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sessionfs.collection import Collection
    from sessionfs.pack import Pack

_GIT: Final = ".git"
"""What the top of a work tree has, be it a file or a directory."""


def find_archive(start: str = ".") -> str:
    """Return the archive that `start` lies in, or the `.sessions` nearest above it.

    Raises `NotFound` where there is none; it is `Hidden` where git has one. A work tree that
    hides its archive is never left for one above it.
    """
    for places, top in _work_trees(os.path.abspath(start)):
        if (found := _first(places, top)) is not None:
            return found
    message = f"no archive in {start} or above it"
    raise NotFound(message, hint="`sessionfs init` makes one, or name one with -a")


def archive_within(start: str) -> str | None:
    """Return the archive nearest to `start` that its work tree has, None where it has none.

    Raises `Hidden` where git has one.
    """
    places, top = next(_work_trees(os.path.abspath(start)))
    return None if top is None else _first(places, top)


def _work_trees(directory: str) -> Iterator[tuple[list[str], str | None]]:
    """Yield where an archive may be, from a directory upwards: what one work tree has together.

    With it stands the top of the work tree; in the end comes what is in none. A submodule comes
    before the work tree around it. Git is not asked.
    """
    places: list[str] = []
    while True:
        places += (directory, os.path.join(directory, DEFAULT))
        if os.path.lexists(os.path.join(directory, _GIT)):
            yield places, directory
            places = []
        above = os.path.dirname(directory)
        if above == directory:
            break
        directory = above
    yield places, None


def _first(places: list[str], top: str | None) -> str | None:
    """Return the first place that is an archive; raises `Hidden` where only git has one."""
    found = next((place for place in places if is_archive(place)), None)
    if found is None and top is not None and (hidden := hidden_archive(places)) is not None:
        raise hidden
    return found


def check_named(path: str | None) -> None:
    """Raise `SessionfsError` where an archive is named, but by no name: a variable is unset."""
    if path == "":
        message = "the name of the archive is empty"
        raise SessionfsError(message, hint="name a directory; is a variable of the shell unset?")


def open_archive(path: str | None = None) -> Archive | Pack:
    """Open the archive or pack at `path`, or the nearest archive, to read its sessions.

    Raises `NotFound`, or `FormatError` where a pack is not whole.
    """
    if path is not None and is_pack(path):
        return open_pack(path)
    return open_store(path)


def open_store(path: str | None = None) -> Archive:
    """Open the archive at `path`, or the nearest one, to change it; raises `NotFound`."""
    check_named(path)
    if path is not None and os.path.lexists(path) and not os.path.isdir(path):
        if is_pack(path):
            message = f"{path} is a pack, and packs are never changed"
            raise NotFound(message, hint="`sessionfs unpack` brings its sessions into an archive")
        message = f"{path} is no archive: it is no directory"
        raise NotFound(message, hint="name a directory with archive.yaml")
    return Archive(find_archive() if path is None else path)


def open_around(names: Sequence[str], archive: str | None) -> Archive:
    """Open the archive at `archive`, else the one that a named path lies in, else the nearest."""
    if archive is None:
        roots = [session_root(name) for name in names if name and os.path.lexists(name)]
        around = [os.path.dirname(os.path.dirname(os.path.dirname(root))) for root in roots if root]
        archive = next(iter(around), None)
    return open_store(archive)


def open_inside(name: str, store: Archive) -> Session:
    """Open a session that will be changed; raises `NotFound` where it is of another archive."""
    session = open_session(name, store)
    root = session_root(name) if name and os.path.lexists(name) else None
    place = os.path.join(store.root, *session.path.split("/"))
    if root is not None and root != os.path.realpath(place):
        message = f"{name} is not in {store.root}"
        raise NotFound(message, hint="name its archive with -a")
    return session


def open_session(name: str, archive: Collection | None = None) -> Session:
    """Return the session that `name` says: a path inside it, a ULID or a prefix of it, a uid.

    A pack of one session stands for it. Raises `NotFound` where there is none, or more than one.
    """
    if os.path.lexists(name) and (root := session_root(name)) is not None:
        return _at(root)
    if is_pack(name):
        return _only(open_pack(name))
    return find_session(name, archive or open_archive())


def find_session(name: str, collection: Collection) -> Session:
    """Return the session of a collection that a ULID, a prefix of it or a uid says."""
    session = collection.find(name)
    if session is not None:
        return session
    paths = collection.paths()
    matches = [path for path in paths if path.rpartition("/")[2].startswith(name.upper())]
    if len(matches) == 1 and name:
        return collection.session(matches[0])
    message = (
        f"{len(matches)} sessions begin with {name}" if matches and name else f"no session {name}"
    )
    raise NotFound(message, hint="`sessionfs list` shows what there is")


@contextmanager
def naming(session: Session) -> Iterator[None]:
    """Have an error of what is done with a session say which session it is."""
    try:
        yield
    except SessionfsError as error:
        if session.path not in error.message:
            error.message = f"{session.path}: {error.message}"
            error.args = (error.message,)
        raise


def session_root(path: str) -> str | None:
    """Return the session directory that a path lies in, or None."""
    place = os.path.realpath(path)
    while True:
        if is_ulid(os.path.basename(place)) and os.path.isdir(place):
            return place
        above = os.path.dirname(place)
        if above == place:
            return None
        place = above


def _only(pack: Pack) -> Session:
    paths = pack.paths()
    if len(paths) > 1:
        message = f"{pack.name} holds {len(paths)} sessions"
        raise NotFound(message, hint=f"`sessionfs list -a {pack.name}` shows them; name one, too")
    return pack.session(paths[0])


def _at(root: str) -> Session:
    return Session(DirTree(root), "/".join(root.split(os.sep)[-3:]))
