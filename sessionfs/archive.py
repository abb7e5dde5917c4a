"""A session as a tree of files, to read: each file is opened only when it is asked for."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from sessionfs.canonical import (
    MAX_VALUES_IN_LINE,
    UNSET,
    convert,
    decode,
    is_crowded,
    typed_decoder,
)
from sessionfs.digest import CHUNK, Hasher, digest, is_digest
from sessionfs.errors import FormatError, NotFound
from sessionfs.model import MAX_DERIVED, MAX_LINE, Manifest, Message, Summary, decode_message
from sessionfs.restore import Unresolvable, end_of_line, is_native, restore_record
from sessionfs.tree import read_bytes
from sessionfs.yamltext import MAX_SIZE, YamlError, parse

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from sessionfs.tree import Tree

MANIFEST = "manifest.yaml"
SUMMARY = "summary.json"
CHECKSUMS = "checksums.b3"
REDACTIONS = "redactions.jsonl"
FILES = "files/"

VERIFY = "run `sessionfs verify`; bring the session back from git first"
"""What to do where something was to be made of a session that is damaged."""

SEGMENT = re.compile(r"messages-([0-9]{8})\.jsonl")
_CHECKSUM = re.compile(rb"([0-9a-f]{64})  ([^\n\\\x00]+)\n")
_decode_summary = typed_decoder(Summary)


def segment_name(seq: int) -> str:
    """Return the file name of the segment whose first message has this seq. Enforces E312."""
    return f"messages-{seq:08d}.jsonl"


def is_segment(name: str) -> bool:
    """Tell whether a name is a segment's."""
    return SEGMENT.fullmatch(name) is not None


def is_layout_name(name: str) -> bool:
    """Tell whether the layout defines this name of a file. Enforces E125."""
    return (
        name in (MANIFEST, SUMMARY, CHECKSUMS, REDACTIONS)
        or is_segment(name)
        or (name.startswith(FILES) and is_digest(name[len(FILES) :]))
    )


def format_checksums(digests: Mapping[str, str]) -> bytes:
    """Return checksums.b3: one `b3sum` line a file, sorted by path bytes. Enforces E611."""
    ordered = sorted(digests.items(), key=lambda item: item[0].encode())
    return "".join(f"{value}  {path}\n" for path, value in ordered).encode()


def parse_checksums(content: bytes) -> dict[str, str]:
    """Return digest by path; raises `FormatError` for a line of another shape. Enforces E606."""
    return dict(listed_files(content))


def listed_files(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield path and digest of each line, as it is asked for; raises `FormatError`."""
    for number, line in enumerate(lines_of(content), 1):
        match = _CHECKSUM.fullmatch(line)
        if match is None:
            raise FormatError("E606", f"{CHECKSUMS}:{number}", "not a line of b3sum")
        yield match[2].decode("utf-8", "replace"), match[1].decode()


def lines_of(content: bytes) -> Iterator[bytes]:
    """Yield the lines of a content with their LF, one at a time; the last one may lack it."""
    start = 0
    while end := content.find(b"\n", start) + 1:
        yield content[start:end]
        start = end
    if start < len(content):
        yield content[start:]


def collection_root(seals: Mapping[str, str]) -> str:
    """Return the digest over the seals of many sessions, given by path `YYYY/MM/ULID`."""
    return digest(format_checksums(seals))


class ProvedFile(NamedTuple):
    """A file of a session whose content is compared with its digest as it is read."""

    name: str
    size: int
    chunks: Iterator[bytes]


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
            content = self._content(MANIFEST, MAX_SIZE)
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
                self._summary = _decode_summary(self._derived(SUMMARY))
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
        return digest(self._derived(CHECKSUMS))

    def checksums(self) -> dict[str, str]:
        """Return digest by path as checksums.b3 lists them."""
        return parse_checksums(self._derived(CHECKSUMS))

    def check_digests(self) -> None:
        """Raise `FormatError` at the first file that is not what checksums.b3 says.

        What is built on a session must not carry damage on. Enforces E601.
        """
        for file in self.proved_files():
            for _ in file.chunks:
                pass

    def proved_files(self) -> Iterator[ProvedFile]:
        """Yield each file, checksums.b3 too; reading one raises where it is not what that says.

        One is read to its end before the next is asked for. Enforces E102, E125, E601.
        """
        checksums = self._derived(CHECKSUMS)
        listed = parse_checksums(checksums)
        for name in self.tree.paths():
            if name == CHECKSUMS:
                yield ProvedFile(name, len(checksums), iter((checksums,)))
            elif not is_layout_name(name):
                raise self._unlike("E125", name, "no name of the layout")
            else:
                size = self.tree.size(name)
                yield ProvedFile(name, size, self._proved(name, size, listed.pop(name, None)))
        for name in listed:
            raise self._unlike("E102", name, "the file is missing")

    def _proved(self, name: str, size: int, wanted: str | None) -> Iterator[bytes]:
        hasher = Hasher()
        with closing(self.tree.open(name)) as stream:
            while chunk := stream.read(CHUNK):
                hasher.update(chunk)
                yield chunk
        if hasher.hexdigest() != wanted or hasher.size != size:
            raise self._unlike("E601", name, "the file is not what checksums.b3 says")

    def _unlike(self, code: str, name: str, said: str) -> FormatError:
        return FormatError(code, self._where(name), said, hint=VERIFY)

    def segments(self) -> list[str]:
        """Return the names of the segments, in order."""
        return [path for path in self.tree.paths() if SEGMENT.fullmatch(path)]

    def messages(self) -> Iterator[Message]:
        """Yield the messages in order, one at a time."""
        for segment in self.segments():
            for number, line in enumerate(read_lines(self.tree, segment), 1):
                where = f"{segment}:{number}"
                if is_crowded(line, MAX_VALUES_IN_LINE):
                    raise FormatError("E008", self._where(where), "too many values")
                try:
                    message = decode_message(line)
                except ValueError as error:
                    raise FormatError("E505", self._where(where), str(error)) from error
                if message.native is not UNSET and not is_native(message.native):
                    raise FormatError("E505", self._where(where), "its native record is malformed")
                yield message

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

    def _content(self, path: str, limit: int) -> bytes:
        try:
            return read_bytes(self.tree, path, limit)
        except NotFound:
            message = f"{self._where(path)} is missing"
            hint = "bring it back from git" + (
                "" if path == MANIFEST else f", or run `sessionfs seal {self.path[8:]}`"
            )
            raise NotFound(message, hint=hint) from None

    def _derived(self, path: str) -> bytes:
        content = self._content(path, MAX_DERIVED)
        if len(content) > MAX_DERIVED:
            raise FormatError("E003", self._where(path), f"more than {MAX_DERIVED} bytes")
        return content

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
