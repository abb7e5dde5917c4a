"""Native logs as they are read: lines, what they decode to, whose they are, what they say."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from sessionfs.adapters import recognize
from sessionfs.canonical import decode_native
from sessionfs.draft import Draft, Facts, unparsed
from sessionfs.errors import SessionfsError
from sessionfs.identity import fallback_native_id, is_native_id, parse_time
from sessionfs.model import MAX_LINE
from sessionfs.native import Line
from sessionfs.tree import is_safe_path
from sessionfs.zstd import MAGIC, open_zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sessionfs.adapters import Adapter, Mapper
    from sessionfs.tree import Tree

_HEAD_LINES = 256
_HEAD_BYTES = 8 << 20


@dataclass(slots=True, frozen=True, kw_only=True)
class Log:
    """One native log: where it lies, whose format it has, and how long it was when opened.

    `shown` is the path for people and reports. A log may grow while it is read: it is taken
    as long as it was first, `size` bytes of what the stream gives.
    """

    shown: str
    tree: Tree
    path: str
    adapter: Adapter
    named: bool
    size: int

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the log, decompressed where it is compressed."""
        with open_plain(self.tree, self.path) as stream:
            yield stream

    def lines(self) -> Iterator[Line]:
        """Yield the lines, decoded where they can be."""
        with self.open() as stream:
            yield from decode_lines(raw_lines(stream, self.size))


@contextmanager
def open_plain(tree: Tree, path: str) -> Iterator[BinaryIO]:
    """Open a file, decompressing Zstandard, which its first bytes tell."""
    with closing(tree.open(path)) as stream:
        compressed = stream.read(len(MAGIC)) == MAGIC
    with closing(tree.open(path)) as stream:
        yield open_zstd(stream) if compressed else stream


def raw_lines(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the lines in the first `size` bytes of a stream, with their line ends."""
    left = size
    while left > 0 and (line := stream.readline(left)):
        left -= len(line)
        yield line


def decode_lines(lines: Iterator[bytes]) -> Iterator[Line]:
    """Yield each line with its value and style where it is JSON."""
    for line in lines:
        eol = b"\r\n" if line.endswith(b"\r\n") else line[-1:] if line.endswith(b"\n") else b""
        content = line[: len(line) - len(eol)]
        try:
            value, style = decode_native(content)
        except (ValueError, RecursionError):
            yield Line(content=content, eol=eol)
        else:
            yield Line(content=content, eol=eol, value=value, style=style)


def is_decoded(line: Line) -> bool:
    """Tell whether a line is JSON, if in a spelling that must be kept raw."""
    return line.style is not None or line.value is not None


def find_adapter(tree: Tree, path: str, adapters: Mapping[str, Adapter]) -> Adapter | None:
    """Return the adapter that knows a file by its content, or None."""
    with open_plain(tree, path) as stream:
        head = decode_lines(_first_lines(stream))
        records = [line.value for line in head if is_decoded(line)]
    return recognize(records, adapters) if records else None


def _first_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines that begin in the head of a file, however long the last of them is."""
    begun = number = 0
    while begun < _HEAD_BYTES and number < _HEAD_LINES and (line := stream.readline(MAX_LINE)):
        yield line
        begun += len(line)
        number += 1


def plain_size(tree: Tree, path: str) -> int:
    """Return how long a log is, decompressed."""
    with closing(tree.open(path)) as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            return tree.size(path)
    size = 0
    with open_plain(tree, path) as stream:
        while chunk := stream.read(1 << 18):
            size += len(chunk)
    return size


def draft_of(mapper: Mapper, line: Line) -> Draft:
    """Return the draft of a line; where an adapter breaks its word, the line is still kept."""
    if not is_decoded(line):
        return unparsed()
    try:
        return mapper.map(line.value)
    except SessionfsError:
        raise  # a file beside the log cannot be read: nothing may be written without it
    except Exception:  # noqa: BLE001  an adapter's fault must not lose anybody's record
        return Draft(kind="unknown")


@dataclass(slots=True, frozen=True, kw_only=True)
class Identity:
    """Who a log is: settled by its records up to the first time, so that growth keeps it."""

    flavor: str
    native_id: str
    name: str
    facts: Facts
    millis: int | None

    @property
    def uid(self) -> str:
        """The id of the session across machines: `<flavor>:<native id>`."""
        return f"{self.flavor}:{self.native_id}"

    def branch(self, native_id: str) -> Identity:
        """Return the identity of a fork or continuation."""
        return replace(self, native_id=native_id)


def identify(
    log: Log,
    *,
    until_directory: bool = False,
    clean: Callable[[bytes], bytes] = lambda line: line,
) -> Identity | None:
    """Return who a log is, or None where it holds no complete line.

    `until_directory` reads on until the log tells its working directory. `clean` takes the
    secrets out of a line before its digest becomes an id.
    """
    mapper = log.adapter.mapper(log.path, "", lambda _: None)
    facts = Facts()
    millis = None
    first_line = None
    for line in log.lines():
        if first_line is None and line.eol:
            first_line = line.content
        draft = draft_of(mapper, line)
        facts.learn(draft.facts)
        millis = parse_time(draft.ts) if millis is None else millis
        if millis is not None and (facts.cwd is not None or not until_directory):
            break
    native_id = facts.native_id if is_native_id(facts.native_id) else None
    if native_id is None:
        if first_line is None:
            return None
        native_id = fallback_native_id(clean(first_line))
    return Identity(
        flavor=log.adapter.flavor,
        native_id=native_id,
        name=_name(facts, native_id),
        facts=facts,
        millis=millis,
    )


def _name(facts: Facts, native_id: str) -> str:
    for name in (facts.name, f"{native_id}.jsonl"):
        if name is not None and is_safe_path(name):
            return name
    return "log.jsonl"
