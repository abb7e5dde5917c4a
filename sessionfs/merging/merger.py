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
from sessionfs.canonical import UNSET, Struct, UnsetType, replace
from sessionfs.copying import Renamed
from sessionfs.errors import Conflict, SessionfsError
from sessionfs.identity import (
    branch_native_id,
    copy_native_id,
    parse_time,
    session_path,
)
from sessionfs.merging.forms import Both, Sides, readable, removed_in
from sessionfs.merging.relation import relate
from sessionfs.merging.uniting import Uniting
from sessionfs.model import FORMAT, Lineage
from sessionfs.redact.known import Known
from sessionfs.redacting import remove_known
from sessionfs.tree import NoTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sessionfs.importer import Stage

Check = Callable[[Session], None]
"""Raises `Conflict` where a session that was written breaks a rule."""

Status = Literal["merged", "forked", "kept", "conflict"]


class Merged(Struct, frozen=True, kw_only=True):
    """What became of a session that both sides changed; `fork` is the id of its new or grown fork.

    `kept`: only one side has it. `conflict`: nothing was written, for the `reason`.
    """

    archive: str = ""
    """The archive's path from the top of the work tree; empty for the top itself."""
    path: str
    session: str
    uid: str | None
    status: Status
    fork: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    cleared: list[str] | UnsetType = UNSET
    """Ids of further branches from which was removed what either side has removed here."""
    uncleared: list[str] | UnsetType = UNSET
    """Ids of those that may still say it, for they break a rule."""
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


class _Target(NamedTuple):
    """Where the log of one side goes that the merged session does not go on with."""

    native_id: str
    lineage: Lineage
    existing: Session | None


class Merger:
    """Merges the sessions of an archive, whose lock is held."""

    def __init__(self, store: Store, check: Check, guard: Check) -> None:
        """Merge into `store` what `check` has nothing against, both sides and the result.

        `guard` is asked before a session takes the place of what stands there.
        """
        self._store = store
        self._check = check
        self._guard = guard
        self._stages: dict[str, Stage] = {}
        self._stack = ExitStack()
        self._foreign = Known()
        self._cleared: list[str] = []
        self._uncleared: list[str] = []

    def merge(self, path: str, sides: Sides, above: Iterable[Sides] = ()) -> Merged:
        """Write what the two sides of a session become; both orders give the same bytes.

        `above` are sessions that this one is a branch of, and that are to be merged after it: what
        a side has removed there is removed here. Nothing is published before all of it is there
        and valid. Raises `SessionfsError`, a `Conflict` where the two cannot be merged.
        """
        with ExitStack() as self._stack:
            self._stages, self._cleared, self._uncleared = {}, [], []
            self._foreign = Known()
            for other in above:
                self._foreign.take_over(removed_in(other))
            row = self._merge(path, sides)
            row = replace(row, cleared=self._cleared or UNSET, uncleared=self._uncleared or UNSET)
            for stage in self._stages.values():  # the merged one last: it refers to none
                stage.publish()
            return row

    def _merge(self, path: str, sides: Sides) -> Merged:
        present = [side for side in (sides.ours, sides.theirs) if side is not None]
        for side in present:
            self._check(side)
            if side.manifest.format != FORMAT:
                message = f"{path} is of format {side.manifest.format}: it cannot be merged"
                raise Conflict(message, hint="upgrade sessionfs, or take one side")
        if len(present) == 1 or present[0].seal == present[-1].seal:
            self._adopt(path, present[0])
            reason = "only one side has it" if len(present) == 1 else UNSET
            return _row(path, present[0], "kept" if len(present) == 1 else "merged", reason=reason)
        one, other = present
        both = Both(one, other, relate(one, other), readable(sides.common), None)
        if both.relation.is_same:
            return self._continue(path, both)
        return self._fork(path, both)

    def _continue(self, path: str, both: Both) -> Merged:
        """Merge where the log of one side goes on with that of the other, or is the same."""
        ends = both.relation.ends
        if ends == (True, False) or (all(ends) and _rank(both.other) < _rank(both.one)):
            both = both.turned()
        both = both.with_known(self._foreign)
        self._clear_branches(both)
        if not both.relation.lacking[0]:
            self._unite(path, both)
            return _row(path, both.one, "merged")
        source = both.other.manifest.source  # what describes the shorter log would be lost
        native_id = copy_native_id(source.native_id, both.alone().digest())
        lineage = Lineage(parent=source.uid, relation="copy")
        fork = self._branch(both, _Target(native_id, lineage, None))
        self._unite(path, both)
        return _row(path, both.one, "forked", fork=fork)

    def _fork(self, path: str, both: Both) -> Merged:
        """Merge where each side has lines that the other has not."""
        sides = both.one, both.other
        there = [self._archived(session) is not None for session in sides]
        sizes = [_size(session) for session in sides]
        lines = both.relation.differing or (b"", b"")
        if there[0] != there[1]:  # an id once given stays
            turn = there[0]
        elif sizes[0] != sizes[1]:
            turn = sizes[0] < sizes[1]
        else:
            turn = lines[0] > lines[1]
        both = (both.turned() if turn else both).with_known(self._foreign)
        fork = self._branch(both, self._target(both))
        self._clear_branches(both)
        self._unite(path, both)
        return _row(path, both.one, "forked", fork=fork)

    def _archived(self, session: Session) -> Session | None:
        """Return the fork that is archived already and has this session's log, or its beginning."""
        for branch in self._store.branches(session.manifest.source.uid):
            if branch.id != session.id and self._is_fork_of(branch, session):
                return branch
        return None

    @staticmethod
    def _is_fork_of(branch: Session, session: Session) -> bool:
        """Tell whether a branch is no copy, and its log goes on with a session's, or begins it."""
        try:
            lineage = branch.manifest.lineage
            if not lineage or lineage.relation == "copy":
                return False
            return relate(branch, session).is_same
        except SessionfsError:  # a damaged one is verify's to name
            return False

    def _target(self, both: Both) -> _Target:
        """Return where the log that does not stay belongs, as an import would tell it.

        What was removed has no part in its id.
        """
        main, other, relation = both.one, both.other, both.relation
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
            line = both.alone().line_after(relation.common)
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

    def _branch(self, both: Both, target: _Target) -> str:
        """Stage a log as a session of its own, or with what is archived of it; return its id."""
        session = both.other
        millis = parse_time(session.manifest.started_at) or 0
        renamed = Renamed(session, target.native_id, target.lineage, millis)
        alone, existing = both.alone(renamed), target.existing
        if existing is None:
            path = session_path(renamed.id)
            if self._store.holds(path):
                message = f"{path} stands where the fork belongs, and is not readable as such"
                raise Conflict(message, hint="run `sessionfs verify`, and mend or move it first")
            stage = self._stage(renamed.id, path)
            alone.write_alone(stage.tree, both.removed())
            self._ready(stage, path)
            return renamed.id
        self._check(existing)
        identifier = existing.path.rpartition("/")[2]
        draft = self._store.stage(identifier, replaces=existing.path, draft=".renamed")
        self._stack.callback(draft.discard)
        alone.write_alone(draft.tree, both.removed())
        other = Session(draft.tree, existing.path)
        again = Both(existing, other, relate(existing, other), None, None)
        if again.relation.ends == (True, False):
            again = again.turned()
        self._unite(existing.path, again.with_known(self._foreign))
        return identifier

    def _unite(self, path: str, both: Both) -> None:
        stage = self._stage(path.rpartition("/")[2], path)
        uniting = Uniting(both.one, both.other, both.relation, both.known or Known())
        uniting.write(stage.tree, both.common, both.removed())
        self._ready(stage, path)

    def _clear_branches(self, both: Both) -> None:
        """Remove from the branches that one side has alone what the other side has removed here."""
        known, uid = both.known or Known(), both.one.manifest.source.uid
        for branch in self._store.branches(uid) if known.secrets else ():
            path = branch.path
            if path in self._stages or not branch.summary.uid.startswith(f"{uid}#"):
                continue
            try:
                if not remove_known(branch, known, NoTree()):
                    continue
                self._check(branch)
            except SessionfsError:  # in conflict still, or damaged: verify's to name
                self._uncleared.append(branch.id)
                continue
            stage = self._stage(path.rpartition("/")[2], path)
            remove_known(branch, known, stage.tree)
            self._ready(stage, path)
            self._cleared.append(branch.id)

    def _adopt(self, path: str, session: Session) -> None:
        """Stage a session as it is, but for what was removed from one that it is a branch of."""
        stage = self._stage(path.rpartition("/")[2], path)
        if self._foreign.secrets and remove_known(session, self._foreign, NoTree()):
            remove_known(session, self._foreign, stage.tree)
        else:
            for name in session.tree.paths():
                stage.tree.adopt(session.tree, name)
        self._ready(stage, path)

    def _stage(self, identifier: str, path: str) -> Stage:
        stage = self._store.stage(identifier, replaces=path if self._store.holds(path) else None)
        self._stack.callback(stage.discard)
        return stage

    def _ready(self, stage: Stage, path: str) -> None:
        written = Session(stage.tree, path)
        self._check(written)
        self._guard(written)
        self._stages[path] = stage


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
