"""What git makes of a file that it converts, undone: line ends, `$Id$`, another encoding.

A digest of what was undone proves the conversion. Where no digest covers a file, it is enough
that the file can be read once it is undone.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

from sessionfs.digest import CHUNK, Hasher

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from typing import BinaryIO

    Step = Callable[[bytes, bool], bytes]

_EXPANDED: Final = re.compile(rb"\$Id: [0-9a-f]{40,64} \$")
_HALF: Final = re.compile(rb"\$(I(d(:( ([0-9a-f]{1,64}( )?)?)?)?)?)?\Z")
_LONGEST: Final = 80
"""More bytes than an expanded `$Id$` has."""

_MARKS: Final = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_ZEROS: Final = {
    (True, False, False, False): "utf-32-le",
    (False, False, False, True): "utf-32-be",
    (True, False, True, False): "utf-16-le",
    (False, True, False, True): "utf-16-be",
}


def encoding(start: bytes) -> str | None:
    """Return which encoding of 16 or 32 bits the first bytes of a text are in, if one."""
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    return _ZEROS.get(tuple(map(bool, start[:4])))  # type: ignore[arg-type]  # of any length


def undone(content: bytes) -> tuple[bytes, str] | None:
    """Return a small text with its conversion undone, and the words for it; None without one."""
    words = []
    if name := encoding(content):
        try:
            content = content.decode(name).encode()
        except UnicodeError:
            return None
        words.append(_encoded(name))
    if 0 < content.count(b"\n") == content.count(b"\r\n"):
        content = content.replace(b"\r\n", b"\n")
        words.append(_LF_TO_CRLF)
    return (content, " and ".join(words)) if words else None


class Conversions:
    """What a file may have been before git converted it, each as a digest, in one pass."""

    def __init__(self, start: bytes) -> None:
        """Look at the first bytes of the file, which `update` gets as well."""
        name = encoding(start)
        self._decode = None if name is None else codecs.getincrementaldecoder(name)()
        first = () if name is None else (_encoded(name),)
        ways: list[tuple[tuple[str, ...], tuple[Step, ...]]] = [] if name is None else [((), ())]
        ways += [
            ((_LF_TO_CRLF,), (_from_crlf(),)),
            ((_IDENT,), (_from_ident(),)),
            ((_LF_TO_CRLF, _IDENT), (_from_crlf(), _from_ident())),
            ((_CRLF_TO_LF,), (_to_crlf(),)),
        ]
        self._ways = [(" and ".join(first + words), steps, Hasher()) for words, steps in ways]

    def update(self, piece: bytes, *, last: bool = False) -> None:
        """Take in more of the file; `last` says that it ends."""
        if self._decode is not None:
            try:
                piece = self._decode.decode(piece, last).encode()
            except UnicodeError:
                self._ways = []
        for _, steps, hasher in self._ways:
            changed = piece
            for step in steps:
                changed = step(changed, last)
            hasher.update(changed)

    def proved(self, digests: Container[str]) -> str | None:
        """Return the words for the conversion that led here from one of the digests, or None."""
        for words, _, hasher in self._ways:
            if hasher.hexdigest() in digests:
                return words
        return None


def conversion_of(stream: BinaryIO, digests: Container[str]) -> str | None:
    """Return the words for the conversion that led from one of the digests to a file, or None."""
    piece = stream.read(CHUNK)
    conversions = Conversions(piece)
    while piece:
        conversions.update(piece)
        piece = stream.read(CHUNK)
    conversions.update(b"", last=True)
    return conversions.proved(digests)


_LF_TO_CRLF: Final = "its line ends became CRLF"
_CRLF_TO_LF: Final = "its line ends were CRLF and became LF"
_IDENT: Final = "`$Id$` was expanded"


def _encoded(name: str) -> str:
    return f"its encoding became {name.upper()}"


def _held_back(change: Callable[[bytes], bytes], cut: Callable[[bytes], int]) -> Step:
    """Return a step that keeps for the next piece what `cut` says may be half of something."""
    held = b""

    def step(piece: bytes, last: bool) -> bytes:  # noqa: FBT001  a callback
        nonlocal held
        piece = held + piece
        place = len(piece) if last else cut(piece)
        held = piece[place:]
        return change(piece[:place])

    return step


def _from_crlf() -> Step:
    return _held_back(
        lambda piece: piece.replace(b"\r\n", b"\n"),
        lambda piece: len(piece) - piece.endswith(b"\r"),
    )


def _to_crlf() -> Step:
    return _held_back(lambda piece: piece.replace(b"\n", b"\r\n"), len)


def _from_ident() -> Step:
    def cut(piece: bytes) -> int:
        whole = max((match.end() for match in _EXPANDED.finditer(piece)), default=0)
        half = _HALF.search(piece, max(whole, len(piece) - _LONGEST))
        return len(piece) if half is None else half.start()

    return _held_back(lambda piece: _EXPANDED.sub(b"$Id$", piece), cut)
