"""The native line of a proved line at once: bytes put where markers stand, nothing walked.

What takes more is left to `restore.restore_record`, which this must agree with.
"""

from __future__ import annotations

import re
from functools import lru_cache, partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sessionfs.canonical import STYLES, UNSET, Struct, encode, restyle
from sessionfs.model import MAX_LINE, Message
from sessionfs.restore import end_of_line, is_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from sessionfs.canonical import Style
_NATIVE = b',"native":{"record":'
_ANY_NATIVE = b',"native":{'
_MARK = b'{"$'
"""How a marker begins. In the minimal encoding nothing else does, not inside strings either."""

_MARKER = re.compile(
    rb'\{"\$(?:ref":"([^"\\~]*)"\}|num":"([^"\\]*)"\}'
    rb'|json":"([^"\\~]*)"(?:,"style":"([a-z-]*)")?\}|(?:ref|json|file|num|lit)")'
)
_FILE_MARKER = re.compile(rb'\{"\$file":"([0-9a-f]{64})","encoding":"(utf-8|base64)"')
_OTHER_STYLES: dict[bytes, Style] = {
    style.encode(): style for style in STYLES if style != "compact"
}


class _NeedsWalk(Exception):
    """A native record that replacing bytes cannot restore."""


def plainly_restored(line: bytes, message: Message) -> bytes | None:
    """Return the native line of a proved line where nothing but plain references stands in it.

    Nearly all records are so; None leaves the others, and whatever is long, to what follows.
    """
    start = line.find(_NATIVE)
    if start < 0 or line.find(_ANY_NATIVE, start + 1) >= 0:  # which one is it?
        return None
    pieces = line[start + len(_NATIVE) : -2].split(_MARK)
    if len(pieces) * len(line) * _MOST_GROWTH >= MAX_LINE:
        return None
    restored = pieces[:1]
    try:
        for piece in pieces[1:]:
            end = piece.find(b'"}', 6)
            if end < 0 or piece[:6] != b'ref":"':
                return None
            value = _getter(piece[6:end])(message)
            if value is UNSET:
                return None
            restored += encode(value), piece[end + 2 :]
    except _NeedsWalk:
        return None
    restored.append(b"\n")
    return b"".join(restored)


def record_of(line: bytes, message: Message) -> bytes:
    """Return the minimal encoding of the native record that a message has, cut from its line."""
    native: Any = message.native
    start = line.find(_NATIVE)
    if start < 0 or line.find(_ANY_NATIVE, start + 1) >= 0:  # which one is it?
        return encode(native["record"])
    rest = 1 if len(native) == 1 else len(encode({k: native[k] for k in list(native)[1:]}))
    return line[start + len(_NATIVE) : -1 - rest]


def cut(record: bytes) -> list[bytes]:
    """Return the minimal encoding of a record in pieces: a marker begins between any two."""
    return record.split(_MARK)


def restored_line(pieces: list[bytes], message: Message) -> bytes | None:
    """Return the native line of a proved message by replacing bytes, or None where it takes more.

    `pieces` are the message's native record, cut.
    """
    try:
        record = _replaced(pieces, message)
    except _NeedsWalk:
        return None
    native: Any = message.native
    if len(native) > 1:
        style = native.get("style")
        return (restyle(record, style) if style else record) + end_of_line(native)
    return record + b"\n"


def _replaced(pieces: list[bytes], message: Message) -> bytes:
    if len(pieces) == 1:
        return pieces[0]
    whole = pieces[:1]
    for piece in pieces[1:]:
        end = piece.find(b'"}', 6)
        if end < 0 or piece[:6] != b'ref":"':  # nearly all markers are this one
            return _MARKER.sub(partial(_replacement, message), _MARK.join(pieces))
        value = _getter(piece[6:end])(message)
        if value is UNSET:
            raise _NeedsWalk
        whole.append(encode(value))
        whole.append(piece[end + 2 :])
    return b"".join(whole)


_MOST_GROWTH = 16
"""Above how many times a value can grow by escapes, as JSON text inside a string in ASCII."""


def is_too_long(
    pieces: list[bytes], message: Message, length: int, size: Callable[[str], int | None]
) -> bool:
    """Tell whether a record with references stands for too long a native line. Enforces E519.

    Sizes are added up before anything is restored: a line of references to one long text
    would else fill the memory. `pieces` are the record, cut; `length` is the message's own,
    `size` gives that of a payload.
    """
    if len(pieces) * length * _MOST_GROWTH < MAX_LINE and not any(
        piece.startswith(b'file"') for piece in pieces
    ):
        return False
    record = _MARK.join(pieces)
    native: Any = message.native
    style = native.get("style", "compact")
    sizes: dict[bytes, int] = {}
    total = len(b',"native":}') + len(encode(native))
    for match in _MARKER.finditer(record):
        if match[0] not in sizes:
            try:
                sizes[match[0]] = len(restyle(_replacement(message, match), style))
            except (_NeedsWalk, ValueError):
                sizes[match[0]] = 0
        total += sizes[match[0]]
        if total > MAX_LINE:
            return True
    for match in _FILE_MARKER.finditer(record):
        payload = size(match[1].decode()) or 0
        total += payload * 4 // 3 if match[2] == b"base64" else payload
    return total > MAX_LINE


def _replacement(message: Message, match: re.Match[bytes]) -> bytes:
    """Return the bytes that stand for a marker, or say that only walking can tell."""
    reference, number, text, style = match.groups()
    if reference is not None:
        return encode(_value_at(message, reference))
    if number is not None and is_number(number.decode()):
        return number
    if text is not None and (style or b"ascii") in _OTHER_STYLES:
        inner = encode(_value_at(message, text))
        return encode((restyle(inner, _OTHER_STYLES[style]) if style else inner).decode())
    raise _NeedsWalk


def _value_at(message: Message, pointer: bytes) -> Any:  # noqa: ANN401  any JSON
    """Return what `restore.resolve` returns, or say that only it can tell."""
    value = _getter(pointer)(message)
    if value is UNSET:
        raise _NeedsWalk
    return value


@lru_cache(4096)
def _getter(pointer: bytes) -> Callable[[Message], Any]:
    """Return what gets the value at a pointer that leads out of `native`."""
    if b'"' in pointer or b"\\" in pointer or b"~" in pointer:
        raise _NeedsWalk
    first, *elements = pointer.decode().split("/")
    if first or not elements or elements[0] == "native":
        raise _NeedsWalk
    match elements:
        case [name] if name in _FIELDS:
            return attrgetter(name)
        case ["parts", number, name] if _INDEX.fullmatch(number) and name in _IN_PARTS:
            return partial(_in_part, int(number), name)
    return partial(_walked, tuple(elements))


_INDEX = re.compile("0|[1-9][0-9]{0,8}")
_FIELDS = frozenset(Message.__struct_fields__)
_IN_PARTS = frozenset(("text", "signature", "encrypted", "call_id", "name", "arguments", "value"))


def _in_part(number: int, name: str, message: Message) -> Any:  # noqa: ANN401  any JSON
    try:
        return getattr(message.parts[number], name)
    except (IndexError, AttributeError):
        raise _NeedsWalk from None


def _walked(elements: tuple[str, ...], message: Message) -> Any:  # noqa: ANN401  any JSON
    value: Any = message
    for element in elements:
        kind = type(value)
        if kind is dict and element in value:
            value = value[element]
        elif kind is list and _INDEX.fullmatch(element) and int(element) < len(value):
            value = value[int(element)]
        elif isinstance(value, Struct) and element in value.__struct_fields__:
            value = getattr(value, element)
        else:
            raise _NeedsWalk
    return value
