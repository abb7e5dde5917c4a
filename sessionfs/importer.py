"""From native logs to sessions: whose log it is, what of it is archived, what is to be written.

Importing again changes nothing; a log that grew extends its session; two logs that claim one
uid and differ become two sessions. Nothing is overwritten.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from functools import cmp_to_key
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal, Protocol

from sessionfs.archive import MANIFEST, Session, SessionWriter
from sessionfs.canonical import UNSET, Struct, UnsetType, replace, to_plain
from sessionfs.digest import Hasher
from sessionfs.errors import FormatError, SessionfsError
from sessionfs.home import tilde
from sessionfs.identity import (
    branch_native_id,
    format_time,
    message_id,
    parse_time,
    session_id,
)
from sessionfs.logs import (
    Identity,
    Log,
    decode_lines,
    draft_of,
    identify,
    is_decoded,
    raw_lines,
    without_credentials,
)
from sessionfs.model import FORMAT, MIN_READER, Agent, Lineage, Manifest, Message, Source, Workspace
from sessionfs.native import Line, settle
from sessionfs.tree import read_bytes
from sessionfs.yamltext import edit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from sessionfs.draft import Draft, Facts
    from sessionfs.model import Summary
    from sessionfs.tree import WritableTree

Status = Literal["new", "extended", "unchanged", "forked", "rewritten", "skipped"]

_CHUNK = 1 << 18


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

    tree: WritableTree

    def publish(self) -> None:
        """Put the session into the archive, in one step, in place of what it was before."""

    def discard(self) -> None:
        """Forget it."""


class Store(Protocol):
    """What importing asks of an archive."""

    ignored: Collection[str]
    """Uids that people took out and want to stay out."""

    def find(self, uid: str) -> Session | None:
        """Return the session with this uid."""

    def branches(self, uid: str) -> Sequence[Session]:
        """Return the forks and continuations of this uid, sorted by uid."""

    def stage(self, session_id: str) -> Stage:
        """Return an empty stage for a session."""


@dataclass(slots=True)
class _Ids:
    """Gives each message its id and its parent's, from what came before it."""

    uid: str
    millis: int
    known: dict[str, str] = field(default_factory=dict)

    def next(self, draft: Draft, seq: int) -> tuple[str, str | None, str | None]:
        """Return id, parent and time of the next message."""
        own = parse_time(draft.ts)
        self.millis = self.millis if own is None else own
        name = draft.native_id
        repeated = name is not None and name in self.known
        parent = self.known.get(draft.parent) if draft.parent is not None else None
        identifier = message_id(self.uid, self.millis, name, seq, repeated=repeated)
        if name is not None:
            self.known[name] = identifier
        return identifier, parent, None if own is None else format_time(own)

    def keep(self, draft: Draft, message: Message) -> None:
        """Remember a message that is archived already."""
        own = parse_time(draft.ts)
        self.millis = self.millis if own is None else own
        if draft.native_id is not None:
            self.known[draft.native_id] = message.id


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
    for uid in sorted(groups):
        for log, identity in sorted(groups[uid], key=cmp_to_key(_longest_first)):
            try:
                yield _Import(log, identity, store, rewrite=rewrite).run()
            except FormatError as error:
                yield _skipped(log, f"its archived session is damaged: {error}", identity.uid)
            except SessionfsError as error:
                yield _skipped(log, str(error), identity.uid)
            advance(log.size)


def _skipped(log: Log, reason: str, uid: str | None = None) -> Imported:
    return Imported(
        path=log.shown, session=None, uid=uid, agent=log.adapter.flavor, status="skipped",
        reason=reason, messages=0, fidelity=None, redactions=0,
    )


def _longest_first(left: tuple[Log, Identity], right: tuple[Log, Identity]) -> int:
    if left[0].size != right[0].size:
        return right[0].size - left[0].size
    with left[0].open() as one, right[0].open() as other:
        while (a := one.read(_CHUNK)) or (b := other.read(_CHUNK)):
            b = other.read(_CHUNK) if a else b
            if a != b:
                return -1 if a < b else 1
    return 0


@dataclass(slots=True, frozen=True)
class _Place:
    """Where a log belongs: the session it continues, or the branch that it opens."""

    identity: Identity
    session: Session | None
    lineage: Lineage | None = None
    archived: int = 0
    """Bytes of the log that the session has."""


class _Import:
    """The import of one log."""

    def __init__(self, log: Log, identity: Identity, store: Store, *, rewrite: bool) -> None:
        self._log = log
        self._identity = identity
        self._store = store
        self._rewrite = rewrite

    def run(self) -> Imported:
        """Write what is to be written and say what became of the log."""
        place = self._find_place()
        uid = place.identity.uid
        if any(name in self._store.ignored for name in (uid, self._identity.uid)):
            return _skipped(self._log, "removed: archive.yaml ignores this uid", uid)
        if place.session is None:
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
        return self._write(place, place.session, lineage, "rewritten" if self._rewrite else "extended")

    def _report(self, summary: Summary, status: Status, reason: str | UnsetType = UNSET) -> Imported:
        return Imported(
            path=self._log.shown, session=summary.id, uid=summary.uid,
            agent=self._log.adapter.flavor, status=status, reason=reason,
            messages=summary.messages, fidelity=summary.fidelity.level,
            redactions=summary.redactions,
        )

    def _find_place(self) -> _Place:
        identity, lineage = self._identity, None
        main = self._store.find(identity.uid)
        for session in [*([main] if main else []), *self._store.branches(identity.uid)]:
            archived = _log_bytes(session)
            if self._is_same(session, archived):
                found = identity.branch(session.manifest.source.native_id)
                return _Place(found, session, None, archived)
        while main is not None:
            line, at = self._first_difference(main)
            if not line.eol and not is_decoded(line):
                message = "the log is torn at the very line where it differs from its session"
                raise SessionfsError(message, hint="import it again when the line is complete")
            lineage = Lineage(
                parent=main.manifest.source.uid,
                relation="fork" if at else "continuation",
                at=at or UNSET,
            )
            identity = identity.branch(branch_native_id(identity.native_id, line.content))
            main = self._store.find(identity.uid)
        return _Place(identity, None, lineage)

    def _is_same(self, session: Session, archived: int) -> bool:
        """Tell whether the log's bytes begin with the session's log, or the other way round."""
        common = min(self._log.size, archived)
        with self._log.open() as stream:
            ours = _digest_of(_chunks(stream, common))
        if common == archived:
            return ours == _log_digest(session)
        return ours == _digest_of(_first_bytes(session.restore(), common))

    def _first_difference(self, session: Session) -> tuple[Line, str | None]:
        """Return the log's first line that the session has not, and the message before it."""
        at = None
        theirs = ((message, session.native_line(message)) for message in session.messages()
                  if isinstance(message.native, dict) and "source" not in message.native)
        with self._log.open() as stream:
            for ours, pair in zip_longest(raw_lines(stream, self._log.size), theirs):
                if ours is None:
                    break
                if pair is None or pair[1][1] != ours:
                    return next(decode_lines(iter((ours,)))), at
                at = pair[0].id
        message = "the log changed while it was compared"
        raise SessionfsError(message, hint="import it again")

    def _write(
        self, place: _Place, old: Session | None, lineage: Lineage | None, status: Status
    ) -> Imported:
        identity = place.identity
        identifier = old.id if old is not None else session_id(identity.uid, identity.millis or 0)
        name = old.manifest.source.name if old is not None else identity.name
        stage = self._store.stage(identifier)
        try:
            writer = SessionWriter(stage.tree, name, old=old)
            millis = parse_time(old.manifest.started_at) if old is not None else identity.millis
            facts, hasher = self._write_messages(writer, name, _Ids(identity.uid, millis or 0), old)
            if old is None:
                manifest, text = self._manifest(identifier, place, lineage, facts), None
            else:
                manifest, text = self._grown_manifest(old, facts)
            summary, seal = writer.finish(manifest, text)
            self._prove(summary, name, hasher)
            if old is not None and seal == old.seal:
                return self._report(summary, "unchanged")
            stage.publish()
        finally:
            stage.discard()
        return self._report(summary, status)

    def _write_messages(
        self, writer: SessionWriter, name: str, ids: _Ids, old: Session | None
    ) -> tuple[Facts, Hasher]:
        log = self._log
        mapper = log.adapter.mapper(log.path, name, self._read)
        facts, hasher = self._identity.facts, Hasher()
        archived = old.messages() if old is not None and not self._rewrite else iter(())
        for draft, line in self._leading(mapper.map_leading):
            self._append(writer, ids, draft, line)
        kept = next(archived, None)
        while kept is not None and isinstance(kept.native, dict) and "source" in kept.native:
            writer.keep(kept, old.native_line(kept)[1] if old is not None else b"")
            kept = next(archived, None)
        for line in log.lines():
            whole = line.content + line.eol
            hasher.update(whole)
            draft = draft_of(mapper, line)
            facts.learn(draft.facts)
            if kept is not None and not _is_open(kept):
                ids.keep(draft, kept)
                writer.keep(kept, whole)
                kept = next(archived, None)
            else:
                kept = None
                self._append(writer, ids, draft, line)
        return facts, hasher

    def _append(self, writer: SessionWriter, ids: _Ids, draft: Draft, line: Line) -> None:
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
        log = self._log
        return read_bytes(log.tree, path) if path in log.adapter.attachable(log.tree, log.path) else None

    def _prove(self, summary: Summary, name: str, hasher: Hasher) -> None:
        """Raise unless what was written gives the log back as it was read."""
        restored = next((source for source in summary.source_files if source.name == name), None)
        if restored is None or restored.blake3 != hasher.hexdigest():
            message = "what was written does not give the log back"
            raise SessionfsError(message, hint="this is a defect of sessionfs: please report it")

    def _manifest(
        self, identifier: str, place: _Place, lineage: Lineage | None, facts: Facts
    ) -> Manifest:
        adapter, identity = self._log.adapter, place.identity
        return Manifest(
            format=FORMAT, min_reader=MIN_READER, id=identifier,
            source=Source(
                flavor=adapter.flavor, native_id=identity.native_id, uid=identity.uid,
                nature="log", adapter=f"{adapter.flavor}/{adapter.mapping}", name=identity.name,
            ),
            agent=_agent(adapter.agent, facts),
            started_at=None if identity.millis is None else format_time(identity.millis),
            workspace=_workspace(facts, None),
            lineage=lineage or UNSET,
        )

    def _grown_manifest(self, old: Session, facts: Facts) -> tuple[Manifest, bytes]:
        """Return the old manifest with the facts that it lacked, and its text, comments kept."""
        before, text = old.manifest, read_bytes(old.tree, MANIFEST)
        agent = before.agent if before.agent.version else _agent(before.agent.name, facts)
        after = replace(before, agent=agent, workspace=_workspace(facts, before.workspace or None))
        changes = {
            key: to_plain(getattr(after, key))
            for key in ("agent", "workspace")
            if getattr(after, key) != getattr(before, key)
        }
        if self._rewrite:
            adapter = self._log.adapter
            source = replace(before.source, adapter=f"{adapter.flavor}/{adapter.mapping}")
            after = replace(after, source=source)
            if source != before.source:
                changes["source"] = to_plain(source)
        return after, edit(text, changes) if changes else text


def _is_open(kept: Message) -> bool:
    """Tell whether an archived message is the end of a log without line end: it may be completed."""
    return isinstance(kept.native, dict) and kept.native.get("eol") == ""


def _agent(name: str, facts: Facts) -> Agent:
    return Agent(name=name, version=facts.version or UNSET)


def _workspace(facts: Facts, before: Workspace | None) -> Workspace | UnsetType:
    """Return the workspace: what was known stays, what was not is taken from the log."""
    told = {
        "repository": without_credentials(facts.repository) if facts.repository else None,
        "branch": facts.branch,
        "commit": facts.commit,
        "cwd": tilde(facts.cwd) if facts.cwd else None,
    }
    known = {
        name: (getattr(before, name) or value) if before is not None else value
        for name, value in told.items()
    }
    known = {name: value for name, value in known.items() if value}
    return Workspace(**known) if known else UNSET


def _log_bytes(session: Session) -> int:
    return next((s.bytes for s in session.summary.source_files if s.name == _log_name(session)), 0)


def _log_digest(session: Session) -> str | None:
    return next((s.blake3 for s in session.summary.source_files if s.name == _log_name(session)), None)


def _log_name(session: Session) -> str:
    return session.manifest.source.name


def _chunks(stream: object, size: int) -> Iterator[bytes]:
    left = size
    while left > 0 and (chunk := stream.read(min(left, _CHUNK))):  # type: ignore[attr-defined]
        left -= len(chunk)
        yield chunk


def _first_bytes(lines: Iterator[bytes], size: int) -> Iterator[bytes]:
    left = size
    with closing(lines):  # type: ignore[type-var]
        for line in lines:
            yield line[:left]
            left -= len(line)
            if left <= 0:
                return


def _digest_of(chunks: Iterable[bytes]) -> str:
    hasher = Hasher()
    for chunk in chunks:
        hasher.update(chunk)
    return hasher.hexdigest()
