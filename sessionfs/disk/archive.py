"""An archive on disk: its sessions, its lock, and publishing in one step."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sessionfs.archive import SUMMARY, Session
from sessionfs.canonical import decode, encode
from sessionfs.disk import steps
from sessionfs.disk.tree import DirTree, WritableDirTree
from sessionfs.errors import (
    Busy,
    Conflict,
    FormatError,
    NotFound,
    SessionfsError,
    UnsupportedVersion,
)
from sessionfs.identity import is_ulid, shard
from sessionfs.model import FORMAT, MIN_READER
from sessionfs.tree import read_bytes
from sessionfs.yamltext import YamlError, edit, emit, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICY = "archive.yaml"
CACHE = ".cache"
DEFAULT = ".sessions"
LOCK_SECONDS = 30.0
"""How long a command waits for another one's import to end."""

ATTRIBUTES = """\
# The bytes below are hashed: git must never rewrite, convert or text-merge them.
* -text -ident -filter -working-tree-encoding -export-subst -export-ignore -merge diff=sessionfs
*.jsonl linguist-generated
"""
IGNORE = """\
# Sessions are content: undo what a global or parent .gitignore hides …
!*
!*/
# … and keep out what this machine alone needs, and what editors and systems leave.
/.cache/
.DS_Store
*.swp
*~
Thumbs.db
"""


class Archive:
    """A directory with archive.yaml. Opening it finishes a swap that a crash interrupted."""

    def __init__(self, root: str) -> None:
        """Open the archive at `root`.

        Raises `NotFound`, `FormatError` where archive.yaml is damaged, or
        `UnsupportedVersion` where it asks for a newer reader.
        """
        self.root = root
        self.tree = bare_tree(root)
        try:
            policy = parse(read_bytes(self.tree, POLICY))
        except NotFound:
            message = f"no archive at {root}"
            raise NotFound(message, hint=f"`sessionfs init {root}` makes one") from None
        except YamlError as error:
            where = f"{os.path.join(root, POLICY)}:{error.line}"
            hint = "mend it, or take it back from git"
            raise FormatError(error.code, where, error.said, hint=hint) from error
        check_reader(policy, os.path.join(root, POLICY))
        ignored = policy.get("ignored")
        uids = ignored if isinstance(ignored, list) else []
        self.ignored: frozenset[str] = frozenset(uid for uid in uids if isinstance(uid, str))
        self._by_uid: dict[str, Session] | None = None
        if self.is_swapping():
            with self.lock():
                pass

    @classmethod
    def init(cls, root: str) -> Archive:
        """Make an archive with its guards, or complete one; what is there stays as it is."""
        policy = emit({"format": FORMAT, "min_reader": MIN_READER}, "archive")
        with _locked(root):
            present = set(os.listdir(root))
            # archive.yaml comes last: it is what makes the directory an archive.
            for name, content in (
                (".gitattributes", ATTRIBUTES.encode()),
                (".gitignore", IGNORE.encode()),
                (POLICY, policy),
            ):
                if name not in present:
                    _replace(root, name, content)
        return cls(root)

    def paths(self) -> list[str]:
        """Return the path of each session, `YYYY/MM/ULID`, sorted by bytes."""
        found = []
        for year in _directories(self.root, 4):
            for month in _directories(os.path.join(self.root, year), 2):
                place = os.path.join(self.root, year, month)
                found += [f"{year}/{month}/{name}" for name in os.listdir(place) if is_ulid(name)]
        return sorted(found)

    def session(self, path: str) -> Session:
        """Return the session at a path `YYYY/MM/ULID`, unread."""
        return Session(DirTree(os.path.join(self.root, *path.split("/"))), path)

    def sessions(self) -> Iterator[Session]:
        """Yield each session, unread, in the order of paths."""
        return (self.session(path) for path in self.paths())

    def find(self, uid: str) -> Session | None:
        """Return the session with this uid, or None."""
        return self._index().get(uid)

    def branches(self, uid: str) -> list[Session]:
        """Return the forks and continuations of a uid, sorted by uid."""
        index = self._index()
        return [index[name] for name in sorted(index) if name.startswith(f"{uid}#")]

    def _index(self) -> dict[str, Session]:
        if self._by_uid is None:
            self._by_uid = {}
            for session in self.sessions():
                try:
                    self._by_uid[session.summary.uid] = session
                except SessionfsError:
                    continue  # a session that cannot be read is verify's to name
        return self._by_uid

    def ignore(self, uids: list[str]) -> None:
        """Have importing leave these uids out, for everyone who shares the archive."""
        ignored = sorted({*self.ignored, *uids})
        content = edit(read_bytes(self.tree, POLICY), {"ignored": ignored})
        _replace(self.root, POLICY, content)
        self.ignored = frozenset(ignored)

    def remove(self, path: str) -> None:
        """Take a session out, in one step."""
        trash = self._cache("staging", f"{path.rsplit('/', 1)[-1]}.removed")
        steps.make_directories(os.path.dirname(trash))
        steps.remove_tree(trash)
        source = os.path.join(self.root, *path.split("/"))
        steps.rename_new(source, trash)
        steps.sync_directory(os.path.dirname(source))
        steps.remove_tree(trash)
        self._by_uid = None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the archive's lock, and clean up after whoever held it and died.

        Raises `Busy` when another process holds it for too long.
        """
        with _locked(self.root):
            self._recover()
            yield

    def stage(self, session_id: str, *, known: bool = False) -> DirectoryStage:
        """Return an empty stage for a session. The lock must be held.

        `known` says that what stands there was read, so that it may be replaced even where
        its summary is missing.
        """
        place = self._cache("staging", session_id)
        steps.remove_tree(place)
        steps.make_directories(place)
        return DirectoryStage(self, session_id, WritableDirTree(place), known)

    def put(self, session_id: str, staged: str, *, known: bool = False) -> None:
        """Publish a staged session: old or new, never between, whenever the power fails."""
        path = f"{shard(session_id)}/{session_id}"
        target = os.path.join(self.root, *path.split("/"))
        _sync_tree(staged)
        if not os.path.lexists(target):
            steps.make_directories(os.path.dirname(target))
            steps.rename_new(staged, target)
        elif not known and not os.path.isfile(os.path.join(target, SUMMARY)):
            message = f"{path} exists and cannot be read"
            raise Conflict(
                message, hint="run `sessionfs verify`; bring it back from git or remove it"
            )
        else:
            self._swap(path, staged, target)
        steps.sync_directory(os.path.dirname(target))
        if self._by_uid is not None:
            session = self.session(path)
            self._by_uid[session.summary.uid] = session

    def _swap(self, path: str, staged: str, target: str) -> None:
        if steps.exchange(staged, target):
            return
        journal = self._cache("journal.json")
        old = f"{staged}.old"
        entry = encode({"session": path, "staged": os.path.basename(staged)})
        _replace(self.root, f"{CACHE}/journal.json", entry + b"\n")
        steps.rename_new(target, old)
        steps.rename_new(staged, target)
        steps.sync_directory(os.path.dirname(target))
        steps.remove_file(journal)

    def read_cache(self, name: str) -> bytes:
        """Return a file of the cache; raises `NotFound` where there is none."""
        return read_bytes(DirTree(self._cache()), name)

    def write_cache(self, name: str, content: bytes) -> None:
        """Write a file of the cache, in one step."""
        _replace(self.root, f"{CACHE}/{name}", content)

    def is_swapping(self) -> bool:
        """Tell whether a swap by two renames has begun and not ended."""
        return os.path.lexists(self._cache("journal.json"))

    def _recover(self) -> None:
        """Roll an interrupted swap forward and clear the stage. The lock must be held."""
        journal = self._cache("journal.json")
        if os.path.lexists(journal):
            with open(journal, "rb") as stream:
                entry = decode(stream.read())
            target = os.path.join(self.root, *entry["session"].split("/"))
            staged = self._cache("staging", entry["staged"])
            if not os.path.lexists(target) and os.path.isdir(staged):
                steps.rename_new(staged, target)
                steps.sync_directory(os.path.dirname(target))
            steps.remove_file(journal)
        steps.remove_tree(self._cache("staging"))
        self._by_uid = None

    def _cache(self, *names: str) -> str:
        return os.path.join(self.root, CACHE, *names)


@dataclass(slots=True)
class DirectoryStage:
    """A session in the making, in the archive's cache; discarding it twice is fine."""

    archive: Archive
    session_id: str
    tree: WritableDirTree
    known: bool = field(default=False)
    published: bool = field(default=False)

    def publish(self) -> None:
        """Put the session into the archive."""
        self.archive.put(self.session_id, self.tree.root, known=self.known)
        self.published = True

    def discard(self) -> None:
        """Remove what is left of the stage: after a swap, that is the session as it was.

        While a swap by two renames is under way, stage and old session are the only copies:
        then the next command that opens the archive rolls it forward.
        """
        if self.archive.is_swapping():
            return
        steps.remove_tree(self.tree.root)
        steps.remove_tree(f"{self.tree.root}.old")


def check_reader(facts: dict[str, Any], where: str) -> None:
    """Raise `UnsupportedVersion` where a file asks for a newer reader. Enforces E002."""
    wanted = facts.get("min_reader")
    if isinstance(wanted, str) and _version(wanted) > _version(MIN_READER):
        message = f"{where} asks for a reader of format {wanted}; this one reads {MIN_READER}"
        raise UnsupportedVersion(message, hint="upgrade sessionfs")


def bare_tree(root: str) -> DirTree:
    """Return an archive's files without opening it: for looking at a damaged one."""
    return DirTree(root, hidden=[CACHE])


def _version(text: str) -> tuple[int, ...]:
    numbers = text.split(".")
    return tuple(int(number) for number in numbers) if all(n.isdigit() for n in numbers) else (0,)


@contextmanager
def _locked(root: str) -> Iterator[None]:
    from filelock import FileLock, Timeout  # noqa: PLC0415  34 ms that only writers pay

    cache = os.path.join(root, CACHE)
    steps.make_directories(os.path.abspath(cache))
    held = FileLock(os.path.join(cache, "lock"))
    try:
        held.acquire(timeout=LOCK_SECONDS)
    except Timeout:
        message = f"another process is writing to {root}"
        raise Busy(message, hint="wait until it has ended and try again") from None
    try:
        yield
    finally:
        held.release()


def _replace(root: str, name: str, content: bytes) -> None:
    """Write a small file of an archive in one step, in place of another or anew."""
    target = os.path.join(root, *name.split("/"))
    draft = os.path.join(root, CACHE, f"{os.path.basename(target)}.draft")
    steps.make_directories(os.path.dirname(draft))
    steps.remove_file(draft)
    descriptor = steps.create_file(draft)
    try:
        steps.write(descriptor, content)
        steps.sync_file(descriptor)
    finally:
        os.close(descriptor)
    steps.rename(draft, target)
    steps.sync_directory(os.path.dirname(target))


def _directories(place: str, digits: int) -> list[str]:
    try:
        names = os.listdir(place)
    except OSError:
        return []
    return [name for name in names if len(name) == digits and name.isdigit()]


def _sync_tree(root: str) -> None:
    for directory, _, _ in os.walk(root):
        steps.sync_directory(directory)
