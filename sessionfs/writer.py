"""A session as a tree of files, to write: a stream of messages becomes segments and what follows.

Also what is derived from content that stands: summary.json and checksums.b3, made anew.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sessionfs.archive import (
    CHECKSUMS,
    FILES,
    MANIFEST,
    REDACTIONS,
    SUMMARY,
    Session,
    count_redactions,
    format_checksums,
    segment_name,
)
from sessionfs.canonical import to_plain
from sessionfs.digest import CHUNK, Hasher, digest, digest_stream
from sessionfs.errors import FormatError
from sessionfs.model import (
    MAX_SEGMENT_BYTES,
    MAX_SEGMENT_MESSAGES,
    SourceFile,
    encode_message,
)
from sessionfs.redactions import Record
from sessionfs.restore import message_files
from sessionfs.summary import Summarizer, encode_summary
from sessionfs.yamltext import emit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sessionfs.model import Manifest, Message, Summary
    from sessionfs.redact.messages import Mark, Redacted
    from sessionfs.redactions import Redaction
    from sessionfs.tree import WritableTree


class SourceDigests:
    """Digests of the native files as they are given back, gathered while they pass."""

    def __init__(self, log_name: str) -> None:
        """Name the log; files beside it name themselves."""
        self._log_name = log_name
        self._hashers: dict[str, Hasher] = {}
        self._whole: dict[str, SourceFile] = {}
        self._name = log_name
        self._lines: list[bytes] = []
        self._size = 0

    def add(self, message: Message, line: bytes, size: Callable[[str], int | None]) -> None:
        """Take in a message's native line, line end included."""
        native = message.native
        if not isinstance(native, dict):
            return
        name = native.get("source", self._log_name)
        if name != self._name or self._size >= CHUNK:
            self._flush()
            self._name = name
        self._lines.append(line)
        self._size += len(line)
        if "files" in native:
            for beside, address in native["files"].items():
                self._whole[beside] = SourceFile(
                    name=beside, bytes=size(address) or 0, blake3=address
                )

    def _flush(self) -> None:
        """Hash the lines that are held: together they take a third of the time."""
        if self._lines:
            hasher = self._hashers.get(self._name)
            if hasher is None:
                hasher = self._hashers[self._name] = Hasher()
            hasher.update(b"".join(self._lines))
            self._lines.clear()
            self._size = 0

    def finish(self) -> list[SourceFile]:
        """Return name, size and digest of each source, sorted by name."""
        self._flush()
        found = dict(self._whole)
        for name, hasher in self._hashers.items():
            found[name] = SourceFile(name=name, bytes=hasher.size, blake3=hasher.hexdigest())
        return [found[name] for name in sorted(found, key=str.encode)]


@dataclass(slots=True)
class _OpenSegment:
    first: int
    lines: list[bytes]
    size: int = 0

    def fits(self, line: bytes) -> bool:
        """Tell whether `line` belongs here. Enforces E314, E315."""
        return not self.lines or (
            len(self.lines) < MAX_SEGMENT_MESSAGES and self.size + len(line) <= MAX_SEGMENT_BYTES
        )


class SessionWriter:
    """Writes a session as a stream: it holds one open segment, never the session.

    Files that an older state of the session already has, byte for byte, are adopted from
    there, so that closed segments stay the very same files on disk.
    """

    def __init__(
        self,
        tree: WritableTree,
        log_name: str,
        *,
        old: Session | None = None,
        beside: Session | None = None,
    ) -> None:
        """Write into `tree`, which is empty; `old` is what the session was before, undamaged.

        `log_name` is the manifest's `source.name`. Files that `old` has not are taken from
        `beside`, another form of the session.
        """
        self._tree = tree
        self._old = old
        self._beside = beside
        self._beside_files = beside.checksums() if beside is not None else {}
        self._old_digests = old.checksums() if old is not None else {}
        self._summarizer = Summarizer()
        self._sources = SourceDigests(log_name)
        self._segment = _OpenSegment(1, [])
        self._digests: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        self.record = Record(old)
        """What was taken out of the messages so far."""
        self.messages = 0

    def append(self, redacted: Redacted) -> None:
        """Write the next message and the files it names."""
        message = redacted.message
        for address, content in redacted.payloads.items():
            self._put(FILES + address, content, address)
        self.record.add(redacted.marks, message.seq, message.id)
        self._add(message, redacted.encoded + b"\n", redacted.line)

    def keep(self, message: Message, line: bytes, rows: Iterable[Redaction] | None = None) -> None:
        """Write the next message as the old session has it, with its files.

        `rows` is what was taken out of it before, where the old session does not say it.
        """
        for address in message_files(message):
            self._adopt(FILES + address)
        self._keep_record(message.seq, rows)
        self._add(message, encode_message(message) + b"\n", line)

    def change(self, redacted: Redacted, rows: Iterable[Redaction] | None = None) -> None:
        """Write the next message, which the old session has with more in it."""
        for address in message_files(redacted.message):
            if address not in redacted.payloads:
                self._adopt(FILES + address)
        self._keep_record(redacted.message.seq, rows)
        self.append(redacted)

    def _keep_record(self, seq: int, rows: Iterable[Redaction] | None) -> None:
        if rows is None:
            self.record.keep(seq)
        else:
            self.record.take(rows)

    def _add(self, message: Message, encoded: bytes, line: bytes) -> None:
        if not self._segment.fits(encoded):
            self._close_segment()
            self._segment = _OpenSegment(message.seq, [])
        self._segment.lines.append(encoded)
        self._segment.size += len(encoded)
        self._summarizer.add(message)
        self._sources.add(message, line, lambda address: self._sizes[FILES + address])
        self.messages += 1

    def _close_segment(self) -> None:
        if self._segment.lines:
            self._put(segment_name(self._segment.first), b"".join(self._segment.lines))

    def _put(self, path: str, content: bytes, address: str | None = None) -> None:
        if path in self._digests:
            return
        address = address or digest(content)
        if self._old_digests.get(path) == address and self._adopt(path):
            return
        with self._tree.create(path) as stream:
            stream.write(content)
        self._digests[path] = address
        self._sizes[path] = len(content)

    def _adopt(self, path: str) -> bool:
        """Take a file of the old session over as it is."""
        if path not in self._digests:
            before, listed = self._old, self._old_digests.get(path)
            if listed is None:
                before, listed = self._beside, self._beside_files.get(path)
            if before is None or listed is None:
                raise FormatError("E510", path, "a message names a file that is not there")
            self._tree.adopt(before.tree, path)
            self._digests[path] = listed
            self._sizes[path] = before.tree.size(path)
        return True

    def finish(
        self, manifest: Manifest, text: bytes | None = None, marks: Iterable[Mark] = ()
    ) -> tuple[Summary, str]:
        """Write what is left, checksums.b3 last; return the summary and the seal.

        `text` is the manifest as people have edited it; else it is emitted canonically. `marks`
        are what was taken out of it.
        """
        self._close_segment()
        self._put(MANIFEST, emit_manifest(manifest) if text is None else text)
        self.record.keep()
        self.record.add(marks)
        redactions = self.record.total
        if redactions:
            self._put(REDACTIONS, self.record.encode())
        summary = self._summarizer.finish(manifest, self._sizes, self._sources.finish(), redactions)
        self._put(SUMMARY, encode_summary(summary))
        checksums = format_checksums(self._digests)
        with self._tree.create(CHECKSUMS) as stream:
            stream.write(checksums)
        return summary, digest(checksums)


def derive(session: Session) -> tuple[Summary, dict[str, str]]:
    """Return what follows from a session's content: its summary, and digest by path.

    The digests cover every file that stands there but summary.json and checksums.b3.
    """
    summarizer, sources = Summarizer(), SourceDigests(session.manifest.source.name)
    sizes: dict[str, int] = {}
    digests: dict[str, str] = {}

    def size(address: str) -> int:
        if (path := FILES + address) not in sizes:
            raise FormatError("E510", path, "a message names a file that is not there")
        return sizes[path]

    for path in session.tree.paths():
        if path not in (SUMMARY, CHECKSUMS):
            with closing(session.tree.open(path)) as stream:
                digests[path], sizes[path] = digest_stream(stream)
    for message in session.messages():
        summarizer.add(message)
        if isinstance(message.native, dict):
            sources.add(message, session.native_line(message)[1], size)
    redactions = count_redactions(session.tree) if REDACTIONS in sizes else 0
    return summarizer.finish(session.manifest, sizes, sources.finish(), redactions), digests


def write_sealed(
    session: Session, tree: WritableTree, manifest: bytes | None = None
) -> tuple[Summary, str]:
    """Write a session's content into `tree` with all that is derived made anew.

    `manifest` is the text of another manifest for it. Returns the summary and the seal.
    """
    for path in session.tree.paths():
        if path not in (SUMMARY, CHECKSUMS) and (path != MANIFEST or manifest is None):
            tree.adopt(session.tree, path)
    if manifest is not None:
        with tree.create(MANIFEST) as stream:
            stream.write(manifest)
    return write_derived(tree, session.path)


def write_derived(tree: WritableTree, path: str) -> tuple[Summary, str]:
    """Complete the session that stands in `tree` with what follows from it; `path` is its place.

    Returns the summary and the seal.
    """
    summary, digests = derive(Session(tree, path))
    with tree.create(SUMMARY) as stream:
        stream.write(content := encode_summary(summary))
    checksums = format_checksums(digests | {SUMMARY: digest(content)})
    with tree.create(CHECKSUMS) as stream:
        stream.write(checksums)
    return summary, digest(checksums)


def emit_manifest(manifest: Manifest) -> bytes:
    """Return the canonical manifest.yaml."""
    return emit(to_plain(manifest), "manifest")
