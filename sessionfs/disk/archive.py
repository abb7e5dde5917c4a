"""An archive on disk: its sessions, its lock, and publishing in one step."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sessionfs.archive import Session
from sessionfs.canonical import decode, encode
from sessionfs.collection import Collection
from sessionfs.disk import steps
from sessionfs.disk.guards import GUARDS
from sessionfs.disk.tree import DirTree, WritableDirTree
from sessionfs.errors import (
    Busy,
    Conflict,
    FormatError,
    NotFound,
    SessionfsError,
    UnsupportedVersion,
)
from sessionfs.identity import is_ulid, session_path
from sessionfs.model import FORMAT, MIN_READER
from sessionfs.schema import is_plainly_valid
from sessionfs.tree import read_bytes
from sessionfs.yamltext import MAX_SIZE, YamlError, edit, emit, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICY = "archive.yaml"
CACHE = ".cache"
DEFAULT = ".sessions"
MAX_CACHE = 64 << 20
"""Most bytes in a file of the cache."""

_YEAR = re.compile(r"[0-9]{4}")
_MONTH = re.compile(r"[0-9]{2}")
_VERSION = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,5})*")

LOCK_SECONDS = 30.0
"""How long a command waits for another one's import to end."""


class Archive(Collection):
    """A directory with archive.yaml. Opening it finishes a swap that a crash interrupted."""

    def __init__(self, root: str) -> None:
        """Open the archive at `root`.

        Raises `NotFound`, `FormatError` where archive.yaml is damaged, or
        `UnsupportedVersion` where it asks for a newer reader.
        """
        super().__init__(root)
        self.root = root
        self.tree = bare_tree(root)
        self.ignored: frozenset[str] = frozenset()
        self.redaction: dict[str, Any] = {}
        self._read_policy()
        if self.is_swapping():
            with self.lock():
                pass

    def _read_policy(self) -> None:
        where = os.path.join(self.root, POLICY)
        try:
            content = read_bytes(self.tree, POLICY, MAX_SIZE)
        except NotFound:
            message = f"no archive at {self.root}"
            raise NotFound(message, hint=f"`sessionfs init {self.root}` makes one") from None
        except SessionfsError as error:
            raise FormatError("E001", where, error.message, hint=error.hint) from error
        try:
            policy = parse(content)
        except YamlError as error:
            raise _no_policy(error, content, where) from error
        if not isinstance(policy.get("min_reader"), str):
            hint = "name another directory, or take the file back from git"
            raise FormatError("E213", where, "not an archive's: no min_reader", hint=hint)
        check_reader(policy, where)
        ignored = policy.get("ignored")
        uids = ignored if isinstance(ignored, list) else []
        self.ignored = frozenset(uid for uid in uids if isinstance(uid, str))
        redaction = policy.get("redaction", {})
        if redaction and not is_plainly_valid(redaction, "archive", member="redaction"):
            hint = "mend it: nothing is written while it is unclear what to take out"
            raise FormatError("E213", f"{where}#/redaction", "not as its schema says", hint=hint)
        self.redaction = redaction

    @classmethod
    def init(cls, root: str) -> Archive:
        """Make an archive with its guards, or complete one; what is there stays as it is."""
        policy = emit({"format": FORMAT, "min_reader": MIN_READER}, "archive")
        with _locked(root):
            present = set(os.listdir(root))
            # archive.yaml comes last: it is what makes the directory an archive.
            for name, content in (*GUARDS.items(), (POLICY, policy)):
                if name not in present:
                    _replace(root, name, content)
        return cls(root)

    def paths(self) -> list[str]:
        """Return the path of each session, `YYYY/MM/ULID`, sorted by bytes."""
        return sorted(
            f"{year}/{month}/{name}"
            for year in _directories(self.root)
            if _YEAR.fullmatch(year)
            for month in _directories(os.path.join(self.root, year))
            if _MONTH.fullmatch(month)
            for name in _directories(os.path.join(self.root, year, month))
            if is_ulid(name)
        )

    def session(self, path: str) -> Session:
        """Return the session at a path `YYYY/MM/ULID`, unread."""
        return Session(DirTree(os.path.join(self.root, *path.split("/"))), path)

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
        self._forget()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the archive's lock, and clean up after whoever held it and died.

        Raises `Busy` when another process holds it for too long.
        """
        with _locked(self.root):
            self._recover()
            self._read_policy()  # what another process wrote while this one waited counts
            yield

    def holds(self, path: str) -> bool:
        """Tell whether something stands at a session's path."""
        return os.path.lexists(os.path.join(self.root, *path.split("/")))

    def stage(
        self, session_id: str, *, replaces: str | None = None, draft: str = ""
    ) -> DirectoryStage:
        """Return an empty stage for a session. The lock must be held.

        `replaces` is the path of the session that it takes the place of; without it, nothing
        may stand where it goes. `draft` tells several stages of one session apart.
        """
        if not is_ulid(session_id):
            message = f"{session_id!r} is no ULID"
            raise Conflict(message, hint="run `sessionfs verify`, and mend or remove the session")
        place = self._cache("staging", session_id + draft)
        steps.remove_tree(place)
        steps.make_directories(place)
        path = replaces or session_path(session_id)
        return DirectoryStage(self, path, WritableDirTree(place), replaces is not None)

    def put(self, path: str, staged: str, *, replaces: bool) -> None:
        """Publish a staged session: old or new, never between, whenever the power fails."""
        target = os.path.join(self.root, *path.split("/"))
        self._refuse_links(path)
        _sync_tree(staged)
        if replaces:
            self._swap(path, staged, target)
        else:
            if os.path.lexists(target):
                message = f"{path} exists, and is not readable as the session of this log"
                raise Conflict(message, hint="run `sessionfs verify`, and mend or remove it first")
            steps.make_directories(os.path.dirname(target))
            steps.rename_new(staged, target)
        steps.sync_directory(os.path.dirname(target))
        self._remember(self.session(path))

    def check_room(self, path: str) -> None:
        """Raise `Conflict` where a new session cannot be put at a path."""
        self._refuse_links(path)
        place = self.root
        for element in path.split("/"):
            place = os.path.join(place, element)
            if os.path.lexists(place) and (place.endswith(path) or not os.path.isdir(place)):
                message = f"{place} stands in the way"
                raise Conflict(message, hint="look at what it is, and move it out of the archive")

    def _refuse_links(self, path: str) -> None:
        """Raise where a link would lead what is written out of the archive."""
        place = self.root
        for element in path.split("/"):
            place = os.path.join(place, element)
            if os.path.islink(place):
                message = f"{place} is a symbolic link"
                raise Conflict(message, hint="remove it: an archive holds its sessions itself")

    def _swap(self, path: str, staged: str, target: str) -> None:
        if steps.exchange(staged, target):
            return
        journal = self._cache("journal.json")
        old = f"{staged}.old"
        entry = encode({"session": path})
        _replace(self.root, f"{CACHE}/journal.json", entry + b"\n")
        steps.rename_new(target, old)
        steps.rename_new(staged, target)
        steps.sync_directory(os.path.dirname(target))
        steps.remove_file(journal)

    def read_cache(self, name: str) -> bytes:
        """Return a file of the cache; raises `SessionfsError` where there is none to read."""
        _refuse_link(self._cache())
        return read_bytes(DirTree(self._cache()), name, MAX_CACHE)

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
            path, identifier = self._journal()
            if path:
                target = os.path.join(self.root, *path.split("/"))
                staged = self._cache("staging", identifier)
                if not os.path.lexists(target) and os.path.isdir(staged):
                    self._refuse_links(path)
                    steps.rename_new(staged, target)
                    steps.sync_directory(os.path.dirname(target))
            steps.remove_file(journal)
        _refuse_link(self._cache("staging"))
        steps.remove_tree(self._cache("staging"))
        self._forget()

    def _journal(self) -> tuple[str, str]:
        """Return path and id of the session whose swap has begun; empty for what is no journal."""
        try:
            entry = decode(self.read_cache("journal.json"))
            path = entry["session"]
            year, month, identifier = path.split("/")
        except (SessionfsError, ValueError, TypeError, KeyError, AttributeError):
            return "", ""
        sound = _YEAR.fullmatch(year) and _MONTH.fullmatch(month) and is_ulid(identifier)
        return (path, identifier) if sound else ("", "")

    def _cache(self, *names: str) -> str:
        return os.path.join(self.root, CACHE, *names)


@dataclass(slots=True)
class DirectoryStage:
    """A session in the making, in the archive's cache; discarding it twice is fine."""

    archive: Archive
    path: str
    tree: WritableDirTree
    replaces: bool

    def publish(self) -> None:
        """Put the session into the archive."""
        self.archive.put(self.path, self.tree.root, replaces=self.replaces)

    def discard(self) -> None:
        """Remove what is left of the stage: after a swap, that is the session as it was.

        While a swap by two renames is under way, stage and old session are the only copies:
        then the next command that opens the archive rolls it forward.
        """
        if self.archive.is_swapping():
            return
        steps.remove_tree(self.tree.root)
        steps.remove_tree(f"{self.tree.root}.old")


def write_policy(root: str, content: bytes) -> None:
    """Write the archive.yaml of an archive, in one step."""
    with _locked(root):
        _replace(root, POLICY, content)


def _no_policy(error: YamlError, content: bytes, where: str) -> FormatError:
    """Return the error that an archive.yaml cannot be read, and what happened to it if it tells."""
    from sessionfs.verify.archive import policy_damage  # noqa: PLC0415  few need it, and it is slow

    if (found := policy_damage(content)) is None:
        hint = "mend it, or take it back from git"
        return FormatError(error.code, f"{where}:{error.line}", error.said, hint=hint)
    place = f"{where}:{found.line}" if isinstance(found.line, int) else where
    return FormatError(found.code, place, found.message, hint=found.hint)


def check_reader(facts: dict[str, Any], where: str) -> None:
    """Raise `UnsupportedVersion` where a file asks for a newer reader. Enforces E002."""
    wanted = facts.get("min_reader")
    if isinstance(wanted, str) and _version(wanted) > _version(MIN_READER):
        message = f"{where} asks for a reader of format {wanted}; this one reads {MIN_READER}"
        raise UnsupportedVersion(message, hint="upgrade sessionfs")


def bare_tree(root: str) -> DirTree:
    """Return an archive's files without opening it: for looking at a damaged one."""
    # A link where the cache should be is no cache: verify names it. An archive may be the top of
    # a repository, or of a linked work tree: what git has there is not the archive's.
    return DirTree(
        root, hidden=[name for name in (CACHE, ".git") if not os.path.islink(f"{root}/{name}")]
    )


def write_guard(root: str, name: str, content: bytes) -> None:
    """Write a file that guards an archive, in one step; raises `Busy` where another writes."""
    with _locked(root):
        _replace(root, name, content)


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("."))) if _VERSION.fullmatch(text) else ()


def _refuse_link(place: str) -> None:
    if os.path.islink(place):
        message = f"{place} is a symbolic link"
        raise Conflict(message, hint="remove it: sessionfs writes and deletes files there")


@contextmanager
def _locked(root: str) -> Iterator[None]:
    from filelock import FileLock, Timeout  # noqa: PLC0415  34 ms that only writers pay

    cache = os.path.join(root, CACHE)
    _refuse_link(cache)
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


def _directories(place: str) -> list[str]:
    """Return the names of real directories; raises `SessionfsError` where they cannot be read."""
    try:
        with os.scandir(place) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError as error:
        message = f"cannot read {place}: {error.strerror}"
        raise SessionfsError(message, hint="check its permissions") from error


def _sync_tree(root: str) -> None:
    for directory, _, _ in os.walk(root):
        steps.sync_directory(directory)
