"""A session under another id: a copy, for an archive that has other bytes under the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionfs.archive import CHECKSUMS, MANIFEST, REDACTIONS, SUMMARY, is_segment, read_lines
from sessionfs.canonical import encode, replace, to_plain
from sessionfs.errors import Conflict
from sessionfs.identity import copy_native_id, message_id, session_id, time_of
from sessionfs.model import FORMAT, Lineage, decode_message, encode_message
from sessionfs.redactions import read_redactions
from sessionfs.tree import read_bytes
from sessionfs.writer import write_derived
from sessionfs.yamltext import edit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.archive import Session
    from sessionfs.model import Message
    from sessionfs.redactions import Redaction
    from sessionfs.tree import WritableTree


class Renamed:
    """What a session becomes under another native id: its own id and those of its messages."""

    def __init__(self, session: Session, native_id: str, lineage: Lineage, millis: int) -> None:
        """Name it; `millis` is the time of its id, in milliseconds since 1970."""
        before = session.manifest.source
        self._manifest = session.manifest
        self._source = replace(before, native_id=native_id, uid=f"{before.flavor}:{native_id}")
        self._lineage = lineage
        self.uid = self._source.uid
        self.id = session_id(self.uid, millis)

    def message(self, message: Message) -> Message:
        """Return a message under its new id."""
        parent = None if message.parent is None else self._named(message.parent)
        return replace(message, id=self._named(message.id), parent=parent)

    def redaction(self, row: Redaction) -> Redaction:
        """Return a line of redactions.jsonl that names the message by its new id."""
        return row if row.message is None else replace(row, message=self._named(row.message))

    def changes(self) -> dict[str, Any]:
        """Return the keys of the manifest that have another value."""
        changes = {
            "id": self.id,
            "source": to_plain(self._source),
            "lineage": to_plain(self._lineage),
        }
        marks = to_plain(self._manifest.bookmarks) if self._manifest.bookmarks else []
        if marks:
            named = [{**mark, "message": self._named(mark["message"])} for mark in marks]
            changes["bookmarks"] = named
        return changes

    def _named(self, former: str) -> str:
        return message_id(self.uid, time_of(former), former, 0, repeated=False)


class Copy:
    """What a session becomes under a fresh id. The id follows from what the session holds."""

    def __init__(self, session: Session) -> None:
        """Name the copy of a session that is valid."""
        self._session = session
        source = session.manifest.source
        native_id = copy_native_id(source.native_id, session.seal)
        lineage = Lineage(parent=source.uid, relation="copy")
        self._renamed = Renamed(session, native_id, lineage, time_of(session.manifest.id))
        self.uid = self._renamed.uid
        self.id = self._renamed.id

    def write(self, tree: WritableTree) -> None:
        """Write the copy into an empty tree, message by message.

        Raises `Conflict` where a native record refers to an id, so that it would become another,
        and where a newer version of the format wrote what this one could not write again.
        """
        before = self._session
        if before.manifest.format != FORMAT:
            message = f"{before.path} is of format {before.manifest.format}: it cannot be copied"
            raise Conflict(message, hint="upgrade sessionfs, or leave it out: --on-conflict skip")
        for path in before.tree.paths():
            if path == MANIFEST:
                content = edit(read_bytes(before.tree, path), self._renamed.changes())
                _create(tree, path, iter((content.removesuffix(b"\n"),)))
            elif is_segment(path):
                _create(tree, path, self._messages(path))
            elif path == REDACTIONS:
                rows = map(self._renamed.redaction, read_redactions(before))
                _create(tree, path, map(encode, rows))
            elif path not in (SUMMARY, CHECKSUMS):
                tree.adopt(before.tree, path)
        after, _ = write_derived(tree, self.id)
        if after.source_files != before.summary.source_files:
            message = f"{before.path} refers to its own ids and can have no others"
            raise Conflict(message, hint="leave it out with --on-conflict skip")

    def _messages(self, path: str) -> Iterator[bytes]:
        for line in read_lines(self._session.tree, path):
            yield encode_message(self._renamed.message(decode_message(line)))


def _create(tree: WritableTree, path: str, lines: Iterator[bytes]) -> None:
    with tree.create(path) as stream:
        for line in lines:
            stream.write(line + b"\n")
