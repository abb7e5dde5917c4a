"""Sessions of one file brought into an archive: unpack."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from sessionfs.api.bring import init
from sessionfs.api.places import check_named, find_archive, find_session, open_store
from sessionfs.api.spreading import spread_sessions
from sessionfs.canonical import Struct
from sessionfs.digest import Fingerprint
from sessionfs.disk import steps
from sessionfs.disk.archive import CACHE, DEFAULT, POLICY
from sessionfs.disk.guards import GUARDS
from sessionfs.disk.marker import check_outside, is_archive
from sessionfs.disk.pack import open_pack, open_source, pieces
from sessionfs.disk.threads import in_threads
from sessionfs.disk.tree import DirTree
from sessionfs.errors import Busy, Conflict, NotFound, SessionfsError
from sessionfs.pack import Limits, open_stream
from sessionfs.tree import read_bytes
from sessionfs.unpacker import OnConflict, Unpacked, Unpacker
from sessionfs.verify import verify_archive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sessionfs.disk.archive import Archive
    from sessionfs.tree import Tree
    from sessionfs.verify import Report


_DRAFTS = frozenset(f"{CACHE}/{name}.draft" for name in (POLICY, *GUARDS))
"""What a crash can leave of making an archive, beside its lock and its guards."""


class UnpackReport(Struct, frozen=True, kw_only=True):
    """What became of every session of one pack; the digests and the root are of all of it."""

    archive: str
    sessions: list[Unpacked]
    blake3: str
    sha256: str
    root: str

    def totals(self) -> dict[str, int]:
        """Return how many sessions have each status."""
        counts = dict.fromkeys(("new", "unchanged", "copied", "skipped"), 0)
        for row in self.sessions:
            counts[row.status] += 1
        return counts


def unpack(
    source: str | BinaryIO,
    directory: str | None = None,
    *,
    only: Sequence[str] = (),
    on_conflict: OnConflict = "error",
    limits: Limits | None = None,
    jobs: int | None = 1,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> UnpackReport:
    """Bring the sessions of a pack into an archive, which is made where there is none.

    `source` is a file, or a binary stream that is read to its end. `directory` is the archive, by
    default the nearest one. `only` takes some of the sessions: by id, the beginning of one, or,
    from a file, the uid. Nothing is published before the whole pack is there and verified, by
    `jobs` processes; then each session appears in one step.

    A session that the archive has with the same bytes stays. Where it has others under the same id,
    or the uid under another id, `on_conflict` decides: `error` raises `Conflict`, `skip` leaves the
    session out, `fresh-id` brings it in as a copy with an id of its own.

    Raises `FormatError` with the code of the first rule that the pack breaks; nothing is left then.
    """
    limits = limits or Limits()
    wanted = _Wanted(source, only, limits)
    fingerprint = Fingerprint()
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if size:  # of a stream nobody knows how far it goes
            progress(done, size)

    with open_source(source) as (stream, size), _destination(directory) as store:
        tar = open_stream(pieces(stream, advance), limits, in_threads, fingerprint.update)
        unpacker = Unpacker(store, limits)
        try:
            unpacker.receive(tar, wanted)
            wanted.check()
            rows = unpacker.publish(on_conflict, partial(_verify, jobs=jobs))
        finally:
            unpacker.discard()
    return UnpackReport(
        archive=store.root,
        sessions=rows,
        blake3=fingerprint.blake3,
        sha256=fingerprint.sha256,
        root=unpacker.root,
    )


def _verify(tree: Tree, jobs: int | None) -> Report:
    return verify_archive(tree, packed=True, each=spread_sessions(tree, "full", jobs))


class _Wanted:
    """Which sessions of a pack someone wants: all, or those whose names were given."""

    def __init__(self, source: str | BinaryIO, names: Sequence[str], limits: Limits) -> None:
        """Look the names up where the pack can be read twice; else they are beginnings of ids."""
        if "" in names:
            message = "the name of a session is empty"
            raise SessionfsError(message, hint="name one; is a variable of the shell unset?")
        self._known = isinstance(source, str) and os.path.isfile(source)
        self._found: dict[str, list[str]] = {name: [] for name in names}
        if names and isinstance(source, str) and self._known:
            pack = open_pack(source, limits)
            self._found = {find_session(name, pack).path: [] for name in names}

    def __call__(self, path: str) -> bool:
        """Tell whether a session is wanted."""
        identifier = path.rpartition("/")[2]
        named = [
            name
            for name in self._found
            if (name == path if self._known else identifier.startswith(name.upper()))
        ]
        for name in named:
            self._found[name].append(path)
        return bool(named) or not self._found

    def check(self) -> None:
        """Raise `NotFound` where a name was no session's, or that of several."""
        for name, paths in self._found.items():
            if len(paths) != 1:
                said = f"{len(paths)} sessions begin with {name}" if paths else f"no session {name}"
                hint = "in a stream, name sessions by their ids, or what these begin with"
                raise NotFound(f"{said} in the pack", hint=hint)


@contextmanager
def _destination(directory: str | None) -> Iterator[Archive]:
    """Open the archive to unpack into, and hold its lock.

    One that is not there is made, in nothing or in an empty directory, and is gone again where
    the block fails before a session is in it.
    """
    check_named(directory)
    place = os.path.abspath(find_archive() if directory is None else directory)
    if is_archive(place):
        store = open_store(place)
        with store.lock():
            yield store
        return
    _check_free(place)
    made = _missing(place)
    held = False
    try:
        store = init(place)
        with store.lock():
            held = True
            try:
                yield store
            except BaseException:
                _unmake(place)  # while nobody else can write here
                raise
    except BaseException as error:
        if not (held or isinstance(error, Busy)):  # who holds the lock may be using it all
            _unbegin(place)
        for missing in made:
            steps.remove_directory(missing)
        raise


def _check_free(place: str) -> None:
    """Raise where no archive can be made."""
    if os.path.lexists(place) and not os.path.isdir(place):
        message = f"{place} is no directory"
        raise Conflict(message, hint="name an archive, or a new directory")
    if os.path.isdir(place) and not _is_begun(place):
        message = f"{place} holds other files, and is no archive"
        raise Conflict(message, hint=f"name an archive, or a new directory: {place}/{DEFAULT}")
    check_outside(place)


def _is_begun(place: str) -> bool:
    """Tell whether a directory holds nothing, or only what a crash left of making an archive."""
    found = set(os.listdir(place))
    if not found <= {CACHE, *GUARDS} or os.path.islink(os.path.join(place, CACHE)):
        return False
    tree = DirTree(place)
    cached = set(tree.paths(CACHE)) | {path for path, _ in tree.oddities()} - {CACHE}
    return cached <= {f"{CACHE}/lock", *_DRAFTS} and all(
        read_bytes(tree, name, len(content)) == content
        for name, content in GUARDS.items()
        if name in found
    )


def _missing(directory: str) -> list[str]:
    """Return the directories that are not there yet, the deepest first."""
    missing = []
    while not os.path.lexists(directory):
        missing.append(directory)
        directory = os.path.dirname(directory)
    return missing


def _unmake(place: str) -> None:
    """Take the archive away that was made in an empty directory, unless it has a session."""
    with suppress(OSError):  # what went wrong before is what a person should hear of
        for directory, _, _ in os.walk(place, topdown=False):
            if directory != place:
                steps.remove_directory(directory)  # … unless it holds something
        if set(os.listdir(place)) <= {CACHE, POLICY, *GUARDS}:
            steps.remove_tree(os.path.join(place, CACHE))
            _unbegin(place)


def _unbegin(place: str) -> None:
    """Take away what an archive has that is just made."""
    with suppress(OSError):
        for name in (POLICY, *GUARDS, *_DRAFTS, f"{CACHE}/lock"):
            steps.remove_file(os.path.join(place, name))
        steps.remove_directory(os.path.join(place, CACHE))
