"""A copy of a session under a fresh id, for an archive that has other bytes under the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionfs.archive import CHECKSUMS, MANIFEST, REDACTIONS, SUMMARY, is_segment, read_lines
from sessionfs.canonical import decode, encode, replace, to_plain
from sessionfs.errors import Conflict
from sessionfs.identity import copy_native_id, message_id, session_id, time_of
from sessionfs.model import FORMAT, Lineage, decode_message, encode_message
from sessionfs.tree import read_bytes
from sessionfs.writer import write_derived
from sessionfs.yamltext import edit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.archive import Session
    from sessionfs.model import Manifest, Message
    from sessionfs.tree import WritableTree


class Copy:
    """What a session becomes under a fresh id. The id follows from what the session holds."""

    def __init__(self, session: Session) -> None:
        """Name the copy of a session that is valid."""
        self._session = session
        source = session.manifest.source
        native_id = copy_native_id(source.native_id, session.seal)
        self._source = replace(source, native_id=native_id, uid=f"{source.flavor}:{native_id}")
        self.uid = self._source.uid
        self.id = session_id(self.uid, time_of(session.manifest.id))

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
                content = edit(read_bytes(before.tree, path), self._changes(before.manifest))
                _create(tree, path, iter((content.removesuffix(b"\n"),)))
            elif is_segment(path):
                _create(tree, path, self._messages(path))
            elif path == REDACTIONS:
                _create(tree, path, self._redactions())
            elif path not in (SUMMARY, CHECKSUMS):
                tree.adopt(before.tree, path)
        after, _ = write_derived(tree, self.id)
        if after.source_files != before.summary.source_files:
            message = f"{before.path} refers to its own ids and can have no others"
            raise Conflict(message, hint="leave it out with --on-conflict skip")

    def _named(self, former: str) -> str:
        return message_id(self.uid, time_of(former), former, 0, repeated=False)

    def _changes(self, manifest: Manifest) -> dict[str, Any]:
        lineage = Lineage(parent=manifest.source.uid, relation="copy")
        changes = {"id": self.id, "source": to_plain(self._source), "lineage": to_plain(lineage)}
        marks = to_plain(manifest.bookmarks) if manifest.bookmarks else []
        if marks:
            named = [{**mark, "message": self._named(mark["message"])} for mark in marks]
            changes["bookmarks"] = named
        return changes

    def _messages(self, path: str) -> Iterator[bytes]:
        for line in read_lines(self._session.tree, path):
            message: Message = decode_message(line)
            parent = None if message.parent is None else self._named(message.parent)
            yield encode_message(replace(message, id=self._named(message.id), parent=parent))

    def _redactions(self) -> Iterator[bytes]:
        for line in read_lines(self._session.tree, REDACTIONS):
            row = decode(line)
            if row["message"] is not None:
                row["message"] = self._named(row["message"])
            yield encode(row)


def _create(tree: WritableTree, path: str, lines: Iterator[bytes]) -> None:
    with tree.create(path) as stream:
        for line in lines:
            stream.write(line + b"\n")
