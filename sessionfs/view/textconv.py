"""A file of an archive as `git diff` shows it: what git calls its textconv.

What a file is follows from its content, for git names it as it likes. A message becomes a block
that depends on its own line alone, so a session that grew shows nothing but the new blocks:

    ── 9 claude-opus-4-8  2026-11-20 14:00:07  3f2a91bc
      I'll read the calendar first.

The header ends in the first digits of the BLAKE3 of the line, and so does what is told of a
redaction: what is folded or hidden cannot change unseen. Texts are indented, so that none can
pass for a header. What cannot be read as what it seems to be is shown as it is, but for what a
terminal would obey.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from itertools import chain
from typing import TYPE_CHECKING, Final

from sessionfs.canonical import (
    MAX_VALUES,
    MAX_VALUES_IN_LINE,
    Struct,
    encode,
    is_crowded,
    typed_decoder,
)
from sessionfs.digest import CHUNK, Hasher, digest
from sessionfs.errors import FormatError
from sessionfs.model import MAX_DERIVED, MAX_LINE, Summary
from sessionfs.view.text import counted, moment, one_line, visible
from sessionfs.view.transcript import Told, fact_lines, message_lines, speaker_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

RENDERING: Final = 2
"""The number of this way to show files: another one where any file is shown otherwise.

It stands in the command that git runs, by which git knows what it has cached.
"""

HEADER: Final = "^── (.*)  [0-9a-f]{8}$"
"""The extended regular expression of a message's header, as git takes it; its group is told."""

_DIGITS: Final = 8
_HEAD: Final = 1 << 16
_NUL_WITHIN: Final = 8000
"""Bytes at the beginning among which git looks for a NUL to tell binary from text."""

_COLUMNS: Final = 208
"""The width for what is cut to a line: arguments of calls, thinking."""

_LONGEST: Final = 1000
"""Characters of a line, beyond which it is broken."""

_MESSAGE: Final = b'{"seq":'
_REDACTION: Final = b'{"rule":'
_SUMMARY: Final = b'{\n  "format":'
_LOOK: Final = 3
"""Lines at the beginning of which one is a message in every segment, also a damaged one."""

_MARKER: Final = re.compile(rb"(?:<{7}|>{7}|\|{7}) .*|={7}")
_CHECKSUM: Final = re.compile(rb"[0-9a-f]{64}  [^\n]+\n")


class _Redaction(Struct, frozen=True, kw_only=True):
    rule: str
    seq: int | None
    message: str | None
    pointer: str
    count: int


_decode_message = typed_decoder(Told)
_decode_redaction = typed_decoder(_Redaction)
_decode_summary = typed_decoder(Summary)


def textconv(stream: BinaryIO) -> Iterator[str]:
    """Yield the text of a file, in pieces that may end anywhere.

    The stream is read from its beginning, and once more where it turns out to be something else.
    """
    head = stream.read(_HEAD)
    stream.seek(0)
    if any(line.startswith(_MESSAGE) for line in head.split(b"\n", _LOOK)[:_LOOK]):
        return _segment(stream)
    if head.startswith(_REDACTION):
        return _redactions(stream)
    if head.startswith(_SUMMARY) or _CHECKSUM.match(head):
        content = stream.read(MAX_DERIVED + 1)
        stream.seek(0)
        told = _summary(content) if head.startswith(_SUMMARY) else _checksums(content)
        if told is not None:
            return iter(told)
    if b"\0" in head[:_NUL_WITHIN]:
        return _binary(stream)
    return _plain(iter(lambda: stream.read(CHUNK), b""))


def _segment(stream: BinaryIO) -> Iterator[str]:
    while line := stream.readline(MAX_LINE + 1):
        if _MARKER.fullmatch(line.rstrip(b"\r\n")):
            yield from _plain(iter([line]))
        elif len(line) > MAX_LINE or (block := message_block(line)) is None:
            yield from _no_message(line, stream)
        else:
            yield block


def message_block(line: bytes) -> str | None:
    """Return how a line of a segment is shown, or None where it is no message."""
    if is_crowded(line, MAX_VALUES_IN_LINE):
        return None
    try:
        message = _decode_message(line)
    except ValueError:
        return None
    body = [line.text for line in message_lines(None, message, columns=_COLUMNS)]
    header = f"── {message.seq} {speaker_of(message) or 'tool'}"
    if message.ts is not None:
        header += f"  {moment(message.ts)}"
    if not any(body):
        body = []
        header += f"  {one_line(message.kind)}"
    header += f"  {digest(line)[:_DIGITS]}"
    return "\n".join([header, *(piece for text in body for piece in _indented(text)), ""])


def _no_message(line: bytes, stream: BinaryIO) -> Iterator[str]:
    """Yield a line that is no message; of one that is longer than any, only `line` was read."""
    behind = stream.tell()
    hasher = Hasher()
    for piece in _to_end(line, stream):
        hasher.update(piece)
    told = f"not a message, {counted(hasher.size, 'byte')}"
    yield f"── ? {told}  {hasher.hexdigest()[:_DIGITS]}"
    stream.seek(behind)
    pieces = (piece.removesuffix(b"\n") for piece in _to_end(line, stream))
    for text in _plain(pieces):
        for place in range(0, len(text), _LONGEST):
            yield f"\n  {text[place : place + _LONGEST]}"
    yield "\n"


def _to_end(begin: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """Yield a line in pieces: its beginning, then what the stream still has of it."""
    for place in range(0, len(begin), CHUNK):
        yield begin[place : place + CHUNK]
    piece = begin
    while not piece.endswith(b"\n") and (piece := stream.readline(CHUNK)):
        yield piece


def _indented(text: str) -> Iterator[str]:
    """Yield a line of a message behind two spaces; one that is too long, in pieces."""
    while len(text) > _LONGEST:
        place = text.rfind(" ", _LONGEST // 2, _LONGEST) + 1 or _LONGEST
        yield f"  {text[:place].rstrip()}"
        text = text[place:]
    yield f"  {text}" if text else ""


def _redactions(stream: BinaryIO) -> Iterator[str]:
    while line := stream.readline(CHUNK):
        try:
            row = _decode_redaction(line)
        except ValueError:
            row = None
        if row is None or encode(row) + b"\n" != line:
            yield from _plain(iter([line]))
            continue
        place = "manifest.yaml" if row.seq is None else f"message {row.seq}"
        known = f" ({one_line(row.message)})" if row.message is not None else ""
        count = f"{counted(row.count, 'secret')} of the rule {one_line(row.rule)} taken out"
        yield f"{place}{known} {one_line(row.pointer)}: {count}  {digest(line)[:_DIGITS]}\n"


def _summary(content: bytes) -> list[str] | None:
    """Return what a summary says in a few lines, None where it is none."""
    if len(content) > MAX_DERIVED or is_crowded(content, MAX_VALUES):
        return None
    try:
        summary = _decode_summary(content)
    except ValueError:
        return None
    told = [f"title:     {one_line(summary.title or '(no title)')}"]
    told += [line.text for line in fact_lines(summary)]
    told.append(f"summary:   {counted(len(content), 'byte')}, {digest(content)[:_DIGITS]}")
    return [f"{line}\n" for line in told]


def _checksums(content: bytes) -> list[str] | None:
    """Return how many files a checksums.b3 lists, and its seal; None for another such list."""
    from sessionfs.archive import MANIFEST, is_layout_name, listed_files  # noqa: PLC0415  slow

    try:
        names = [name for name, _ in listed_files(content)]
    except FormatError:
        return None
    if MANIFEST not in names or not all(map(is_layout_name, names)):
        return None
    return [f"{counted(len(names), 'file')}, sealed:\n", f"{digest(content)}\n"]


def _binary(stream: BinaryIO) -> Iterator[str]:
    hasher = Hasher()
    while chunk := stream.read(CHUNK):
        hasher.update(chunk)
    yield f"[binary, {counted(hasher.size, 'byte')}, {hasher.hexdigest()}]\n"


def _plain(chunks: Iterator[bytes]) -> Iterator[str]:
    """Yield text as it is, but for what a terminal would obey and for bytes that are no UTF-8.

    Where something was spelt out, the digest follows: the same may stand in the text as it is.
    """
    decoder = getincrementaldecoder("utf-8")("surrogateescape")
    hasher = Hasher()
    spelt = False
    for chunk in chain(chunks, (None,)):
        if chunk is not None:
            hasher.update(chunk)
        text = decoder.decode(chunk or b"", final=chunk is None)
        shown = visible(text)
        spelt = spelt or shown != text
        yield shown
    if spelt:
        yield f"[{counted(hasher.size, 'byte')}, {hasher.hexdigest()[:_DIGITS]}]\n"
