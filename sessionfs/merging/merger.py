"""What becomes of a session that two sides have changed: one session, or two that tell it all.

Logs that go on with one another become one session, as if both had been imported. Where each has
lines that the other has not, the longer one stays, and the other becomes its fork: a session of
its own under the id that an import of both logs would have given it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from sessionfs.archive import Session
from sessionfs.canonical import UNSET, Struct, UnsetType
from sessionfs.copying import Renamed
from sessionfs.errors import Conflict, SessionfsError
from sessionfs.identity import (
    branch_native_id,
    copy_native_id,
    parse_time,
    session_path,
)
from sessionfs.merging.relation import relate
from sessionfs.merging.uniting import Uniting, secrets_of, write_renamed
from sessionfs.model import FORMAT, Lineage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessionfs.importer import Stage
    from sessionfs.merging.relation import Relation
    from sessionfs.model import Manifest
    from sessionfs.redact.known import Known

Check = Callable[[Session], None]
"""Raises `Conflict` where a session that was written breaks a rule."""

Status = Literal["merged", "forked", "kept", "conflict"]


class Merged(Struct, frozen=True, kw_only=True):
    """What became of a session that both sides changed; `fork` is the id of its new or grown fork.

    `kept`: one side had removed it. `conflict`: nothing was written, for the `reason`.
    """

    path: str
    session: str
    uid: str | None
    status: Status
    fork: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    messages: int


class Store(Protocol):
    """The archive in which both sides are to come together."""

    def find(self, uid: str) -> Session | None:
        """Return the session with this uid."""

    def branches(self, uid: str) -> Sequence[Session]:
        """Return the forks and continuations of this uid, sorted by uid."""

    def holds(self, path: str) -> bool:
        """Tell whether something stands at a session's path."""

    def stage(self, session_id: str, *, replaces: str | None = None, draft: str = "") -> Stage:
        """Return an empty stage for a session; `draft` tells several of one session apart."""


class Sides(NamedTuple):
    """A session as the common ancestor and both sides have it, each None where it has not."""

    common: Session | None
    ours: Session | None
    theirs: Session | None


class _Target(NamedTuple):
    """Where the log of one side goes that the merged session does not go on with."""

    native_id: str
    lineage: Lineage
    existing: Session | None


class Merger:
    """Merges the sessions of an archive, whose lock is held."""

    def __init__(self, store: Store, check: Check) -> None:
        """Write into `store` what `check` has nothing against."""
        self._store = store
        self._check = check
        self._stages: list[Stage] = []
        self._stack = ExitStack()

    def merge(self, path: str, sides: Sides) -> Merged:
        """Write what the two sides of a session become; both orders give the same bytes.

        Nothing is published before all of it is there and valid. Raises `SessionfsError`, a
        `Conflict` where the two cannot be merged.
        """
        with ExitStack() as self._stack:
            self._stages = []
            row = self._merge(path, sides)
            for stage in self._stages:  # forks first: the merged session refers to none of them
                stage.publish()
            return row

    def _merge(self, path: str, sides: Sides) -> Merged:
        present = [side for side in (sides.ours, sides.theirs) if side is not None]
        for side in present:
            side.check_digests()
            if side.manifest.format != FORMAT:
                message = f"{path} is of format {side.manifest.format}: it cannot be merged"
                raise Conflict(message, hint="upgrade sessionfs, or take one side")
        if len(present) == 1 or present[0].seal == present[-1].seal:
            self._adopt(path, present[0])
            reason = "one side had removed it" if len(present) == 1 else UNSET
            return _row(path, present[0], "kept" if len(present) == 1 else "merged", reason=reason)
        one, other = present
        common = None if sides.common is None else sides.common.manifest
        relation = relate(one, other)
        if relation.is_same:
            return self._continue(path, one, other, relation, common)
        return self._fork(path, one, other, relation, common)

    def _continue(
        self,
        path: str,
        one: Session,
        other: Session,
        relation: Relation,
        common: Manifest | None,
    ) -> Merged:
        """Merge where the log of one side goes on with that of the other, or is the same."""
        if relation.ends == (True, False) or (all(relation.ends) and _rank(other) < _rank(one)):
            one, other, relation = other, one, relation.turned()
        known = secrets_of(relation, (one, other))
        uniting = Uniting(one, other, relation, known)
        if not relation.lacking[0]:
            self._unite(path, uniting, common)
            return _row(path, one, "merged")
        source = other.manifest.source  # what describes the shorter log would be lost
        native_id = copy_native_id(source.native_id, other.seal)
        target = _Target(native_id, Lineage(parent=source.uid, relation="copy"), None)
        fork = self._branch(other, target, known)
        self._unite(path, uniting, common)
        return _row(path, one, "forked", fork=fork)

    def _fork(
        self,
        path: str,
        one: Session,
        other: Session,
        relation: Relation,
        common: Manifest | None,
    ) -> Merged:
        """Merge where each side has lines that the other has not."""
        there = [self._archived(session) is not None for session in (one, other)]
        sizes = [_size(session) for session in (one, other)]
        lines = relation.differing or (b"", b"")
        if there[0] != there[1]:  # an id once given stays
            turn = there[0]
        elif sizes[0] != sizes[1]:
            turn = sizes[0] < sizes[1]
        else:
            turn = lines[0] > lines[1]
        if turn:
            one, other, relation = other, one, relation.turned()
        known = secrets_of(relation, (one, other))
        target = self._target(one, other, relation)
        fork = self._branch(other, target, known)
        self._unite(path, Uniting(one, other, relation, known), common)
        return _row(path, one, "forked", fork=fork)

    def _archived(self, session: Session) -> Session | None:
        """Return the fork that is archived already and has this session's log, or its beginning."""
        for branch in self._store.branches(session.manifest.source.uid):
            if branch.id != session.id and self._is_same(branch, session):
                return branch
        return None

    @staticmethod
    def _is_same(one: Session, other: Session) -> bool:
        try:
            return relate(one, other).is_same
        except SessionfsError:  # a damaged one is verify's to name
            return False

    def _target(self, main: Session, other: Session, relation: Relation) -> _Target:
        """Return where the log of `other` belongs beside `main`, as an import would tell it."""
        archived = self._archived(other)
        if archived is not None:
            source = archived.manifest.source
            lineage = archived.manifest.lineage or Lineage(
                parent=main.manifest.source.uid, relation="fork"
            )
            return _Target(source.native_id, lineage, archived)
        flavor = main.manifest.source.flavor
        native_id = main.manifest.source.native_id
        while True:
            line = (relation.differing or (b"", b""))[1]
            at = relation.last[0].message.id if relation.last is not None else None
            lineage = Lineage(
                parent=main.manifest.source.uid,
                relation="fork" if at else "continuation",
                at=at or UNSET,
            )
            native_id = branch_native_id(native_id, _bare(line))
            existing = self._store.find(f"{flavor}:{native_id}")
            if existing is None:
                return _Target(native_id, lineage, None)
            relation = relate(existing, other)
            if relation.is_same:
                return _Target(native_id, existing.manifest.lineage or lineage, existing)
            main = existing

    def _branch(self, session: Session, target: _Target, known: Known) -> str:
        """Stage a log as a session of its own, or with what is archived of it; return its id."""
        millis = parse_time(session.manifest.started_at) or 0
        renamed = Renamed(session, target.native_id, target.lineage, millis)
        existing = target.existing
        if existing is None:
            path = session_path(renamed.id)
            stage = self._stage(renamed.id, path)
            write_renamed(session, renamed, known, stage.tree)
            self._ready(stage, path)
            return renamed.id
        existing.check_digests()
        identifier = existing.path.rpartition("/")[2]
        draft = self._store.stage(identifier, replaces=existing.path, draft=".renamed")
        self._stack.callback(draft.discard)
        write_renamed(session, renamed, known, draft.tree)
        one, other = existing, Session(draft.tree, existing.path)
        relation = relate(one, other)
        if relation.ends == (True, False):
            one, other, relation = other, one, relation.turned()
        learned = secrets_of(relation, (one, other))
        self._unite(existing.path, Uniting(one, other, relation, learned), None)
        return identifier

    def _unite(self, path: str, uniting: Uniting, common: Manifest | None) -> None:
        stage = self._stage(path.rpartition("/")[2], path)
        uniting.write(stage.tree, common)
        self._ready(stage, path)

    def _adopt(self, path: str, session: Session) -> None:
        """Stage a session as it is."""
        stage = self._stage(path.rpartition("/")[2], path)
        for name in session.tree.paths():
            stage.tree.adopt(session.tree, name)
        self._ready(stage, path)

    def _stage(self, identifier: str, path: str) -> Stage:
        stage = self._store.stage(identifier, replaces=path if self._store.holds(path) else None)
        self._stack.callback(stage.discard)
        return stage

    def _ready(self, stage: Stage, path: str) -> None:
        self._check(Session(stage.tree, path))
        self._stages.append(stage)


def _rank(session: Session) -> tuple[int, int, str]:
    """Return what orders two forms of one log: the newer mapping comes first, then any order."""
    mapping = session.manifest.source.adapter.rpartition("/")[2]
    return (-int(mapping) if mapping.isdecimal() else 0, -session.summary.redactions, session.seal)


def _size(session: Session) -> int:
    """Return the bytes of the log that a session gives back."""
    name = session.manifest.source.name
    found = (source.bytes for source in session.summary.source_files if source.name == name)
    return next(found, session.summary.messages)


def _bare(line: bytes) -> bytes:
    """Return a line without its line end."""
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _row(
    path: str,
    session: Session,
    status: Status,
    *,
    fork: str | UnsetType = UNSET,
    reason: str | UnsetType = UNSET,
) -> Merged:
    return Merged(
        path=path,
        session=path.rpartition("/")[2],
        uid=session.summary.uid,
        status=status,
        fork=fork,
        reason=reason,
        messages=session.summary.messages,
    )
