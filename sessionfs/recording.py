"""One log as it is written: every message, new or archived, without its secrets.

All that is written goes through here twice where a secret is in it: once into nothing, so that
each secret is known and has its number before a byte is written, and once into the session.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from sessionfs.archive import MANIFEST
from sessionfs.digest import Hasher
from sessionfs.errors import SessionfsError
from sessionfs.identity import parse_time
from sessionfs.logs import decode_lines, draft_of, raw_lines
from sessionfs.native import settle
from sessionfs.numbering import Ids
from sessionfs.placeholder import (
    PLACEHOLDER,
    as_text,
    file_text,
    pair,
    pair_lines,
    split_placeholder,
)
from sessionfs.redact.known import Known
from sessionfs.redact.lines import Detector
from sessionfs.redact.messages import Mark, Redactor
from sessionfs.tree import NoTree, read_bytes
from sessionfs.writer import SessionWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sessionfs.adapters import Mapper
    from sessionfs.archive import Session
    from sessionfs.draft import Draft, Facts
    from sessionfs.logs import Log
    from sessionfs.model import Message, SourceFile, Summary
    from sessionfs.native import Line
    from sessionfs.placeholder import Pairs
    from sessionfs.placing import Place
    from sessionfs.redact.ruleset import Ruleset
    from sessionfs.tree import WritableTree

_FACTS = {
    "version": "/agent/version",
    "repository": "/workspace/repository",
    "branch": "/workspace/branch",
    "commit": "/workspace/commit",
    "cwd": "/workspace/cwd",
}
"""What a log tells of its session, and where it stands in the manifest."""


@dataclass(slots=True)
class Recorded:
    """What was written of a log, and what the log told of its session."""

    writer: SessionWriter
    ids: Ids
    redactor: Redactor
    facts: Facts
    later: Redactor | None
    """Takes what is known by now out of what is archived already."""
    changed: bool = False
    """Whether an archived message is no longer what it was."""
    hasher: Hasher = field(default_factory=Hasher)
    """The digest of the log as it is given back."""

    def take_facts(self) -> tuple[Facts, list[Mark]]:
        """Return what the log told without secrets, and what of it was taken out."""
        changes: dict[str, Any] = {}
        marks: list[Mark] = []
        for name, pointer in _FACTS.items():
            fact = getattr(self.facts, name)
            if fact is not None:
                changes[name], taken = self.redactor.value(fact, pointer)
                marks += taken
        return replace(self.facts, **changes), marks


class Recorder:
    """Writes the messages of one log, as often as it takes."""

    def __init__(self, log: Log, place: Place, ruleset: Ruleset | None, *, rewrite: bool) -> None:
        """Write a log to its place, without what the rules find."""
        self._log = log
        self._place = place
        self._ruleset = ruleset
        self._rewrite = rewrite
        self._known = Known()
        self._carried: set[str] = set()
        self._reading: list[str] = []
        self.beside: dict[str, Log] = {}
        """The log by the path of each file that may come with it."""
        self.brought: set[str] = set()
        """Paths of the files that its records have brought in."""
        self.late: set[str] = set()
        """Paths of files that came after the records that name them were archived."""

    @property
    def name(self) -> str:
        """The log's name in its session."""
        old = self._place.session
        return old.manifest.source.name if old is not None else self._place.identity.name

    def prepare(self) -> None:
        """Get to know every secret that is in what will be written."""
        if self._place.redacted or self._detects():
            self._write(NoTree(), rehearsal=True)

    def write(self, tree: WritableTree) -> Recorded | None:
        """Write every message, or return None where that showed a secret that was not known.

        Messages that are archived are kept as they are, once the log is known to begin with
        the very bytes that they stand for; only what later lines tell to be a secret goes.
        """
        self._known.take_stock()
        recorded = self._write(tree)
        return None if self._known.grew else recorded

    def _detects(self) -> bool:
        """Tell whether what is new in the log, or a file beside it, holds a secret."""
        if self._ruleset is None:
            return False
        log, detector = self._log, Detector(self._ruleset)
        begin = 0 if self._rewrite else self._place.archived
        with log.open() as stream:
            for line in raw_lines(stream, log.size):
                begin -= len(line)
                if begin < 0 and detector.is_in_line(line.rstrip(b"\r\n")):
                    return True
        adapter = log.adapter
        beside = (adapter.leading(log.tree, log.path), adapter.attachable(log.tree, log.path))
        return any(
            detector.is_in_content(read_bytes(log.tree, path)) for paths in beside for path in paths
        )

    def _write(self, tree: WritableTree, *, rehearsal: bool = False) -> Recorded:
        log, place, old = self._log, self._place, self._place.session
        millis = parse_time(old.manifest.started_at) if old is not None else place.identity.millis
        mapper = log.adapter.mapper(log.path, self.name, self._read)
        self.beside = {self._shown(p): log for p in log.adapter.attachable(log.tree, log.path)}
        later = Redactor(None, self._known) if self._known.secrets and not rehearsal else None
        recorded = Recorded(
            SessionWriter(tree, self.name, old=old),
            Ids(place.identity.uid, millis or 0),
            Redactor(self._ruleset, self._known, self._carried),
            replace(place.identity.facts),
            later,
        )
        keep = partial(self._keep, recorded)
        whole = _Prefix(0 if place.redacted else place.archived)
        archived = old.messages() if old is not None and not self._rewrite else iter(())
        kept = next(archived, None)
        self._write_leading(recorded, mapper, kept)
        if old is not None:
            self._known.reserve_in(as_text(read_bytes(old.tree, MANIFEST)))
        while kept is not None and "source" in _native(kept):
            self._learn_leading(mapper, recorded, kept)
            keep(kept, None)
            kept = next(archived, None)
        for line in self._lines(whole):
            self._reading.clear()
            draft = draft_of(mapper, line)
            recorded.facts.learn(draft.facts)
            if kept is not None and not _is_open(kept):
                recorded.ids.keep(draft, kept)
                self._learn(recorded, kept, draft, line)
                keep(kept, line)
                if not set(draft.beside) <= set(_native(kept).get("files", {})):
                    self.late.update(self._reading)
                kept = next(archived, None)
            else:
                kept = None
                self._append(recorded, draft, line)
        begins = place.redacted or whole.begins_with(old, self.name)
        if kept is not None or whole.size != log.size or not begins:
            raise _changed()
        return recorded

    def _lines(self, whole: _Prefix) -> Iterator[Line]:
        """Yield the lines of the log; where archived ones are mapped anew, those with placeholders.

        Else what was taken out of them, by whatever rules, would come back.
        """
        old = self._place.session
        replay = (
            old.restore() if old is not None and self._rewrite and self._place.redacted else None
        )
        for line in self._log.lines():
            content = line.content + line.eol
            whole.update(content)
            archived = next(replay, content) if replay is not None else content
            pairs: Pairs = []
            # Not the same: the session had only the beginning of this line.
            if archived == content or not pair_lines(archived, content, pairs):
                yield line
                continue
            self._carry(pairs)
            yield next(decode_lines(iter((archived,))))

    def _write_leading(self, recorded: Recorded, mapper: Mapper, kept: Message | None) -> None:
        """Write the documents that describe the log; those of a kept session stand already."""
        known = _native(kept).get("source") if kept is not None else None
        for draft, line in self._leading(mapper.map_leading):
            if kept is None:
                self._append(recorded, draft, line)
            elif known is None:
                paths = self._log.adapter.leading(self._log.tree, self._log.path)
                self.late.update(map(self._shown, paths))

    def _leading(self, map_leading: Callable[[str, object], Draft]) -> Iterator[tuple[Draft, Line]]:
        """Yield the documents that describe the log, each a record of its own source."""
        log = self._log
        for path in log.adapter.leading(log.tree, log.path):
            content = read_bytes(log.tree, path)
            for line in decode_lines(iter((content,))):
                draft = map_leading(path, line.value)
                if draft.source is not None:
                    yield draft, line

    def _append(self, recorded: Recorded, draft: Draft, line: Line) -> None:
        seq = recorded.writer.messages + 1
        identifier, parent, ts = recorded.ids.next(draft, seq)
        settled = settle(draft, line, seq=seq, id=identifier, parent=parent, ts=ts)
        redacted = recorded.redactor.settled(settled, line.content + line.eol)
        if draft.source is None:
            recorded.hasher.update(redacted.line)
        recorded.writer.append(redacted)

    def _keep(self, recorded: Recorded, kept: Message, line: Line | None) -> None:
        """Write an archived message as it is, less what is known by now to be a secret."""
        old = self._place.session
        if old is None:
            return
        if line is None or recorded.writer.record.has(kept.seq):
            native = old.native_line(kept)[1]
        else:
            native = line.content + line.eol
        later = recorded.later
        redacted = later.archived(kept, old.file, native) if later is not None else None
        if redacted is not None and redacted.marks:
            recorded.changed = True
            recorded.writer.change(redacted)
            native = redacted.line
        else:
            recorded.writer.keep(kept, native)
        if line is not None:
            recorded.hasher.update(native)

    def _learn(self, recorded: Recorded, kept: Message, draft: Draft, line: Line) -> None:
        """Learn from the log what the placeholders of an archived message stand for."""
        old = self._place.session
        if old is None or not self._place.redacted:
            return
        content = line.content + line.eol
        if not recorded.writer.record.has(kept.seq):
            if old.native_line(kept)[1] != content:
                raise _changed()
            return
        template = old.native_line(kept)[1]
        pairs: Pairs = []
        if not pair_lines(template, content, pairs):
            raise _changed()
        self._know(self._by_rules(kept, draft, line, template) or pairs)
        for name, address in _native(kept).get("files", {}).items():
            archived = file_text(old.file(address))
            live = draft.payloads.get(draft.beside.get(name, ""))
            self._know((live is not None and pair(archived, file_text(live))) or ())
            self._known.reserve_in(archived)

    def _by_rules(self, kept: Message, draft: Draft, line: Line, template: bytes) -> Pairs:
        """Return what the rules in force find in a line, if that is what is archived of it."""
        known = Known()
        settled = settle(draft, line, seq=kept.seq, id=kept.id, parent=kept.parent, ts=kept.ts)
        found = Redactor(self._ruleset, known).settled(settled, line.content + line.eol).line
        texts = as_text(template), as_text(found)
        if len({PLACEHOLDER.sub("", text) for text in texts}) > 1:
            return []
        archived, ours = (PLACEHOLDER.findall(text) for text in texts)
        secrets = [known.secret(name) for name in ours]
        if len(archived) != len(ours) or None in secrets:
            return []
        told = (None if s is None else s.decode("utf-8", "surrogatepass") for s in secrets)
        return list(zip(archived, told, strict=True))

    def _know(self, pairs: Iterable[tuple[str, str | None]]) -> None:
        for placeholder, text in pairs:
            if text is None:
                self._known.reserve(*split_placeholder(placeholder))
            elif text != placeholder:
                secret = text.encode("utf-8", "surrogatepass")
                self._known.learn(secret, *split_placeholder(placeholder))

    def _learn_leading(self, mapper: Mapper, recorded: Recorded, kept: Message) -> None:
        """Learn the same from a document that describes the log, as far as it is still there."""
        old = self._place.session
        if old is None or not recorded.writer.record.has(kept.seq):
            return
        template = old.native_line(kept)[1]
        for draft, line in self._leading(mapper.map_leading):
            pairs: Pairs = []
            if draft.source == _native(kept).get("source") and pair_lines(
                template, line.content + line.eol, pairs
            ):
                self._know(pairs)
        self._known.reserve_in(as_text(template))

    def _carry(self, pairs: Pairs) -> None:
        self._know(pairs)
        self._carried.update(name for name, text in pairs if name != text)

    def _read(self, path: str) -> bytes | None:
        """Return an attachable file, for the mapper; it may read nothing else."""
        log = self._log
        if path not in log.adapter.attachable(log.tree, log.path):
            return None
        self.brought.add(self._shown(path))
        self._reading.append(self._shown(path))
        content = read_bytes(log.tree, path)
        for archived in self._archived_files if self._rewrite else ():
            pairs = pair(file_text(archived), file_text(content))
            if pairs is not None:
                self._carry(pairs)
                return archived
        return content

    @cached_property
    def _archived_files(self) -> list[bytes]:
        """The files beside the log that are archived with placeholders."""
        old = self._place.session
        if old is None or not self._place.redacted:
            return []
        addresses = {
            address
            for message in old.messages()
            for address in _native(message).get("files", {}).values()
        }
        return [
            content
            for content in map(old.file, sorted(addresses))
            if PLACEHOLDER.search(file_text(content))
        ]

    def _shown(self, path: str) -> str:
        return self._log.shown.removesuffix(self._log.path) + path


class _Prefix:
    """The size of a log, and the digest of its first bytes: those which are archived."""

    def __init__(self, archived: int) -> None:
        self.size = 0
        self._left = archived
        self._beginning = Hasher()

    def update(self, chunk: bytes) -> None:
        """Take in the next bytes of the log."""
        self.size += len(chunk)
        if self._left:
            self._beginning.update(chunk[: self._left])
            self._left -= min(self._left, len(chunk))

    def begins_with(self, session: Session | None, name: str) -> bool:
        """Tell whether the log begins with the log that a session has, if there is one."""
        beginning = source_of(session.summary, name) if session is not None else None
        return beginning is None or beginning.blake3 == self._beginning.hexdigest()


def source_of(summary: Summary, name: str) -> SourceFile | None:
    """Return what a summary says of a native file, if it has it."""
    return next((source for source in summary.source_files if source.name == name), None)


def _changed() -> SessionfsError:
    message = "the log changed while it was read"
    return SessionfsError(message, hint="import it again")


def _native(message: Message) -> dict[str, Any]:
    return message.native if isinstance(message.native, dict) else {}


def _is_open(kept: Message) -> bool:
    """Tell whether a message is the end of a log without line end: it may be completed."""
    return isinstance(kept.native, dict) and kept.native.get("eol") == ""
