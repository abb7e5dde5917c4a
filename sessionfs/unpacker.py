"""Sessions of a pack brought into an archive: received whole, verified, decided about, published.

Nothing is published before all of it is there and valid. What goes wrong leaves the archive as it
was; what is interrupted while it publishes leaves each session absent or complete, and doing it
again finishes the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, Protocol

from sessionfs.archive import CHECKSUMS, Session, collection_root, listed_files
from sessionfs.canonical import UNSET, Struct, UnsetType
from sessionfs.copying import Copy
from sessionfs.digest import Hasher, digest
from sessionfs.errors import Conflict, FormatError, SessionfsError
from sessionfs.identity import session_path
from sessionfs.importer import REMOVED
from sessionfs.model import MAX_DERIVED
from sessionfs.pack.members import Members
from sessionfs.tree import Joined, Tree
from sessionfs.verify import Report
from sessionfs.verify.lineage import judge_lineage

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sized

    from sessionfs.importer import Stage
    from sessionfs.model import Finding
    from sessionfs.pack import Limits
    from sessionfs.pack.members import Forward, Member
    from sessionfs.tree import WritableTree

OnConflict = Literal["error", "skip", "fresh-id"]
"""What is done with a session whose id or uid the archive has with other bytes."""

Verify = Callable[[Tree], Report]
"""Verifies sessions that stand in a tree by their paths."""

_SAME = "its copy is there already"


class Store(Protocol):
    """The archive that sessions are brought into."""

    ignored: frozenset[str]

    def paths(self) -> list[str]:
        """Return the path of each session."""

    def session(self, path: str) -> Session:
        """Return the session at a path."""

    def find(self, uid: str) -> Session | None:
        """Return the session with this uid, or None."""

    def stage(self, session_id: str) -> Stage:
        """Return an empty stage for a session."""

    def check_room(self, path: str) -> None:
        """Raise `Conflict` where a new session cannot be put at a path."""


class Unpacked(Struct, frozen=True, kw_only=True):
    """What became of a session of a pack; `path` is where it stands there.

    `session` is its id in the archive, None where it was left out for the `reason`.
    """

    path: str
    session: str | None
    uid: str
    status: Literal["new", "unchanged", "copied", "skipped"]
    reason: str | UnsetType = UNSET
    messages: int


class _Received:
    """A session of the pack as it comes: its files are compared with its list, line by line."""

    def __init__(self, path: str, checksums: bytes, stage: Stage | None) -> None:
        self.path = path
        self.seal = digest(checksums)
        self.stage = stage
        self._listed = listed_files(checksums)
        self._missing = ""

    @property
    def session(self) -> Session:
        assert self.stage is not None  # noqa: S101  only those that are wanted are asked
        return Session(self.stage.tree, self.path)

    def take(self, member: Member, chunks: Iterable[bytes]) -> None:
        """Take the next file. Enforces E102, E103, E601."""
        listed, wanted = next(self._listed, ("", ""))
        while listed and listed < member.name:  # both are in the order of bytes
            self._missing = self._missing or listed
            listed, wanted = next(self._listed, ("", ""))
        if listed != member.name:
            raise FormatError("E103", member.path, f"{CHECKSUMS} does not list it")
        hasher = Hasher()

        def hashed() -> Iterator[bytes]:
            for chunk in chunks:
                hasher.update(chunk)
                yield chunk

        if self.stage is not None:
            _write(self.stage.tree, member.name, hashed())
        else:
            for _ in hashed():
                pass
        if hasher.hexdigest() != wanted:
            raise FormatError("E601", member.path, f"the file is not what {CHECKSUMS} says")

    def end(self) -> None:
        """Raise where files are listed that did not come. Enforces E102."""
        missing = self._missing or next(self._listed, ("", ""))[0]
        if missing:
            raise FormatError("E102", f"{self.path}/{missing}", "it is missing")


class Unpacker:
    """One pack on its way into an archive, whose lock is held."""

    def __init__(self, store: Store, limits: Limits) -> None:
        """Begin with nothing received."""
        self._store = store
        self._limits = limits
        self._seals: dict[str, str] = {}
        self._received: list[_Received] = []
        self._stages: list[Stage] = []

    @property
    def root(self) -> str:
        """The root of all sessions that the pack holds."""
        return collection_root(self._seals)

    def receive(self, tar: Forward, wanted: Callable[[str], bool]) -> None:
        """Write the sessions whose paths are wanted into stages.

        Raises `FormatError` where the tar is not what it must be, or where a file of any
        session is not what its checksums say. Enforces E003, E102, E103, E120, E601, E612.
        """
        members = Members(tar, self._limits)
        current: _Received | None = None
        for member in members:
            if current is not None and member.session == current.path:
                current.take(member, members.content())
                continue
            if current is not None:
                current.end()
            current = self._begin(member, members.content(), wanted)
            self._received.append(current)
            self._seals[current.path] = current.seal
        if current is not None:
            current.end()

    def _begin(
        self, member: Member, chunks: Iterable[bytes], wanted: Callable[[str], bool]
    ) -> _Received:
        """Take the first file of a session, which is its list: no name comes before that."""
        path = member.session
        identifier = path.rpartition("/")[2]
        if not _is_home(path, identifier):
            raise FormatError("E120", path, "not the shard of its id")
        if member.name != CHECKSUMS or not member.size:
            said = "it is empty" if member.name == CHECKSUMS else "it is missing"
            raise FormatError("E612", f"{path}/{CHECKSUMS}", said)
        if member.size > MAX_DERIVED:
            raise FormatError("E003", member.path, f"more than {MAX_DERIVED} bytes")
        content = b"".join(chunks)
        stage = None
        if wanted(path):
            stage = self._stage(identifier)
            _write(stage.tree, CHECKSUMS, (content,))
        return _Received(path, content, stage)

    def publish(self, on_conflict: OnConflict, verify: Verify) -> list[Unpacked]:
        """Verify what was received, put it into the archive, and say what became of each session.

        Raises `FormatError` for the first error that is found, and `Conflict` where the archive has
        other bytes under the id or the uid of a session and `on_conflict` is `error`; both before
        anything is put there.
        """
        trees = {one.path: one.stage.tree for one in self._received if one.stage is not None}
        _raise_first(verify(Joined(trees)).findings)
        here = frozenset(self._store.paths())
        rows: list[tuple[Unpacked, Stage | None]] = []
        conflicts: list[str] = []
        for one in self._received:
            if one.stage is None:
                continue
            row, clash = self._judge(one, here)
            stage: Stage | None = one.stage if row.status == "new" else None
            if clash and on_conflict == "error":
                conflicts.append(f"{one.path}: {clash}")
            elif clash and on_conflict == "fresh-id":
                row, stage = self._copy(one, row, verify)
            rows.append((row, stage))
        if conflicts:
            hint = "--on-conflict skip keeps what the archive has, fresh-id keeps both"
            raise Conflict(f"{conflicts[0]}{_more(conflicts)}", hint=hint)
        staged = {stage.path: stage for _, stage in rows if stage is not None}
        self._check_parents(staged)
        for path in staged:
            self._store.check_room(path)
        for stage in staged.values():
            stage.publish()
        return [row for row, _ in rows]

    def _check_parents(self, staged: Mapping[str, Stage]) -> None:
        """Raise where the archive would have a loop of parents. Enforces E126."""
        sessions = (Session(stage.tree, path) for path, stage in staged.items())
        fresh = {session.summary.uid: session for session in sessions}
        parents: dict[str, tuple[str, str | None]] = {}
        pending: list[str | None] = list(fresh)
        while pending:  # only those are looked at that a fresh one comes from
            uid = pending.pop()
            session = None if uid is None else fresh.get(uid) or self._store.find(uid)
            if session is not None and session.summary.uid not in parents:
                lineage = session.summary.lineage
                parent = lineage.parent if lineage else None
                parents[session.summary.uid] = session.path, parent
                pending.append(parent)
        loops = judge_lineage(parents)
        _raise_first(found for found in loops if found.path.rpartition("/")[0] in staged)

    def _judge(self, one: _Received, here: Container[str]) -> tuple[Unpacked, str]:
        """Return what becomes of a session, and why it cannot be put where it belongs."""
        summary = one.session.summary

        def row(status: Literal["new", "unchanged", "skipped"], reason: str = "") -> Unpacked:
            return Unpacked(
                path=one.path, session=None if status == "skipped" else summary.id,
                uid=summary.uid, status=status, reason=reason or UNSET, messages=summary.messages,
            )  # fmt: skip

        clash = ""
        if one.path in here:
            clash = _difference(self._store.session(one.path), one.seal)
            if not clash:
                return row("unchanged"), ""
        if summary.uid in self._store.ignored:
            return row("skipped", REMOVED), ""
        if clash:
            return row("skipped", clash), clash
        other = self._store.find(summary.uid)
        if other is not None and self._seals.get(other.path) != other.seal:
            clash = f"{summary.uid} is archived as {other.path}"
            return row("skipped", clash), clash
        return row("new"), ""

    def _copy(self, one: _Received, row: Unpacked, verify: Verify) -> tuple[Unpacked, Stage | None]:
        """Make the copy of a session under a fresh id, unless the archive has it."""
        copy = Copy(one.session)
        if copy.uid in self._store.ignored:
            return _replaced(row, copy, "skipped", REMOVED), None
        known = self._store.find(copy.uid)
        if known is not None:
            known.check_digests()  # of what a person has edited since, too
            return _replaced(row, copy, "unchanged", _SAME), None
        stage = self._stage(copy.id)
        copy.write(stage.tree)
        _raise_first(verify(Joined({stage.path: stage.tree})).findings)
        return _replaced(row, copy, "copied", UNSET), stage

    def _stage(self, identifier: str) -> Stage:
        stage = self._store.stage(identifier)
        self._stages.append(stage)
        return stage

    def discard(self) -> None:
        """Remove what is left of the stages."""
        for stage in self._stages:
            stage.discard()


def _replaced(
    row: Unpacked,
    copy: Copy,
    status: Literal["unchanged", "copied", "skipped"],
    reason: str | UnsetType,
) -> Unpacked:
    return Unpacked(
        path=row.path, session=None if status == "skipped" else copy.id, uid=copy.uid,
        status=status, reason=reason, messages=row.messages,
    )  # fmt: skip


def _is_home(path: str, identifier: str) -> bool:
    with suppress(ValueError):  # a time that has no month
        return session_path(identifier) == path
    return False


def _difference(session: Session, seal: str) -> str:
    """Return in what an archived session differs from one with this seal; empty if in nothing."""
    try:
        if session.seal != seal:
            return "the archive has it with other content"
        session.check_digests()
    except SessionfsError:
        return "what the archive has there is damaged"
    return ""


def _raise_first(findings: Iterable[Finding]) -> None:
    errors = [found for found in findings if found.level == "error"]
    if errors:
        first, said = errors[0], f"{errors[0].message}{_more(errors)}"
        raise FormatError(first.code, first.where, said, hint=first.hint)


def _more(said: Sized) -> str:
    return f" (and {len(said) - 1} more)" if len(said) > 1 else ""


def _write(tree: WritableTree, name: str, chunks: Iterable[bytes]) -> None:
    with tree.create(name) as stream:
        for chunk in chunks:
            stream.write(chunk)
