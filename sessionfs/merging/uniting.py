"""The session that has all of two forms of one: messages, what was removed, what people say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionfs.archive import MANIFEST
from sessionfs.canonical import convert, replace, to_plain
from sessionfs.errors import Conflict
from sessionfs.merging.blending import blend_values
from sessionfs.merging.manifests import People, merge_text
from sessionfs.model import Message
from sessionfs.placeholder import PLACEHOLDER, pair_lines, split_placeholder
from sessionfs.redact.known import Known
from sessionfs.redact.messages import Redactor
from sessionfs.redacting import redact_manifest, reserve_numbers
from sessionfs.redactions import Redaction, read_redactions
from sessionfs.restore import end_of_line, restore_record
from sessionfs.tree import read_bytes
from sessionfs.writer import SessionWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sessionfs.archive import Session
    from sessionfs.copying import Renamed
    from sessionfs.merging.relation import Relation
    from sessionfs.model import Manifest
    from sessionfs.redact.messages import Mark
    from sessionfs.tree import WritableTree


def secrets_of(relation: Relation, sessions: Iterable[Session]) -> Known:
    """Return what either side has removed and the other side still says, to be removed anywhere."""
    known = Known()
    if not any(relation.learned):
        return known
    for session in sessions:
        reserve_numbers(known, session)
    for pairs in relation.learned:
        for name, text in pairs:
            if not text or PLACEHOLDER.search(text):
                continue
            secret = text.encode("utf-8", "surrogatepass")
            rule, number = split_placeholder(name)
            if known.secret(name) in (None, secret):
                known.learn(secret, rule, number)
            else:  # both sides have given this number, to different secrets
                known.name(secret, rule)
    known.take_stock()
    return known


class Uniting:
    """Writes one form of a session with what another form of it adds."""

    def __init__(self, first: Session, second: Session, relation: Relation, known: Known) -> None:
        """Write the messages of the first, without what is known to be a secret."""
        self._first = first
        self._second = second
        self._relation = relation
        self._known = known
        self._rows = _by_seq(first), _by_seq(second)
        self._present: set[str] = set()
        self._last = 0

    def write(self, tree: WritableTree, common: Manifest | None) -> None:
        """Write the session into an empty tree; `common` is the manifest that both come from.

        Raises `Conflict` where what one side removed cannot be removed from the other.
        """
        first, second = self._first, self._second
        writer = SessionWriter(tree, first.manifest.source.name, old=first, beside=second)
        clearing = _Clearing(writer, self._known, self._file)
        self._write_messages(clearing)
        changes = People(common, first.manifest, second.manifest, self._is_there).changes()
        texts = [read_bytes(session.tree, MANIFEST) for session in (first, second)]
        writer.record.take(_more(*(rows.get(0, ()) for rows in self._rows)))
        clearing.finish(*merge_text(texts[0], texts[1], changes))

    def _write_messages(self, clearing: _Clearing) -> None:
        relation = self._relation
        marked = {mark.message for mark in self._second.manifest.bookmarks or ()}
        unlike = dict(relation.unlike)
        theirs = _Lookup(self._second)
        for message in self._first.messages():
            seq, choice = message.seq, relation.choices.get(message.seq)
            if choice == "both":
                self._write_both(clearing, message, theirs.at(seq))
            elif choice == "first":
                clearing.write(message, _line(self._first, message), self._recorded(seq))
            elif choice == "second":
                other = theirs.at(seq)
                clearing.write(other, _line(self._second, other), self._recorded(seq))
            else:
                counterpart = theirs.at(unlike[seq]) if seq in unlike else None
                self._write_mine(clearing, message, counterpart)
            if message.id in marked:
                self._present.add(message.id)
            if relation.last is not None and message.id == relation.last[0].message.id:
                self._last = seq

    def _is_there(self, key: str, item: Mapping[str, Any]) -> bool:
        """Tell whether the session has what a bookmark or a checkpoint of the second marks."""
        if key == "bookmarks":
            return item["message"] in self._present
        if key == "checkpoints" and not self._relation.is_same:
            return bool(item["seq"] <= self._last)
        return True

    def _write_mine(self, clearing: _Clearing, message: Message, other: Message | None) -> None:
        """Write a message of the first; `other` is the second's, which has other placeholders."""
        rows = self._rows[0].get(message.seq, ())
        line = clearing.write(message, _line(self._first, message), rows)
        if other is not None and not pair_lines(line, _line(self._second, other)):
            message_ = f"what one side removed from message {message.seq} cannot be told apart"
            raise Conflict(message_, hint="run `sessionfs redact` on the other branch, too")

    def _write_both(self, clearing: _Clearing, one: Message, other: Message) -> None:
        """Write a message with the placeholders of both."""
        try:
            blended: Message = convert(
                blend_values(to_plain(one), to_plain(other), ([], [])), Message
            )
        except ValueError:
            self._write_mine(clearing, one, other)
            return
        line = b""
        if isinstance(blended.native, dict):
            native = blended.native
            line = restore_record(native, blended, self._file) + end_of_line(native)
        clearing.write(blended, line, self._recorded(one.seq))

    def _recorded(self, seq: int) -> list[Redaction]:
        """Return what either side has recorded of a message that both have."""
        return _most(*(rows.get(seq, ()) for rows in self._rows))

    def _file(self, address: str) -> bytes:
        try:
            return self._first.file(address)
        except KeyError:
            return self._second.file(address)


def write_renamed(session: Session, renamed: Renamed, known: Known, tree: WritableTree) -> None:
    """Write a session under another id into an empty tree, without what is known.

    Raises `Conflict` where a native record refers to an id, so that it would become another.
    """
    writer = SessionWriter(tree, session.manifest.source.name, old=session)
    clearing = _Clearing(writer, known, session.file)
    rows = _by_seq(session)
    for message in session.messages():
        line = _line(session, message)
        named = renamed.message(message)
        if _line(session, named) != line:
            message_ = f"{session.path} refers to its own ids and can have no others"
            raise Conflict(message_, hint="resolve this session by hand: take one side")
        clearing.write(named, line, map(renamed.redaction, rows.get(message.seq, ())))
    text = read_bytes(session.tree, MANIFEST)
    clearing.finish(*merge_text(text, text, renamed.changes()))


class _Clearing:
    """Writes what is archived, without what is known to be a secret."""

    def __init__(self, writer: SessionWriter, known: Known, file: Callable[[str], bytes]) -> None:
        self.writer = writer
        self._redactor = Redactor(None, known) if known.secrets else None
        self._file = file

    def write(self, message: Message, line: bytes, rows: Iterable[Redaction]) -> bytes:
        """Write the next message; return the line that it stands for."""
        redactor = self._redactor
        redacted = None if redactor is None else redactor.archived(message, self._file, line)
        if redacted is None or not redacted.marks:
            self.writer.keep(message, line, rows)
            return line
        self.writer.change(redacted, rows)
        return redacted.line

    def finish(self, manifest: Manifest, text: bytes) -> None:
        """Write the manifest and what is derived."""
        marks: list[Mark] = []
        if self._redactor is not None:
            manifest, text, marks = redact_manifest(manifest, text, self._redactor)
        self.writer.finish(manifest, text, marks)


def _line(session: Session, message: Message) -> bytes:
    return session.native_line(message)[1] if isinstance(message.native, dict) else b""


def _by_seq(session: Session) -> dict[int, list[Redaction]]:
    found: dict[int, list[Redaction]] = {}
    for row in read_redactions(session):
        found.setdefault(row.seq or 0, []).append(row)
    return found


def _most(one: Iterable[Redaction], other: Iterable[Redaction]) -> list[Redaction]:
    """Return the lines about one message of both sides; of the same place the higher count."""
    found = {(row.pointer, row.rule): row for row in one}
    for row in other:
        mine = found.get((row.pointer, row.rule))
        if mine is None or mine.count < row.count:
            found[row.pointer, row.rule] = row
    return list(found.values())


def _more(one: Iterable[Redaction], other: Iterable[Redaction]) -> list[Redaction]:
    """Return what the other lines about a manifest say beyond those of the one."""
    known = {(row.pointer, row.rule): row.count for row in one}
    return [
        replace(row, count=row.count - count)
        for row in other
        if row.count > (count := known.get((row.pointer, row.rule), 0))
    ]


class _Lookup:
    """Messages of a session by seq, asked for in order: one pass over it."""

    def __init__(self, session: Session) -> None:
        self._messages: Iterator[Message] | None = None
        self._session = session

    def at(self, seq: int) -> Message:
        if self._messages is None:
            self._messages = self._session.messages()
        return next(message for message in self._messages if message.seq == seq)
