"""The native line of a proved line at once: bytes put where markers stand, nothing walked.

What takes more is left to `restore.restore_record`, which this must agree with.
"""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from sessionfs.canonical import STYLES, UNSET, Struct, encode, restyle
from sessionfs.model import MAX_LINE
from sessionfs.restore import end_of_line, is_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from sessionfs.canonical import Style
    from sessionfs.model import Message

_NATIVE = b',"native":{"record":'
_MARKER = re.compile(
    rb'\{"\$(?:ref":"([^"\\~]*)"\}|num":"([^"\\]*)"\}'
    rb'|json":"([^"\\~]*)"(?:,"style":"([a-z-]*)")?\}|(?:ref|json|file|num|lit)")'
)


_OTHER_STYLES: dict[bytes, Style] = {
    style.encode(): style for style in STYLES if style != "compact"
}


class _NeedsWalk(Exception):
    """A native record that replacing bytes cannot restore."""


def restored_line(line: bytes, message: Message) -> bytes | None:
    """Return the native line of a proved line by replacing bytes, or None where it takes more.

    In the minimal encoding an object whose first key begins with `$` is written as nothing else
    is, not inside strings either. `native.restore_record` is what this must agree with.
    """
    native = message.native
    start = line.find(_NATIVE)
    if start < 0 or native is UNSET or line.find(b',"native":{', start + 1) >= 0:
        return None
    keys = len(native)
    rest = 1 if keys == 1 else len(encode({k: native[k] for k in list(native)[1:]}))
    record = line[start + len(_NATIVE) : -1 - rest]
    if b'{"$' in record:
        try:
            record = _MARKER.sub(partial(_replacement, message), record)
        except _NeedsWalk:
            return None
    if keys > 1:
        style = native.get("style")
        return (restyle(record, style) if style else record) + end_of_line(native)
    return record + b"\n"


_MOST_GROWTH = 16
"""Above how many times a value can grow by escapes, as JSON text inside a string in ASCII."""

_HARMLESS = 7000
"""Bytes of a line that holds too few markers for that: one takes 14 bytes."""

_FILE_MARKER = re.compile(rb'\{"\$file":"([0-9a-f]{64})","encoding":"(utf-8|base64)"')


def is_too_long(line: bytes, message: Message, size: Callable[[str], int]) -> bool:
    """Tell whether a record with references stands for too long a native line. Enforces E519.

    Sizes are added up before anything is restored: a line of references to one long text
    would else fill the memory. `size` gives that of a payload.
    """
    if b'{"$file"' not in line and (
        len(line) < _HARMLESS or line.count(b'{"$') * len(line) * _MOST_GROWTH < MAX_LINE
    ):
        return False
    if (place := line.find(_NATIVE)) < 0:
        return False
    native: Any = message.native
    style = native.get("style", "compact")
    sizes: dict[bytes, int] = {}
    total = len(line) - place
    for match in _MARKER.finditer(line, place):
        if match[0] not in sizes:
            try:
                sizes[match[0]] = len(restyle(_replacement(message, match), style))
            except (_NeedsWalk, ValueError):
                sizes[match[0]] = 0
        total += sizes[match[0]]
        if total > MAX_LINE:
            return True
    for match in _FILE_MARKER.finditer(line, place):
        payload = size(match[1].decode())
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


@lru_cache(4096)
def _elements(pointer: bytes) -> tuple[str, ...]:
    """Return the elements of a pointer that leads out of `native`."""
    first, *elements = pointer.decode().split("/")
    if first or not elements or elements[0] == "native":
        raise _NeedsWalk
    return tuple(elements)


def _value_at(message: Message, pointer: bytes) -> Any:  # noqa: ANN401  any JSON
    """Return what `native.resolve` returns, or say that only it can tell."""
    value: Any = message
    for element in _elements(pointer):
        kind = type(value)
        if kind is list:
            if not element.isdecimal() or (element[0] == "0" and element != "0"):
                raise _NeedsWalk
            number = int(element)
            if number >= len(value):
                raise _NeedsWalk
            value = value[number]
        elif kind is dict:
            if element not in value:
                raise _NeedsWalk
            value = value[element]
        elif isinstance(value, Struct) and element in value.__struct_fields__:
            value = getattr(value, element)
        else:
            raise _NeedsWalk
    if value is UNSET:
        raise _NeedsWalk
    return value
