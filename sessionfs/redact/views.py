"""A text as a terminal shows it: without colour codes, and with lines joined that it wrapped.

A secret that such a code or such a line end cuts in two is found there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from sessionfs.redact.patterns import Pattern

WIDTHS = (76, 80)
"""Columns at which `base64` and terminals break a line."""

COLUMNS = min(WIDTHS)
"""Characters up to which a text without control characters is shown as it is written."""

_FULL = frozenset((*WIDTHS, *(width + 1 for width in WIDTHS)))
"""Lengths of a full line, with a carriage return or without."""

_CONTROL = Pattern(
    r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b\n]{0,512}(?:\x07|\x1b\\)|[@-Z\\^_])"
    r"|\\{1,8}(?:x1[bB]|u001[bB]|033|e)\[[0-9;]{0,64}[A-Za-z]"
)
"""Escape sequences of ECMA-48, and colour codes as source code and JSON spell them."""

_SPELLED = ("x1b[", "x1B[", "u001b[", "u001B[", "033[", "\\e[")

CODES_IN_JSON = r"(?i:\\+(?:x1b|u001b|033|e)\[)|\\\\u00[2-7]"
"""What a line of JSON has wherever a text in it has a colour code, or JSON with ASCII escaped."""

_CODES = Pattern(CODES_IN_JSON)
_PLAIN = frozenset((*WIDTHS, *(width + 2 for width in WIDTHS)))
"""Bytes of a full line in JSON that has nothing to escape but a carriage return."""

_LONGEST = 6 * WIDTHS[-1] + 2
"""Bytes that JSON may take for the characters of a full line."""

_BACKSLASH = b"\x01"  # one that JSON escapes: no character of JSON text
_JSON_IN_JSON = re.compile(rb'[:,\[]"(?:\\[nrt]| ){0,8}[{\[]')
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|.)")


def has_codes(line: bytes) -> bool:
    """Tell whether a text in a line of JSON has a colour code, or is JSON with ASCII escaped."""
    return _CODES.is_in(line)


def wrapped_in(line: bytes) -> bytes:
    """Return what stands in a line of JSON as lines that were wrapped, each joined to one.

    Also in JSON in its strings. It is JSON as well, to be looked at and no more.
    """
    plain = line.replace(b"\\\\", _BACKSLASH) if b"\\\\" in line else line
    joined = _joined(plain.split(b"\\n"))
    if _BACKSLASH + b"n" in plain and _JSON_IN_JSON.search(plain) is not None:
        inner = plain.replace(_BACKSLASH + b'\\"', b"'").replace(b'\\"', b'"')
        inner = inner.replace(_BACKSLASH + b"r", b"")
        inner = inner.replace(_BACKSLASH * 2, _BACKSLASH).replace(_BACKSLASH + b"n", b"\\n")
        joined += _joined(inner.split(b"\\n"))
    return b"\n".join(joined).replace(_BACKSLASH, b"\\\\")


def _joined(pieces: list[bytes]) -> list[bytes]:
    joined: list[bytes] = []
    last = -1
    for number in [n for n, length in enumerate(map(len, pieces[:-1])) if length >= COLUMNS]:
        piece, following = pieces[number], pieces[number + 1]
        if following[:1] <= b" ":
            continue
        if (
            len(piece) not in _PLAIN
            and b"\\" not in piece
            and b'"' not in piece
            and piece.isascii()
        ):
            continue  # nearly all of them
        if not _is_full(piece):
            continue
        if last == number:
            joined[-1] += following
        else:
            joined.append(piece.removesuffix(b"\\r") + following)
        last = number + 1
    return joined


def _is_full(piece: bytes) -> bool:
    """Tell whether what JSON has between two line ends ends in a line of such a width."""
    end = piece[-_LONGEST:].removesuffix(b"\\r")
    if b"\\" in end:
        end = _ESCAPE.sub(b".", end)
    quote = end.rfind(b'"') + 1
    if not quote and len(piece) > _LONGEST:
        return False
    bare = end[quote:]
    return len(bare) >= COLUMNS and bare[-1:] > b" " and _columns(bare) in WIDTHS


def shown_otherwise(text: str) -> str:
    """Return what of a text is shown otherwise than it is written: a colour code makes it all.

    Of wrapped lines it is those that belong together, each joined to one.
    """
    if "\x1b" in text or ("\\" in text and any(code in text for code in _SPELLED)):
        view = shown(text.encode("utf-8", "surrogatepass"))
        return "" if view is None else view.text.decode("utf-8", "surrogatepass")
    if len(text) <= COLUMNS or "\n" not in text:
        return ""
    lines = text.split("\n")
    joined: list[str] = []
    last = -1
    for number, length in enumerate(map(len, lines[:-1])):
        if length in _FULL and _is_seam(lines[number], lines[number + 1]):
            bare = lines[number].removesuffix("\r")
            if last == number:
                joined[-1] += lines[number + 1]
            else:
                joined.append(bare + lines[number + 1])
            last = number + 1
    return "\n".join(joined)


def _is_seam(line: str, following: str) -> bool:
    bare = line.removesuffix("\r")
    return len(bare) in WIDTHS and bare[-1:] > " " and following[:1] > " "


@dataclass(slots=True, frozen=True)
class View:
    """A text without what a terminal does not show, and where each piece of it stands."""

    text: bytes
    _starts: list[int]
    _places: list[int]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where a piece of the view begins and ends in the text."""
        return self._at(start), self._at(end - 1) + 1

    def _at(self, offset: int) -> int:
        piece = bisect_right(self._starts, offset) - 1
        return self._places[piece] + offset - self._starts[piece]


def shown(text: bytes) -> View | None:
    """Return a text as it is shown, or None where that is no other."""
    may_wrap = len(text) > COLUMNS and b"\n" in text
    may_control = b"\x1b" in text or b"\\" in text
    if not may_control and not may_wrap:
        return None
    cuts = [match.span(0) for match in _CONTROL.find(text)] if may_control else []
    pieces = _between(text, cuts)
    if may_wrap:
        pieces = _unwrapped(text, pieces)
    if len(pieces) == 1 and pieces[0] == (0, len(text)):
        return None
    starts, places, length = [], [], 0
    for start, end in pieces:
        starts.append(length)
        places.append(start)
        length += end - start
    return View(b"".join(text[start:end] for start, end in pieces), starts, places)


def _between(text: bytes, cuts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    pieces, place = [], 0
    for start, end in cuts:
        if place < start:
            pieces.append((place, start))
        place = end
    if place < len(text) or not pieces:
        pieces.append((place, len(text)))
    return pieces


def _unwrapped(text: bytes, pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Take out the line ends that stand after a full line and before one that goes on."""
    shown_text = b"".join(text[start:end] for start, end in pieces) if len(pieces) > 1 else text
    seams = _seams(shown_text)
    if not seams:
        return pieces
    cut: list[tuple[int, int]] = []
    waiting = iter(seams)
    seam = next(waiting, None)
    offset = 0
    for start, end in pieces:
        place = start
        while seam is not None and seam[0] < offset + end - start:
            begin, stop = (max(start, start + at - offset) for at in seam)
            if place < begin:
                cut.append((place, begin))
            place = max(place, min(stop, end))
            if stop > end:
                break  # the seam goes on in the next piece
            seam = next(waiting, None)
        if place < end:
            cut.append((place, end))
        offset += end - start
    return cut


def _seams(text: bytes) -> list[tuple[int, int]]:
    """Return where the line ends stand that only a width explains."""
    lines = text.split(b"\n")
    plain = text.isascii()
    full = [
        number
        for number, length in enumerate(map(len, lines[:-1]))
        if (length in _FULL if plain else length >= COLUMNS)
    ]
    if not full:
        return []
    seams = []
    begins = [0, *accumulate(len(line) + 1 for line in lines)]
    for number in full:
        bare = lines[number].removesuffix(b"\r")
        goes_on = bare[-1:] > b" " and lines[number + 1][:1] > b" "
        if goes_on and _columns(bare) in WIDTHS:
            seams.append((begins[number] + len(bare), begins[number + 1]))
    return seams


def _columns(line: bytes) -> int:
    return len(line) if line.isascii() else len(line.decode("utf-8", "replace"))
