"""Archived sessions without their secrets: what is found in them, and the same session anew.

The native log is not at hand: messages are taken as they are archived.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sessionfs.archive import MANIFEST
from sessionfs.canonical import UNSET, convert, to_plain
from sessionfs.model import Manifest
from sessionfs.placeholder import as_text, file_text
from sessionfs.redact.known import Known
from sessionfs.redact.messages import Mark, Redactor
from sessionfs.redactions import read_redactions
from sessionfs.restore import message_files
from sessionfs.tree import NoTree, read_bytes
from sessionfs.writer import SessionWriter
from sessionfs.yamltext import edit, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.archive import Session
    from sessionfs.model import Message
    from sessionfs.redact.ruleset import Ruleset
    from sessionfs.tree import WritableTree

_IDENTITY = frozenset("format min_reader id source started_at lineage outcome".split())
"""Keys of a manifest that are no text of the log or of people."""


@dataclass(slots=True, frozen=True)
class Found:
    """A place in a session that holds secrets: the message it is in, None for the manifest."""

    message: Message | None
    mark: Mark


def find_secrets(session: Session, ruleset: Ruleset) -> list[Found]:
    """Return each place of a session that holds what the rules find, the manifest first."""
    session.check_digests()
    known = Known()
    found = list(_find(session, Redactor(ruleset, known)))
    if known.grew:  # they may stand bare above
        known.take_stock()
        found = list(_find(session, Redactor(ruleset, known)))
    return found


def _find(session: Session, redactor: Redactor) -> Iterator[Found]:
    text = read_bytes(session.tree, MANIFEST)
    for mark in redact_manifest(session.manifest, text, redactor)[2]:
        yield Found(None, mark)
    for message in session.messages():
        redacted = redactor.archived(message, session.file, _native_line(session, message))
        for mark in redacted.marks:
            yield Found(message, mark)


def redact_session(session: Session, ruleset: Ruleset, tree: WritableTree) -> int:
    """Write a session, which is undamaged, without its secrets; return how many were removed.

    Where that is none, nothing that is of use was written.
    """
    reserve_numbers(known := Known(), session)
    known.grew = True
    while known.grew:  # every secret is known, and has its number, before a byte is written
        known.take_stock()
        if not _write(session, Redactor(ruleset, known), NoTree()):
            return 0
    return _write(session, Redactor(ruleset, known), tree)


def remove_known(session: Session, known: Known, tree: WritableTree) -> int:
    """Write a session, which is undamaged, without what is known; return how many were removed.

    The placeholders get numbers of this session: those of another one may be taken here.
    """
    reserve_numbers(own := Known(), session)
    own.take_over(known)
    own.take_stock()
    return _write(session, Redactor(None, own), tree)


def _write(session: Session, redactor: Redactor, tree: WritableTree) -> int:
    writer = SessionWriter(tree, session.manifest.source.name, old=session)
    removed = 0
    for message in session.messages():
        line = _native_line(session, message)
        redacted = redactor.archived(message, session.file, line)
        removed += sum(mark.number for mark in redacted.marks)
        if redacted.marks:
            writer.change(redacted)
        else:
            writer.keep(message, line)
    text = read_bytes(session.tree, MANIFEST)
    manifest, text, marks = redact_manifest(session.manifest, text, redactor)
    removed += sum(mark.number for mark in marks)
    writer.finish(manifest, text, marks)
    return removed


def redact_manifest(
    manifest: Manifest, text: bytes, redactor: Redactor
) -> tuple[Manifest, bytes, list[Mark]]:
    """Return a manifest and its text without secrets, and what was taken out of it."""
    plain: dict[str, Any] = to_plain(manifest)
    marks: list[Mark] = []
    changes = {}
    for key, value in plain.items():
        if key not in _IDENTITY:
            cleared, taken = redactor.value(value, f"/{key}")
            if taken:
                changes[key] = cleared
                marks += taken
    comments, taken = redactor.comments(text)
    if not changes and not taken:
        return manifest, text, []
    marks += taken
    text = edit(comments, changes)
    return convert(parse(text), Manifest), text, sorted(marks)


def _native_line(session: Session, message: Message) -> bytes:
    return b"" if message.native is UNSET else session.native_line(message)[1]


def reserve_numbers(known: Known, session: Session) -> None:
    """Have no number given again that a placeholder of a session has already."""
    known.reserve_in(as_text(read_bytes(session.tree, MANIFEST)))
    redacted = {row.seq for row in read_redactions(session)}
    for message in session.messages() if redacted else ():
        if message.seq in redacted:
            texts = [_native_line(session, message), *map(session.file, message_files(message))]
            for text in texts:
                known.reserve_in(file_text(text))
