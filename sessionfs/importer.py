"""From native logs to sessions: whose log it is, what of it is archived, what is to be written.

Importing again changes nothing; a log that grew extends its session; two logs that claim one
uid and differ become two sessions. Nothing is overwritten.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cmp_to_key, partial
from typing import TYPE_CHECKING, Literal, Protocol

from sessionfs.archive import MANIFEST
from sessionfs.authored import grown_manifest, new_manifest
from sessionfs.canonical import UNSET, Struct, UnsetType
from sessionfs.errors import FormatError, SessionfsError
from sessionfs.identity import session_id
from sessionfs.logs import identify
from sessionfs.model import Lineage
from sessionfs.placing import Place, Shelf, Torn, find_place, longest_first
from sessionfs.recording import Recorder, source_of
from sessionfs.redact.lines import redact_line
from sessionfs.redacting import redact_manifest
from sessionfs.tree import read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from sessionfs.archive import Session
    from sessionfs.logs import Identity, Log
    from sessionfs.model import Manifest, Summary
    from sessionfs.recording import Recorded
    from sessionfs.redact.ruleset import Ruleset
    from sessionfs.tree import WritableTree

REMOVED = "removed: archive.yaml ignores this uid"
"""The reason of a log that people have taken out of the archive."""

Status = Literal["new", "extended", "unchanged", "forked", "rewritten", "skipped"]


Fate = Literal["new", "grown", "same", "shorter", "removed"]
"""How a log stands to an archive; `removed`: people have taken it out."""


class NothingYet(SessionfsError):
    """A log holds too little for a session: it may grow."""


class Imported(Struct, frozen=True, kw_only=True):
    """What became of one log: a line of `import --json`."""

    path: str
    session: str | None
    uid: str | None
    agent: str | None
    status: Status
    reason: str | UnsetType = UNSET
    messages: int
    fidelity: str | None
    redactions: int


class Stage(Protocol):
    """A session in the making, beside the archive until it is published."""

    @property
    def path(self) -> str:
        """Where the session will stand: `YYYY/MM/ULID`."""

    @property
    def tree(self) -> WritableTree:
        """Where the session is written, empty at first."""

    def publish(self) -> None:
        """Put the session into the archive, in one step, in place of what it was before."""

    def discard(self) -> None:
        """Forget it."""


class Store(Shelf, Protocol):
    """What importing asks of an archive."""

    @property
    def ignored(self) -> Collection[str]:
        """Uids that people took out and want to stay out."""

    def stage(self, session_id: str, *, replaces: str | None = None) -> Stage:
        """Return an empty stage for a session; `replaces` is the path of what it was before."""


def import_logs(
    logs: Iterable[Log],
    store: Store,
    *,
    ruleset: Ruleset | None,
    rewrite: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> Iterator[Imported]:
    """Import logs and yield what became of each, in the order of groups with one uid.

    Of several logs with one uid the longest goes first, then by bytes, so that the order of
    arguments changes nothing. What `ruleset` finds is taken out; with None nothing is but what
    was before. `advance` is told the bytes done. A log that cannot be read is yielded as
    skipped; an archive that cannot be written raises.
    """
    clean = partial(redact_line, ruleset)
    groups: dict[str, list[tuple[Log, Identity]]] = {}
    for log in logs:
        try:
            identity = _whose(log, clean)
        except SessionfsError as error:
            advance(log.size)
            yield _skipped(log, str(error))
            continue
        groups.setdefault(identity.uid, []).append((log, identity))
    beside: dict[str, Log] = {}
    brought: set[str] = set()
    for uid in sorted(groups):
        waiting = sorted(groups[uid], key=cmp_to_key(longest_first))
        again: list[tuple[Log, Identity]] = []
        while waiting:
            log, identity = waiting.pop(0)
            try:
                one = _Import(log, identity, store, ruleset, rewrite=rewrite)
                yield (row := one.run())
                brought |= one.brought
                late = "it came after its record was archived: import --rewrite brings it in"
                for shown in sorted(one.late):
                    yield _skipped(replace(log, shown=shown), late)
                if row.status == "new":
                    beside |= one.beside
            except Torn as error:
                # One of the shorter ones may be the branch that this log goes on with.
                if waiting and (log, identity) not in again:
                    waiting.append((log, identity))
                    again.append((log, identity))
                    continue
                yield _skipped(log, str(error), identity.uid)
            except FormatError as error:
                yield _skipped(log, f"its archived session is damaged: {error}", identity.uid)
            except SessionfsError as error:
                yield _skipped(log, str(error), identity.uid)
            advance(log.size)
    for shown in sorted(set(beside) - brought):
        yield _skipped(replace(beside[shown], shown=shown), "no record of its log names it")


def foresee(log: Log, store: Store | None, clean: Callable[[bytes], bytes]) -> Fate:
    """Return what importing a log would do with it, as far as reading it tells; nothing is written.

    Without a `store` there is no archive yet. `clean` is what takes the secrets out of a line. A
    log that is new is read up to its first time, another one as far as it is archived. Raises
    `SessionfsError` where it would be skipped: `NothingYet` where there is nothing to archive yet.
    """
    identity = _whose(log, clean)
    if store is None:
        return "new"
    place = find_place(log, identity, store, clean)
    fate = _fate(log, place)
    if fate == "grown" and place.session is not None:
        place.session.check_digests()
    removed = {identity.uid, place.identity.uid} & set(store.ignored)
    return "removed" if fate == "new" and removed else fate


def _whose(log: Log, clean: Callable[[bytes], bytes]) -> Identity:
    """Return who a log is; raises `NothingYet` where it holds too little for a session."""
    identity = identify(log, clean=clean)
    if identity is None:
        raise NothingYet("no complete line yet")
    if identity.millis is None and not log.named:
        raise NothingYet("no time yet")
    return identity


def _fate(log: Log, place: Place) -> Fate:
    if place.session is None:
        return "new"
    if log.size < place.archived:
        return "shorter"
    return "same" if log.size == place.archived else "grown"


def _skipped(log: Log, reason: str, uid: str | None = None) -> Imported:
    return Imported(
        path=log.shown,
        session=None,
        uid=uid,
        agent=log.adapter.flavor,
        status="skipped",
        reason=reason,
        messages=0,
        fidelity=None,
        redactions=0,
    )


class _Import:
    """The import of one log."""

    def __init__(
        self,
        log: Log,
        identity: Identity,
        store: Store,
        ruleset: Ruleset | None,
        *,
        rewrite: bool,
    ) -> None:
        self._log = log
        self._identity = identity
        self._store = store
        self._ruleset = ruleset
        self._rewrite = rewrite
        self.beside: dict[str, Log] = {}
        """The log by the path of each file that may come with it."""
        self.brought: set[str] = set()
        """Paths of the files that its records have brought in."""
        self.late: set[str] = set()
        """Paths of files that came after the records that name them were archived."""

    def run(self) -> Imported:
        """Write what is to be written and say what became of the log."""
        clean = partial(redact_line, self._ruleset)
        place = find_place(self._log, self._identity, self._store, clean)
        uid = place.identity.uid
        fate = _fate(self._log, place)
        if place.session is None:
            if uid in self._store.ignored or self._identity.uid in self._store.ignored:
                return _skipped(self._log, REMOVED, uid)
            facts = self._identity.facts
            lineage = place.lineage
            if lineage is None and facts.parent and facts.relation:
                lineage = Lineage(parent=facts.parent, relation=facts.relation)
            branched = place.lineage is not None
            return self._write(place, None, lineage, "forked" if branched else "new")
        if fate == "shorter" or (fate == "same" and not self._rewrite):
            reason = "a longer log of this session is archived" if fate == "shorter" else UNSET
            return self._report(place.session.summary, "unchanged", reason)
        place.session.check_digests()
        lineage = place.session.manifest.lineage or None
        return self._write(
            place, place.session, lineage, "rewritten" if self._rewrite else "extended"
        )

    def _report(
        self, summary: Summary, status: Status, reason: str | UnsetType = UNSET
    ) -> Imported:
        return Imported(
            path=self._log.shown,
            session=summary.id,
            uid=summary.uid,
            agent=self._log.adapter.flavor,
            status=status,
            reason=reason,
            messages=summary.messages,
            fidelity=summary.fidelity.level,
            redactions=summary.redactions,
        )

    def _write(
        self, place: Place, old: Session | None, lineage: Lineage | None, status: Status
    ) -> Imported:
        identity = place.identity
        if old is not None:
            identifier = old.path.rpartition("/")[2]  # what a summary says of itself may be a lie
        else:
            identifier = session_id(identity.uid, identity.millis or 0)
        recorder = Recorder(self._log, place, self._ruleset, rewrite=self._rewrite)
        recorder.prepare()
        finish = partial(
            self._finish, place=place, identifier=identifier, lineage=lineage, status=status
        )
        recorded = None
        while recorded is None:
            stage = self._store.stage(identifier, replaces=None if old is None else old.path)
            try:
                recorded = recorder.write(stage.tree)
                if recorded is not None:
                    row = finish(stage, recorded)
            finally:
                stage.discard()
        self.beside, self.brought, self.late = recorder.beside, recorder.brought, recorder.late
        return row

    def _finish(
        self,
        stage: Stage,
        recorded: Recorded,
        *,
        place: Place,
        identifier: str,
        lineage: Lineage | None,
        status: Status,
    ) -> Imported:
        """Complete what was written with the manifest and what is derived, and publish it."""
        old, adapter = place.session, self._log.adapter
        facts, marks = recorded.take_facts()
        if old is None:
            manifest = new_manifest(identifier, adapter, place.identity, lineage, facts)
            text = None
        else:
            manifest, text = grown_manifest(
                old.manifest, read_bytes(old.tree, MANIFEST), adapter, facts, rewrite=self._rewrite
            )
            marks = [mark for mark in marks if not _has(old.manifest, mark.pointer)]
            if recorded.later is not None:  # what people wrote may hold what is known by now
                manifest, text, more = redact_manifest(manifest, text, recorded.later)
                marks += more
        summary, seal = recorded.writer.finish(manifest, text, marks)
        name = manifest.source.name
        _prove(summary, name, recorded.hasher.hexdigest())
        if old is not None:
            _refuse_loss(old.summary, summary, name)
            if seal == old.seal:
                return self._report(summary, "unchanged")
        stage.publish()
        return self._report(summary, "rewritten" if recorded.changed else status)


def _has(manifest: Manifest, pointer: str) -> bool:
    """Tell whether a manifest has a fact already."""
    _, part, name = pointer.split("/")
    return bool(getattr(getattr(manifest, part) or None, name, None))


def _prove(summary: Summary, name: str, digest: str) -> None:
    """Raise unless what was written gives the log back as it was read."""
    restored = source_of(summary, name)
    if restored is None or restored.blake3 != digest:
        message = "what was written does not give the log back"
        raise SessionfsError(message, hint="this is a defect of sessionfs: please report it")


def _refuse_loss(before: Summary, after: Summary, name: str) -> None:
    """Raise where a file beside the log is archived and would be no longer."""
    present = {source.name for source in after.source_files}
    for source in before.source_files:
        if source.name != name and source.name not in present:
            message = f"mapping the log anew would lose {source.name}, which is not beside it"
            raise SessionfsError(
                message, hint="`sessionfs export` gives it back; or do not rewrite"
            )
