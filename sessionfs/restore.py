"""Native records given back: one pass that puts values where references stand.

A reference never points into `native`, so there are no loops; what the references of one
record stand for has a limit, so that a hostile line cannot fill the memory.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from sessionfs.canonical import STYLES, UNSET, Number, Struct, encode, encode_native
from sessionfs.model import MAX_LINE, File, Text, Thinking, ToolResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sessionfs.model import Message, Part

MARKERS = frozenset(("$ref", "$json", "$file", "$num", "$lit"))
"""First keys that make an object in a record a marker. Enforces E513."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|NaN|-?Infinity")
_STRINGS = ("raw", "raw_base64", "raw_file", "style", "eol", "source")
_CONTAINERS = frozenset((dict, list))
_TEXTS = frozenset((str, bytes))


class Unresolvable(ValueError):
    """A native reference that points nowhere or a marker that is malformed.

    `pointer` is the place of the marker inside the message.
    """

    def __init__(self, message: str, pointer: str = "/native") -> None:
        """Keep the place beside the message."""
        super().__init__(message)
        self.pointer = pointer


class Malformed(Unresolvable):
    """A marker that the format does not define. Enforces E513."""


def escape(key: str) -> str:
    """Return an object's key as an element of a JSON Pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def resolve(message: Message, pointer: str) -> Any:  # noqa: ANN401  JSON is any value
    """Return the value at a JSON Pointer into a message; raises `Unresolvable`. Enforces E512."""
    value: Any = message
    elements = pointer.split("/")
    if elements[0] or len(elements) < 2 or elements[1] == "native":  # noqa: PLR2004
        raise Unresolvable(f"{pointer!r} is no pointer into the message")
    for element in elements[1:]:
        key = element.replace("~1", "/").replace("~0", "~") if "~" in element else element
        try:
            value = _member(value, key)
        except (KeyError, IndexError, ValueError):
            raise Unresolvable(f"{pointer!r} points nowhere") from None
        if value is UNSET:
            raise Unresolvable(f"{pointer!r} points nowhere")
    return value


def _member(value: Any, key: str) -> Any:  # noqa: ANN401  JSON is any value
    match value:
        case Struct() if key in value.__struct_fields__:
            return getattr(value, key)
        case Struct() if key == value.__struct_config__.tag_field:
            return value.__struct_config__.tag
        case dict():
            return value[key]
        case list() if key == "0" or (key.isascii() and key.isdigit() and key[0] != "0"):
            return value[int(key)]
    raise KeyError(key)


def restore_record(native: dict[str, Any], message: Message, file: Callable[[str], bytes]) -> bytes:
    """Return the native line that `native` stands for, without its line end.

    `file` gives the content of a file by digest and raises `KeyError` where there is none.
    Raises `Unresolvable`. Enforces E512, E513.
    """
    match native:
        case {"raw": str(text)}:
            return text.encode()
        case {"raw_base64": str(text)}:
            try:
                return base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                raise Malformed("not base64", "/native/raw_base64") from None
        case {"raw_file": str(address)}:
            return _payload(file, address, "/native/raw_file")
    if "record" not in native:
        raise Malformed("no record")
    style = native.get("style", "compact")
    try:
        value = _Restoration(message, file).apply(native["record"])
    except Unresolvable as error:
        error.pointer = f"/native/record{error.pointer}"
        raise
    try:
        return encode_native(value, style)
    except (TypeError, ValueError) as error:
        raise Malformed(str(error)) from error


def is_native(native: object) -> bool:
    """Tell whether a native record has members of the right types, whatever they say.

    Nothing is known of one that was only read, not verified.
    """
    if not isinstance(native, dict):
        return False
    if len(native) == 1 and "record" in native:
        return True
    files = native.get("files", {})
    return (
        all(type(native[key]) is str for key in _STRINGS if key in native)
        and type(files) is dict
        and all(type(address) is str for address in files.values())
    )


def end_of_line(native: dict[str, Any]) -> bytes:
    """Return the line end of the native line."""
    eol: str = native.get("eol", "\n")
    return eol.encode()


def _payload(file: Callable[[str], bytes], address: object, pointer: str) -> bytes:
    try:
        return file(str(address))
    except KeyError:
        raise Unresolvable(f"no file {address}", pointer) from None


class _Restoration:
    """One pass over a record that puts the values back where references stand.

    An error's pointer is relative to the value; it grows on its way out, so that the many
    records without one pay nothing for it.
    """

    def __init__(self, message: Message, file: Callable[[str], bytes]) -> None:
        self._message = message
        self._file = file
        self._left = MAX_LINE

    def _spend(self, value: Any) -> Any:  # noqa: ANN401  JSON is any value
        """Count what a reference stands for. Enforces E519."""
        self._left -= len(value if type(value) in _TEXTS else encode(value))
        if self._left < 0:
            raise Malformed(f"references stand for more than {MAX_LINE} bytes", "")
        return value

    def apply(self, value: Any) -> Any:  # noqa: ANN401  JSON is any value
        """Return the value that stood here; what holds no marker is returned itself."""
        if type(value) is dict:
            if next(iter(value), None) in MARKERS:
                return self._marker(value)
            return self._members(value)
        if type(value) is not list:
            return value
        restored = value
        number = 0
        try:
            for number, item in enumerate(value):
                if type(item) in _CONTAINERS and (whole := self.apply(item)) is not item:
                    if restored is value:
                        restored = list(value)
                    restored[number] = whole
        except Unresolvable as error:
            error.pointer = f"/{number}{error.pointer}"
            raise
        return restored

    def _members(self, value: dict[str, Any]) -> dict[str, Any]:
        restored = value
        key = ""
        try:
            for key, member in value.items():
                if type(member) in _CONTAINERS and (whole := self.apply(member)) is not member:
                    if restored is value:
                        restored = dict(value)
                    restored[key] = whole
        except Unresolvable as error:
            error.pointer = f"/{escape(key)}{error.pointer}"
            raise
        return restored

    def _marker(self, marker: dict[str, Any]) -> Any:  # noqa: ANN401  JSON is any value
        try:
            # Nearly all of them are this one.
            if len(marker) == 1 and type(pointer := marker.get("$ref")) is str:
                return self._spend(resolve(self._message, pointer))
            match marker:
                case {"$json": str(pointer), **rest} if _is_style(rest):
                    value = resolve(self._message, pointer)
                    text = encode_native(value, rest.get("style", "compact"))
                    return self._spend(text).decode()
                case {"$file": str(address), "encoding": "utf-8", **rest} if not rest:
                    return self._spend(_payload(self._file, address, "")).decode()
                case {"$file": str(address), "encoding": "base64", **rest} if _is_prefix(rest):
                    payload = self._spend(_payload(self._file, address, ""))
                    return rest.get("prefix", "") + base64.b64encode(payload).decode()
                case {"$num": str(literal), **rest} if not rest and is_number(literal):
                    return Number(literal)
        except UnicodeDecodeError:
            raise Malformed("the file is not UTF-8", "") from None
        except Unresolvable as error:
            raise type(error)(str(error), "") from None
        members = marker.get("$lit")
        if len(marker) == 1 and isinstance(members, dict) and next(iter(members), None) in MARKERS:
            try:
                return self._members(members)
            except Unresolvable as error:
                error.pointer = f"/$lit{error.pointer}"
                raise
        raise Malformed(f"no such marker: {sorted(marker)}", "")


def is_number(literal: str) -> bool:
    """Tell whether a literal is a JSON number, or one of the three that Python adds."""
    return _NUMBER.fullmatch(literal) is not None


def _is_style(rest: dict[str, Any]) -> bool:
    return not rest or (list(rest) == ["style"] and rest["style"] in STYLES[1:])


def _is_prefix(rest: dict[str, Any]) -> bool:
    return not rest or (list(rest) == ["prefix"] and isinstance(rest["prefix"], str))


def references(native: dict[str, Any]) -> Iterator[str]:
    """Yield the digest of every file that a native record names."""
    if "raw_file" in native:
        yield native["raw_file"]
    yield from native.get("files", {}).values()
    if "record" in native:
        yield from _file_markers(native["record"])


def _file_markers(value: Any) -> Iterator[str]:  # noqa: ANN401  JSON is any value
    if isinstance(value, dict):
        first = next(iter(value), None)
        if first == "$file" and isinstance(value["$file"], str):
            yield value["$file"]
            return
        if first == "$lit" and isinstance(value["$lit"], dict):
            value = value["$lit"]  # literal at its own level
        for member in value.values():
            yield from _file_markers(member)
    elif isinstance(value, list):
        for item in value:
            yield from _file_markers(item)


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
