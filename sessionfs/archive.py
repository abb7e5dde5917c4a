"""A session as a tree of files: read it lazily, write it as a stream, segment by segment."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sessionfs.canonical import convert, decode, to_plain, typed_decoder
from sessionfs.digest import Hasher, digest, digest_stream, is_digest
from sessionfs.errors import FormatError, NotFound
from sessionfs.model import (
    MAX_LINE,
    File,
    Manifest,
    Message,
    SourceFile,
    Summary,
    Text,
    Thinking,
    ToolResult,
    decode_message,
    encode_message,
)
from sessionfs.native import Settled, Unresolvable, end_of_line, references, restore_record
from sessionfs.summary import Summarizer, encode_summary
from sessionfs.tree import read_bytes
from sessionfs.yamltext import YamlError, emit, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from sessionfs.model import Part
    from sessionfs.tree import Tree, WritableTree

MANIFEST = "manifest.yaml"
SUMMARY = "summary.json"
CHECKSUMS = "checksums.b3"
REDACTIONS = "redactions.jsonl"
FILES = "files/"

SEGMENT = re.compile(r"messages-([0-9]{8})\.jsonl")
MAX_SEGMENT_MESSAGES = 256
MAX_SEGMENT_BYTES = 1 << 20
_CHECKSUM = re.compile(rb"([0-9a-f]{64})  ([^\n\\\x00]+)\n")
_decode_summary = typed_decoder(Summary)


def segment_name(seq: int) -> str:
    """Return the file name of the segment whose first message has this seq. Enforces E312."""
    return f"messages-{seq:08d}.jsonl"


def format_checksums(digests: Mapping[str, str]) -> bytes:
    """Return checksums.b3: one `b3sum` line a file, sorted by path bytes. Enforces E611."""
    ordered = sorted(digests.items(), key=lambda item: item[0].encode())
    return "".join(f"{value}  {path}\n" for path, value in ordered).encode()


def parse_checksums(content: bytes) -> dict[str, str]:
    """Return digest by path; raises `FormatError` for a line of another shape. Enforces E606."""
    digests: dict[str, str] = {}
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        match = _CHECKSUM.fullmatch(line)
        if match is None:
            raise FormatError("E606", f"{CHECKSUMS}:{number}", "not a line of b3sum")
        digests[match[2].decode("utf-8", "replace")] = match[1].decode()
    return digests


def collection_root(seals: Mapping[str, str]) -> str:
    """Return the digest over the seals of many sessions, given by path `YYYY/MM/ULID`."""
    return digest(format_checksums(seals))


def message_files(message: Message) -> Iterator[str]:
    """Yield the digest of every file that a message names."""
    yield from _part_files(message.parts)
    if isinstance(message.native, dict):
        yield from references(message.native)


def _part_files(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        match part:
            case File():
                yield part.file
            case Text() | Thinking() if isinstance(part.file, str):
                yield part.file
            case ToolResult():
                yield from _part_files(part.content)
            case _:
                pass


class Session:
    """One session to read: a tree whose files are opened only when they are asked for.

    Reading trusts nothing and raises `FormatError`; it is no verification.
    """

    def __init__(self, tree: Tree, path: str = "") -> None:
        """Read the session in `tree`; `path` is its place, for errors and listings."""
        self.tree = tree
        self.path = path
        self._manifest: Manifest | None = None
        self._summary: Summary | None = None

    @property
    def manifest(self) -> Manifest:
        """The authored facts."""
        if self._manifest is None:
            content = self._content(MANIFEST)
            try:
                self._manifest = convert(parse(content), Manifest)
            except YamlError as error:
                where = self._where(f"{MANIFEST}:{error.line}")
                raise FormatError(error.code, where, error.said) from error
            except ValueError as error:
                raise FormatError("E213", self._where(MANIFEST), str(error)) from error
        return self._manifest

    @property
    def summary(self) -> Summary:
        """The derived facts, as they stand in summary.json."""
        if self._summary is None:
            try:
                self._summary = _decode_summary(self._content(SUMMARY))
            except ValueError as error:
                raise FormatError("E603", self._where(SUMMARY), str(error)) from error
        return self._summary

    @property
    def id(self) -> str:
        """The session's ULID."""
        return self.summary.id

    @property
    def seal(self) -> str:
        """The BLAKE3 of checksums.b3: one value that stands for every byte of the session."""
        return digest(read_bytes(self.tree, CHECKSUMS))

    def checksums(self) -> dict[str, str]:
        """Return digest by path as checksums.b3 lists them."""
        return parse_checksums(read_bytes(self.tree, CHECKSUMS))

    def check_digests(self) -> None:
        """Raise `FormatError` at the first file that is not what checksums.b3 says.

        What is built on a session must not carry damage on. Enforces E601.
        """
        listed = self.checksums()
        for path in self.tree.paths():
            if path == CHECKSUMS:
                continue
            with closing(self.tree.open(path)) as stream:
                actual, _ = digest_stream(stream)
            if listed.pop(path, None) != actual:
                raise FormatError(
                    "E601",
                    self._where(path),
                    "the file is not what checksums.b3 says",
                    hint="run `sessionfs verify`; bring the session back from git first",
                )
        for path in listed:
            raise FormatError("E102", self._where(path), "the file is missing")

    def segments(self) -> list[str]:
        """Return the names of the segments, in order."""
        return [path for path in self.tree.paths() if SEGMENT.fullmatch(path)]

    def messages(self) -> Iterator[Message]:
        """Yield the messages in order, one at a time."""
        for segment in self.segments():
            for number, line in enumerate(read_lines(self.tree, segment), 1):
                try:
                    yield decode_message(line)
                except ValueError as error:
                    where = self._where(f"{segment}:{number}")
                    raise FormatError("E505", where, str(error)) from error

    def file(self, address: str) -> bytes:
        """Return the content of a file by digest; raises `KeyError` where there is none."""
        if not is_digest(address):
            raise KeyError(address)
        try:
            return read_bytes(self.tree, FILES + address)
        except NotFound:
            raise KeyError(address) from None

    def native_lines(self) -> Iterator[tuple[str | None, bytes]]:
        """Yield each native record: the source it stands in, None for the log, and its bytes."""
        for message in self.messages():
            if not isinstance(message.native, dict):
                continue
            yield self.native_line(message)

    def native_line(self, message: Message) -> tuple[str | None, bytes]:
        """Return the source that a message's record stands in, None for the log, and its bytes."""
        native = message.native
        if not isinstance(native, dict):
            raise FormatError("E513", self._where(f"seq {message.seq}"), "no native record")
        try:
            content = restore_record(native, message, self.file) + end_of_line(native)
        except Unresolvable as error:
            raise FormatError("E512", self._where(f"seq {message.seq}"), str(error)) from error
        return native.get("source"), content

    def restore(self) -> Generator[bytes, None, None]:
        """Yield the native log, line by line, byte for byte."""
        return (content for source, content in self.native_lines() if source is None)

    def _content(self, path: str) -> bytes:
        try:
            return read_bytes(self.tree, path)
        except NotFound:
            message = f"{self._where(path)} is missing"
            raise NotFound(message, hint="bring it back from git, or import again") from None

    def _where(self, path: str) -> str:
        return f"{self.path}/{path}" if self.path else path


def read_lines(tree: Tree, path: str) -> Iterator[bytes]:
    """Yield the lines of a file without their LF. Enforces E005."""
    with closing(tree.open(path)) as stream:
        while line := stream.readline(MAX_LINE + 1):
            if len(line) > MAX_LINE:
                raise FormatError("E005", path, f"a line of more than {MAX_LINE} bytes")
            yield line.removesuffix(b"\n")


def count_redactions(tree: Tree) -> int:
    """Return how many values redactions.jsonl says were removed."""
    total = 0
    for number, line in enumerate(read_lines(tree, REDACTIONS), 1):
        try:
            total += decode(line)["count"]
        except (ValueError, TypeError, KeyError) as error:
            raise FormatError("E617", f"{REDACTIONS}:{number}", str(error)) from error
    return total


class SourceDigests:
    """Digests of the native files as they are given back, gathered while they pass."""

    def __init__(self, log_name: str) -> None:
        """Name the log; files beside it name themselves."""
        self._log_name = log_name
        self._hashers: dict[str, Hasher] = {}
        self._whole: dict[str, SourceFile] = {}

    def add(self, message: Message, line: bytes, size: Callable[[str], int]) -> None:
        """Take in a message's native line, line end included."""
        native = message.native
        if not isinstance(native, dict):
            return
        name = native.get("source", self._log_name)
        self._hashers.setdefault(name, Hasher()).update(line)
        for beside, address in native.get("files", {}).items():
            self._whole[beside] = SourceFile(name=beside, bytes=size(address), blake3=address)

    def finish(self) -> list[SourceFile]:
        """Return name, size and digest of each source, sorted by name."""
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

    def __init__(self, tree: WritableTree, log_name: str, *, old: Session | None = None) -> None:
        """Write into `tree`, which is empty; `old` is what the session was before, undamaged.

        `log_name` is the manifest's `source.name`.
        """
        self._tree = tree
        self._old = old
        self._old_digests = old.checksums() if old is not None else {}
        self._summarizer = Summarizer()
        self._sources = SourceDigests(log_name)
        self._segment = _OpenSegment(1, [])
        self._digests: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        self.messages = 0

    def append(self, settled: Settled, line: bytes) -> None:
        """Write the next message and the files it names; `line` is its native line, whole."""
        for address, content in settled.payloads.items():
            self._put(FILES + address, content, address)
        self._add(settled.message, encode_message(settled.message) + b"\n", line)

    def keep(self, message: Message, line: bytes) -> None:
        """Write the next message as the old session has it, with its files."""
        for address in message_files(message):
            self._adopt(FILES + address)
        self._add(message, encode_message(message) + b"\n", line)

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
            if self._old is None or path not in self._old_digests:
                raise FormatError("E510", path, "a message names a file that is not there")
            self._tree.adopt(self._old.tree, path)
            self._digests[path] = self._old_digests[path]
            self._sizes[path] = self._old.tree.size(path)
        return True

    def finish(self, manifest: Manifest, text: bytes | None = None) -> tuple[Summary, str]:
        """Write what is left, checksums.b3 last; return the summary and the seal.

        `text` is the manifest as people have edited it; else it is emitted canonically.
        """
        self._close_segment()
        self._put(MANIFEST, emit_manifest(manifest) if text is None else text)
        redactions = self._keep_redactions()
        summary = self._summarizer.finish(manifest, self._sizes, self._sources.finish(), redactions)
        self._put(SUMMARY, encode_summary(summary))
        checksums = format_checksums(self._digests)
        with self._tree.create(CHECKSUMS) as stream:
            stream.write(checksums)
        return summary, digest(checksums)

    def _keep_redactions(self) -> int:
        if self._old is None or REDACTIONS not in self._old_digests:
            return 0
        self._adopt(REDACTIONS)
        return count_redactions(self._old.tree)


def derive(session: Session) -> tuple[Summary, dict[str, str]]:
    """Return what follows from a session's content: its summary, and digest by path.

    The digests cover every file that stands there but summary.json and checksums.b3.
    """
    summarizer, sources = Summarizer(), SourceDigests(session.manifest.source.name)
    sizes: dict[str, int] = {}
    digests: dict[str, str] = {}
    for path in session.tree.paths():
        if path not in (SUMMARY, CHECKSUMS):
            with closing(session.tree.open(path)) as stream:
                digests[path], sizes[path] = digest_stream(stream)
    for message in session.messages():
        summarizer.add(message)
        if isinstance(message.native, dict):
            sources.add(message, session.native_line(message)[1], lambda a: sizes[FILES + a])
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
    summary, digests = derive(Session(tree, session.path))
    with tree.create(SUMMARY) as stream:
        stream.write(content := encode_summary(summary))
    checksums = format_checksums(digests | {SUMMARY: digest(content)})
    with tree.create(CHECKSUMS) as stream:
        stream.write(checksums)
    return summary, digest(checksums)


def emit_manifest(manifest: Manifest) -> bytes:
    """Return the canonical manifest.yaml."""
    return emit(to_plain(manifest), "manifest")
