"""From native logs to sessions: whose log it is, what of it is archived, what is to be written.

Importing again changes nothing; a log that grew extends its session; two logs that claim one
uid and differ become two sessions. Nothing is overwritten.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sessionfs.archive import MANIFEST
from sessionfs.authored import grown_manifest, new_manifest
from sessionfs.canonical import UNSET, Struct, UnsetType
from sessionfs.digest import Hasher
from sessionfs.errors import FormatError, SessionfsError
from sessionfs.identity import parse_time, session_id
from sessionfs.logs import decode_lines, draft_of, identify
from sessionfs.model import Lineage
from sessionfs.native import settle
from sessionfs.numbering import Ids
from sessionfs.placing import Place, Shelf, Torn, find_place, longest_first
from sessionfs.tree import read_bytes
from sessionfs.writer import SessionWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from sessionfs.adapters import Mapper
    from sessionfs.archive import Session
    from sessionfs.draft import Draft, Facts
    from sessionfs.logs import Identity, Log
    from sessionfs.model import Message, SourceFile, Summary
    from sessionfs.native import Line
    from sessionfs.tree import WritableTree

REMOVED = "removed: archive.yaml ignores this uid"
"""The reason of a log that people have taken out of the archive."""

Status = Literal["new", "extended", "unchanged", "forked", "rewritten", "skipped"]


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
    rewrite: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> Iterator[Imported]:
    """Import logs and yield what became of each, in the order of groups with one uid.

    Of several logs with one uid the longest goes first, then by bytes, so that the order of
    arguments changes nothing. `advance` is told the bytes done. A log that cannot be read
    is yielded as skipped; an archive that cannot be written raises.
    """
    groups: dict[str, list[tuple[Log, Identity]]] = {}
    for log in logs:
        try:
            identity = identify(log)
        except SessionfsError as error:
            advance(log.size)
            yield _skipped(log, str(error))
            continue
        if identity is None or (identity.millis is None and not log.named):
            advance(log.size)
            yield _skipped(log, "no complete line yet" if identity is None else "no time yet")
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
                one = _Import(log, identity, store, rewrite=rewrite)
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

    def __init__(self, log: Log, identity: Identity, store: Store, *, rewrite: bool) -> None:
        self._log = log
        self._identity = identity
        self._store = store
        self._rewrite = rewrite
        self.beside: dict[str, Log] = {}
        """The log by the path of each file that may come with it."""
        self.brought: set[str] = set()
        """Paths of the files that its records have brought in."""
        self.late: set[str] = set()
        """Paths of files that came after the records that name them were archived."""
        self._reading: list[str] = []

    def run(self) -> Imported:
        """Write what is to be written and say what became of the log."""
        place = find_place(self._log, self._identity, self._store)
        uid = place.identity.uid
        if place.session is None:
            if uid in self._store.ignored or self._identity.uid in self._store.ignored:
                return _skipped(self._log, REMOVED, uid)
            facts = self._identity.facts
            lineage = place.lineage
            if lineage is None and facts.parent and facts.relation:
                lineage = Lineage(parent=facts.parent, relation=facts.relation)
            branched = place.lineage is not None
            return self._write(place, None, lineage, "forked" if branched else "new")
        shorter = self._log.size < place.archived
        if shorter or (self._log.size == place.archived and not self._rewrite):
            reason = "a longer log of this session is archived" if shorter else UNSET
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
        name = old.manifest.source.name if old is not None else identity.name
        stage = self._store.stage(identifier, replaces=None if old is None else old.path)
        try:
            writer = SessionWriter(stage.tree, name, old=old)
            millis = parse_time(old.manifest.started_at) if old is not None else identity.millis
            ids = Ids(identity.uid, millis or 0)
            facts, digest = self._write_messages(writer, name, ids, place)
            if old is None:
                manifest = new_manifest(identifier, self._log.adapter, identity, lineage, facts)
                text = None
            else:
                manifest, text = grown_manifest(
                    old.manifest,
                    read_bytes(old.tree, MANIFEST),
                    self._log.adapter,
                    facts,
                    rewrite=self._rewrite,
                )
            summary, seal = writer.finish(manifest, text)
            _prove(summary, name, digest)
            if old is not None:
                _refuse_loss(old.summary, summary, name)
                if seal == old.seal:
                    return self._report(summary, "unchanged")
            stage.publish()
        finally:
            stage.discard()
        return self._report(summary, status)

    def _write_messages(
        self, writer: SessionWriter, name: str, ids: Ids, place: Place
    ) -> tuple[Facts, str]:
        """Write every message; return what the log told of the session, and its digest.

        Messages that are archived are kept as they are, once the log is known to begin with
        the very bytes that they stand for.
        """
        log, old = self._log, place.session
        mapper = log.adapter.mapper(log.path, name, self._read)
        self.beside = {self._shown(p): log for p in log.adapter.attachable(log.tree, log.path)}
        facts, whole = self._identity.facts, _Prefix(place.archived)
        archived = old.messages() if old is not None and not self._rewrite else iter(())
        kept = next(archived, None)
        self._write_leading(writer, ids, mapper, kept)
        while kept is not None and isinstance(kept.native, dict) and "source" in kept.native:
            writer.keep(kept, old.native_line(kept)[1] if old is not None else b"")
            kept = next(archived, None)
        for line in log.lines():
            content = line.content + line.eol
            whole.update(content)
            self._reading.clear()
            draft = draft_of(mapper, line)
            facts.learn(draft.facts)
            if kept is not None and not _is_open(kept):
                ids.keep(draft, kept)
                writer.keep(kept, content)
                if not set(draft.beside) <= set(_native(kept).get("files", {})):
                    self.late.update(self._reading)
                kept = next(archived, None)
            else:
                kept = None
                self._append(writer, ids, draft, line)
        if kept is not None or whole.size != log.size or not whole.begins_with(old, name):
            message = "the log changed while it was read"
            raise SessionfsError(message, hint="import it again")
        return facts, whole.hexdigest()

    def _write_leading(
        self, writer: SessionWriter, ids: Ids, mapper: Mapper, kept: Message | None
    ) -> None:
        """Write the documents that describe the log; those of a kept session stand already."""
        known = _native(kept).get("source") if kept is not None else None
        for draft, line in self._leading(mapper.map_leading):
            if kept is None:
                self._append(writer, ids, draft, line)
            elif known is None:
                paths = self._log.adapter.leading(self._log.tree, self._log.path)
                self.late.update(map(self._shown, paths))

    def _append(self, writer: SessionWriter, ids: Ids, draft: Draft, line: Line) -> None:
        seq = writer.messages + 1
        identifier, parent, ts = ids.next(draft, seq)
        settled = settle(draft, line, seq=seq, id=identifier, parent=parent, ts=ts)
        writer.append(settled, line.content + line.eol)

    def _leading(self, map_leading: Callable[[str, object], Draft]) -> Iterator[tuple[Draft, Line]]:
        """Yield the documents that describe the log, each a record of its own source."""
        log = self._log
        for path in log.adapter.leading(log.tree, log.path):
            content = read_bytes(log.tree, path)
            for line in decode_lines(iter((content,))):
                draft = map_leading(path, line.value)
                if draft.source is not None:
                    yield draft, line

    def _read(self, path: str) -> bytes | None:
        """Return an attachable file, for the mapper; it may read nothing else."""
        log = self._log
        if path not in log.adapter.attachable(log.tree, log.path):
            return None
        self.brought.add(self._shown(path))
        self._reading.append(self._shown(path))
        return read_bytes(log.tree, path)

    def _shown(self, path: str) -> str:
        return self._log.shown.removesuffix(self._log.path) + path


class _Prefix(Hasher):
    """The digest of a log, and that of its first bytes: those which are archived."""

    def __init__(self, archived: int) -> None:
        super().__init__()
        self._left = archived
        self._beginning = Hasher()

    def update(self, chunk: bytes) -> None:
        super().update(chunk)
        if self._left:
            self._beginning.update(chunk[: self._left])
            self._left -= min(self._left, len(chunk))

    def begins_with(self, session: Session | None, name: str) -> bool:
        """Tell whether the log begins with the log that a session has, if there is one."""
        if session is None:
            return True
        beginning = _source(session.summary, name)
        return beginning is None or beginning.blake3 == self._beginning.hexdigest()


def _source(summary: Summary, name: str) -> SourceFile | None:
    return next((source for source in summary.source_files if source.name == name), None)


def _prove(summary: Summary, name: str, digest: str) -> None:
    """Raise unless what was written gives the log back as it was read."""
    restored = _source(summary, name)
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


def _native(message: Message) -> dict[str, Any]:
    return message.native if isinstance(message.native, dict) else {}


def _is_open(kept: Message) -> bool:
    """Tell whether a message is the end of a log without line end: it may be completed."""
    return isinstance(kept.native, dict) and kept.native.get("eol") == ""
