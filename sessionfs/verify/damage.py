"""What happened to a file that is not what was sealed, where its content still tells.

Only a file that is known to be wrong comes here, and it is read once more, in pieces.
"""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, Final

from sessionfs.archive import FILES, SEGMENT, SUMMARY, is_segment
from sessionfs.canonical import typed_decoder
from sessionfs.digest import CHUNK
from sessionfs.errors import SessionfsError
from sessionfs.model import Summary
from sessionfs.schema import finding
from sessionfs.verify.conversion import Conversions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sessionfs.model import Finding
    from sessionfs.verify.files import Files

MAX_POINTER: Final = 1024
"""Most bytes of a file that stands for content which was not downloaded."""

TELLS_ALL: Final = frozenset(("E309", "E605", "E704"))
"""Damage that explains every difference in a file: no line of it is worth a word."""

_POINTER: Final = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\r?\n(?:ext-[^\n]*\n)*"
    rb"oid sha256:[0-9a-f]{64}\r?\nsize [0-9]+\r?\n?"
    rb"|(?:/|(?:\.\./)*\.git/)annex/objects/[!-~]+\r?\n?"
)
_MARKER: Final = re.compile(rb"^(?:<{7} |={7}\r?$|>{7} )", re.MULTILINE)
_LONGEST: Final = 16
"""More bytes than are needed of a line to tell whether it is a conflict marker."""

_SECTOR: Final = 512
"""Fewest NULs at the end of a payload that look like the work of a crash."""

_decode_summary = typed_decoder(Summary)


def told(files: Files, name: str) -> tuple[Finding | None, str]:
    """Return the cause that a file's content tells, and what else there is to remark."""
    path = files.at(name)
    try:
        with closing(files.tree.open(path)) as stream:
            piece = stream.read(CHUNK)
            if (pointer := pointed(piece, path)) is not None:
                return pointer, ""
            conversions, conflict, nuls, size = Conversions(piece), _Conflict(), 0, 0
            while piece:
                conversions.update(piece)
                conflict.update(piece)
                end = len(piece) - len(piece.rstrip(b"\0"))
                nuls = end + (nuls if end == len(piece) else 0)
                size += len(piece)
                piece = stream.read(CHUNK)
            conversions.update(b"", last=True)
            conflict.update(b"\n")
    except (SessionfsError, OSError):  # it was read a moment ago
        return None, ""
    if (words := conversions.proved(files.awaited(name) - {files.digests[name]})) is not None:
        return converted(path, words), ""
    if not name.startswith(FILES) and conflict.line:
        return _conflicting(path, conflict.line), ""
    if not size:
        return None, "it is empty"
    few = _SECTOR if name.startswith(FILES) else 1  # other formats than ours may end with NULs
    return None, f"its last {nuls} bytes are NUL, as a crash leaves them" if nuls >= few else ""


def pointed(content: bytes, path: str) -> Finding | None:
    """Return the finding that a file only points to its content. Enforces E704."""
    if len(content) > MAX_POINTER or _POINTER.fullmatch(content) is None:
        return None
    program = "Git LFS" if content.startswith(b"version") else "git-annex"
    return finding("E704", path, f"a pointer of {program}; the content was not downloaded")


def converted(path: str, words: str) -> Finding:
    """Return the finding that git converted a file, in these words. Enforces E605."""
    return finding("E605", path, words)


def conflicting(content: bytes, path: str) -> Finding | None:
    """Return the finding that a small file holds the two sides of a merge, or None."""
    conflict = _Conflict()
    conflict.update(content + b"\n")
    return _conflicting(path, conflict.line) if conflict.line else None


def _conflicting(path: str, line: int) -> Finding:
    """Enforces E309."""
    return finding("E309", path, "git's conflict markers", line=line)


class _Conflict:
    """The first conflict in a text: its markers begin lines, in git's order."""

    def __init__(self) -> None:
        """Start before the first line."""
        self.line = 0
        self._first = 0
        self._wanted = b"<"
        self._before = 0
        self._rest = b""

    def update(self, piece: bytes) -> None:
        """Take in more of the text; the line of a whole conflict is then in `line`."""
        text = self._rest + piece
        end = text.rfind(b"\n") + 1
        whole, self._rest = text[:end], text[end : end + _LONGEST]
        for match in () if self.line else _MARKER.finditer(whole):
            sign = match[0][:1]
            if sign != self._wanted:
                continue
            if sign == b"<":
                self._first = self._before + whole.count(b"\n", 0, match.start()) + 1
            elif sign == b">":
                self.line = self._first
                break
            self._wanted = {b"<": b"=", b"=": b">"}[sign]
        self._before += whole.count(b"\n")


def cut_off(
    files: Files, name: str, messages: Mapping[str, int], summary: bytes | None
) -> Finding | None:
    """Return the finding that a segment lost its last messages, or None. Enforces E608.

    `messages` counts those that a segment still has; a summary that was not damaged tells how
    large the segment was, and with the next segment's name how many messages it had.
    """
    match = SEGMENT.fullmatch(name)
    size = files.sizes.get(name, 0)
    if match is None or summary is None or not (files.is_sound(name) or size == 0):
        return None
    if SUMMARY not in (files.listed or ()) or files.is_damaged(SUMMARY):
        return None
    try:
        counted = _decode_summary(summary)
    except ValueError:
        return None
    held, had = messages.get(name, 0), _messages_of(name, files.listed or (), counted.messages)
    if held >= had or size >= counted.files.get(name, 0):
        return None
    said = f"cut off after message {int(match[1]) + held - 1}" if held else "cut off, it is empty"
    lost = f"{had - held} of its {had} messages are gone"
    return finding("E608", files.at(name), f"{said}: {lost}", line=held or None)


def _messages_of(name: str, listed: Iterable[str], messages: int) -> int:
    """Return how many messages a segment had, by the next one's name or the session's count."""
    first = int(name[-14:-6])
    later = (int(other[-14:-6]) for other in listed if is_segment(other) and other > name)
    return min(later, default=messages + 1) - first
