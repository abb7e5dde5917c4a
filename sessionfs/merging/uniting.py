"""The session that has all of two forms of one: messages, what was removed, what people say."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from sessionfs.archive import MANIFEST
from sessionfs.canonical import convert, replace, to_plain
from sessionfs.digest import Hasher
from sessionfs.errors import Conflict
from sessionfs.merging.blending import blend_values
from sessionfs.merging.manifests import People, merge_text
from sessionfs.model import Message
from sessionfs.placeholder import (
    PLACEHOLDER,
    covers,
    file_text,
    pair_lines,
    split_placeholder,
)
from sessionfs.redact.known import Known
from sessionfs.redact.messages import Redactor
from sessionfs.redacting import redact_manifest, reserve_numbers
from sessionfs.redactions import Redaction, read_redactions
from sessionfs.restore import end_of_line, restore_record
from sessionfs.tree import read_bytes
from sessionfs.writer import SessionWriter
from sessionfs.yamltext import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sessionfs.archive import Session
    from sessionfs.copying import Renamed
    from sessionfs.merging.relation import Relation
    from sessionfs.merging.removed import Removed
    from sessionfs.model import Manifest
    from sessionfs.placeholder import Pairs
    from sessionfs.redact.messages import Mark, Redacted
    from sessionfs.tree import WritableTree


def secrets_of(pairs: Pairs, sessions: Iterable[Session], foreign: Known) -> Known:
    """Return what some side has removed, given with its placeholders, to be removed anywhere.

    What is known of other sessions, `foreign`, gets numbers of this one.
    """
    known = Known()
    if not pairs and not foreign.secrets:
        return known
    for session in sessions:
        reserve_numbers(known, session)
    for name, text in pairs:
        if not text or PLACEHOLDER.search(text):
            continue
        secret = text.encode("utf-8", "surrogatepass")
        rule, number = split_placeholder(name)
        if known.secret(name) in (None, secret):
            known.learn(secret, rule, number)
        else:  # both sides have given this number, to different secrets
            known.name(secret, rule)
    known.take_over(foreign)
    known.take_stock()
    return known


class Written(NamedTuple):
    """A message as it is to be written: its line, and what was taken out of it before, and now."""

    message: Message
    line: bytes
    rows: list[Redaction]
    redacted: Redacted | None


class Uniting:
    """One form of a session, without what the other form of it has removed."""

    def __init__(
        self,
        first: Session,
        second: Session,
        relation: Relation,
        known: Known,
        renamed: Renamed | None = None,
    ) -> None:
        """Take the messages of the first, without what is known, perhaps under other ids."""
        self._first = first
        self._second = second
        self._relation = relation
        self._redactor = Redactor(None, known) if known.secrets else None
        self._renamed = renamed
        self._rows = _by_seq(first), _by_seq(second)

    def write(self, tree: WritableTree, common: bytes | None, removed: Removed) -> None:
        """Write the session, with what people say of the second, into an empty tree.

        `common` is the manifest that both come from. Raises `Conflict` where what one side removed
        cannot be removed from the other.
        """
        first, second, relation = self._first, self._second, self._relation
        writer = SessionWriter(tree, first.manifest.source.name, old=first, beside=second)
        marked = _marked(second)
        present: dict[str, str] = {}
        last = relation.last[0].message.seq if relation.last is not None else 0
        for one in self.messages():
            _put(writer, one)
            if one.message.seq in marked and (relation.is_same or one.message.seq <= last):
                present[marked[one.message.seq]] = one.message.id

        def is_there(key: str, item: Mapping[str, Any]) -> bool:
            if key == "bookmarks":
                return item["message"] in present.values()
            if key == "checkpoints" and not relation.is_same:
                return bool(item["seq"] <= last)
            return True

        texts = [removed.clear_comments(_manifest(session)) for session in (first, second)]
        forms = [removed.clear(parse(text)) for text in texts]
        for mark in forms[1].get("bookmarks", ()):
            mark["message"] = present.get(mark["message"], mark["message"])
        before = None if common is None else removed.clear(parse(common))
        merged = {**forms[0], **People(before, forms[0], forms[1], is_there).merged()}
        writer.record.take(_more(*(rows.get(0, ()) for rows in self._rows)))
        text = None if common is None else removed.clear_comments(common)
        self._finish(writer, *merge_text(texts[0], texts[1], text, merged))

    def write_alone(self, tree: WritableTree, removed: Removed) -> None:
        """Write the session with its own manifest alone; raises `Conflict` as `write` does."""
        first = self._first
        writer = SessionWriter(tree, first.manifest.source.name, old=first, beside=self._second)
        for one in self.messages():
            _put(writer, one)
        writer.record.take(_more(*(rows.get(0, ()) for rows in self._rows)))
        text = removed.clear_comments(_manifest(first))
        merged = removed.clear(parse(text))
        if self._renamed is not None:
            merged |= self._renamed.changes()
        self._finish(writer, *merge_text(text, text, None, merged))

    def line_after(self, count: int) -> bytes:
        """Return the line of the log that comes after so many, as it is to be written."""
        lines = (
            one.line
            for one in self.messages()
            if not isinstance(one.message.native, dict) or "source" not in one.message.native
        )
        return next(islice(lines, count, None), b"")

    def digest(self) -> str:
        """Return the digest of all lines that are to be written: nothing that was removed."""
        hasher = Hasher()
        for one in self.messages():
            hasher.update(one.line)
        return hasher.hexdigest()

    def messages(self) -> Iterator[Written]:
        """Yield the messages as they are to be written; raises `Conflict` as `write` does."""
        unlike = dict(self._relation.unlike)
        theirs = _Lookup(self._second)
        for message in self._first.messages():
            seq, choice = message.seq, self._relation.choices.get(message.seq)
            if choice == "both":
                yield self._both(message, theirs.at(seq))
            elif choice == "second":
                other = theirs.at(seq)
                yield self._cleared(other, _line(self._second, other), self._recorded(seq))
            elif choice == "first":
                yield self._cleared(message, _line(self._first, message), self._recorded(seq))
            else:
                yield self._mine(message, theirs.at(unlike[seq]) if seq in unlike else None)

    def _cleared(self, message: Message, line: bytes, rows: list[Redaction]) -> Written:
        redactor, renamed = self._redactor, self._renamed
        if renamed is not None:
            message, rows = renamed.message(message), list(map(renamed.redaction, rows))
            self._refuse_change(message, line)
        redacted = None if redactor is None else redactor.archived(message, self._file, line)
        if redacted is None or not redacted.marks:
            return Written(message, line, rows, None)
        return Written(redacted.message, redacted.line, rows, redacted)

    def _mine(self, message: Message, other: Message | None) -> Written:
        """Return a message of the first; `other` is the second's, which has other placeholders."""
        rows = self._rows[0].get(message.seq, [])
        cleared = self._cleared(message, _line(self._first, message), rows)
        if other is not None and not pair_lines(cleared.line, _line(self._second, other)):
            message_ = f"what one side removed from message {message.seq} cannot be told apart"
            raise Conflict(message_, hint="run `sessionfs redact` on the other branch, too")
        return cleared

    def _both(self, one: Message, other: Message) -> Written:
        """Return a message with the placeholders, and the files beside the log, of both."""
        try:
            files = self._both_files(_files(one), _files(other))
        except ValueError:
            files = None
        for made in self._united(one, other, files) if files is not None else ():
            cleared = self._cleared(made, self._restored(made), self._recorded(one.seq))
            lines = _line(self._first, one), _line(self._second, other)
            if all(pair_lines(cleared.line, line) for line in lines):
                return cleared
        message = f"message {one.seq} has been redacted on both sides, and cannot be united"
        raise Conflict(message, hint="run `sessionfs redact` on one branch as on the other")

    def _united(self, one: Message, other: Message, files: dict[str, str]) -> Iterator[Message]:
        """Yield what a message of both may be: blended, or the one that has all of the files."""
        moved = {side[name]: files[name] for side in (_files(one), _files(other)) for name in side}
        plain = [self._moved(to_plain(side), moved) for side in (one, other)]
        for side in plain:
            if files:
                side["native"]["files"] = files
        with suppress(ValueError):
            blended: Message = convert(blend_values(plain[0], plain[1], ([], [])), Message)
            yield blended
        yield from (side for side in (one, other) if _files(side) == files)

    def _moved(self, value: Any, moved: Mapping[str, str]) -> Any:  # noqa: ANN401
        """Return a value of a message that names other files, and tells their sizes."""
        match value:
            case str():
                return moved.get(value, value)
            case list():
                return [self._moved(item, moved) for item in value]
            case dict():
                made = {key: self._moved(item, moved) for key, item in value.items()}
                if "bytes" in made and made.get("file") != value.get("file"):
                    made["bytes"] = len(self._file(made["file"]))
                return made
            case _:
                return value

    def _restored(self, message: Message) -> bytes:
        native = message.native
        if not isinstance(native, dict):
            return b""
        return restore_record(native, message, self._file) + end_of_line(native)

    def _both_files(self, mine: dict[str, str], theirs: dict[str, str]) -> dict[str, str]:
        """Return the files of both; of two contents the one that is the other with placeholders."""
        files = {**theirs, **mine}
        for name in mine.keys() & theirs.keys():
            texts = [file_text(self._file(side[name])) for side in (mine, theirs)]
            if not covers(texts[0], texts[1]):
                if not covers(texts[1], texts[0]):
                    raise ValueError("the files differ")
                files[name] = theirs[name]
        return {name: files[name] for name in sorted(files, key=str.encode)}

    def _recorded(self, seq: int) -> list[Redaction]:
        """Return what either side has recorded of a message that both have."""
        return _most(*(rows.get(seq, ()) for rows in self._rows))

    def _file(self, address: str) -> bytes:
        try:
            return self._first.file(address)
        except KeyError:
            return self._second.file(address)

    def _refuse_change(self, message: Message, line: bytes) -> None:
        """Raise where a native record refers to the id that its message had."""
        if isinstance(message.native, dict) and self._restored(message) != line:
            message_ = f"{self._first.path} refers to its own ids and can have no others"
            raise Conflict(message_, hint="resolve this session by hand: take one side")

    def _finish(self, writer: SessionWriter, manifest: Manifest, text: bytes) -> None:
        marks: list[Mark] = []
        if self._redactor is not None:
            manifest, text, marks = redact_manifest(manifest, text, self._redactor)
        writer.finish(manifest, text, marks)


def _put(writer: SessionWriter, one: Written) -> None:
    if one.redacted is None:
        writer.keep(one.message, one.line, one.rows)
    else:
        writer.change(one.redacted, one.rows)


def _marked(session: Session) -> dict[int, str]:
    """Return the ids of the messages that have a bookmark, by their seq."""
    ids = {mark.message for mark in session.manifest.bookmarks or ()}
    return {one.seq: one.id for one in session.messages() if one.id in ids} if ids else {}


def _manifest(session: Session) -> bytes:
    return read_bytes(session.tree, MANIFEST)


def _files(message: Message) -> dict[str, str]:
    """Return the files beside the log that a message brings, by name."""
    native = message.native
    found: dict[str, str] = native.get("files", {}) if isinstance(native, dict) else {}
    return found


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
