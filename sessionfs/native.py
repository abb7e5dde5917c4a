"""One copy of every native byte: `settle` keeps a record by reference, `restore` rebuilds it.

A native record stays in its message with the values that the message carries elsewhere
replaced by references. Restoring is one pass over the record; a reference never points into
`native`, so there are no loops. Every line is restored and compared when it is settled, and
kept raw where that fails: what is written can always be given back.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sessionfs.canonical import (
    MAX_DEPTH,
    STYLES,
    UNSET,
    Number,
    Struct,
    Style,
    depth,
    encode,
    encode_native,
    plain_copy,
    replace,
)
from sessionfs.digest import digest
from sessionfs.model import MAX_TEXT, Message, Part, Text, Thinking, ToolResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sessionfs.draft import Draft

MARKERS = frozenset(("$ref", "$json", "$file", "$num", "$lit"))
"""First keys that make an object in a record a marker. Enforces E513."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|NaN|-?Infinity")
_POINTERS = ("ts", "model", "response", "turn", "agent", "stop")
_ATOMS = frozenset((int, float, bool, type(None)))
_CONTAINERS = frozenset((dict, list))
_MOST_ESCAPED = 6
"""Bytes that JSON may need for one character: `\\u0001`."""

_SHORTEST = 12
"""Characters below which a string can not be longer than a reference to it."""


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


@dataclass(slots=True, frozen=True, kw_only=True)
class Line:
    """One line of a native log: its bytes, line end apart, and what they decode to."""

    content: bytes
    eol: bytes = b"\n"
    value: Any = None
    style: Style | None = None


@dataclass(slots=True, frozen=True)
class Settled:
    """A message with its native record, and the content of the files that it names."""

    message: Message
    payloads: dict[str, bytes]


def settle(
    draft: Draft, line: Line, *, seq: int, id: str, parent: str | None, ts: str | None
) -> Settled:
    """Return a draft as a message: parts plain, long text in files, the record by reference."""
    payloads = dict(draft.payloads)
    spilled: dict[str, str] = {}
    parts = [_settle_part(part, payloads, spilled) for part in draft.parts]
    message = Message(
        seq=seq,
        id=id,
        parent=parent,
        ts=ts,
        role=draft.role,
        kind=draft.kind,
        actor=draft.actor,
        parts=parts,
        **{name: plain_copy(value) for name, value in draft.optional()},
    )
    native = _by_reference(message, draft, line, payloads, spilled) if line.style else None
    if native is None:
        native = _raw(line.content, payloads)
    if line.eol != b"\n":
        native["eol"] = line.eol.decode()
    if draft.source is not None:
        native["source"] = draft.source
    if draft.beside:
        native["files"] = dict(sorted(draft.beside.items()))
    return Settled(replace(message, native=native), payloads)


def _by_reference(
    message: Message, draft: Draft, line: Line, payloads: dict[str, bytes], spilled: dict[str, str]
) -> dict[str, Any] | None:
    substitution = _Substitution(message, draft, payloads, spilled)
    native: dict[str, Any] = {"record": substitution.apply(line.value)}
    if line.style not in (None, "compact"):
        native["style"] = line.style
    try:
        proof = restore_record(native, message, payloads.__getitem__)
    except (Unresolvable, KeyError):
        return None
    if substitution.wrapped and depth(encode(native["record"])) > MAX_DEPTH - 2:
        return None  # each `$lit` is a level more
    return native if proof == line.content else None


def _raw(content: bytes, payloads: dict[str, bytes]) -> dict[str, Any]:
    if len(content) > MAX_TEXT:
        payloads[address := digest(content)] = content
        return {"raw_file": address}
    if b"\0" not in content:
        try:
            return {"raw": content.decode()}
        except UnicodeDecodeError:
            pass
    return {"raw_base64": base64.b64encode(content).decode()}


def _settle_part(part: Part, payloads: dict[str, bytes], spilled: dict[str, str]) -> Part:
    """Make every value of a part plain and move long text to a file. Enforces E516."""
    changes: dict[str, Any] = {}
    for name in part.__struct_fields__:
        value = getattr(part, name)
        if value is UNSET:
            continue
        plain = plain_copy(value)
        if name == "content" and isinstance(part, ToolResult):
            changes[name] = [_settle_part(inner, payloads, spilled) for inner in value]
        elif plain is not value:
            changes[name] = plain
    if isinstance(part, (Text, Thinking)) and isinstance(part.text, str):
        text = changes.get("text", part.text)
        if len(text) > MAX_TEXT // 4 and len(content := text.encode()) > MAX_TEXT:
            payloads[address := digest(content)] = content
            spilled[text] = address
            changes |= {"text": UNSET, "file": address}
    return replace(part, **changes) if changes else part


class _Substitution:
    """One pass over a native record that replaces what the message carries."""

    def __init__(
        self, message: Message, draft: Draft, payloads: dict[str, bytes], spilled: dict[str, str]
    ) -> None:
        self.wrapped = False
        """Whether an object of the record had to be told from a marker."""
        self._payloads = payloads
        self._draft = draft
        self._files: dict[str, dict[str, Any]] = {
            text: _file_marker(address, "utf-8") for text, address in spilled.items()
        }
        for text, encoded in draft.strings.items():
            self._files[text] = _file_marker(encoded.file, encoded.encoding, encoded.prefix)
        self._strings: dict[str, str] = {}
        self._containers: dict[int, str] = {}
        for name in _POINTERS:
            self._register(getattr(message, name), f"/{name}")
        for number, part in enumerate(message.parts):
            self._register(part, f"/parts/{number}")

    def _register(self, value: Any, pointer: str) -> None:  # noqa: ANN401  JSON is any value
        kind = type(value)
        if kind is str:
            if len(value) >= _SHORTEST:
                self._strings.setdefault(value, pointer)
        elif kind is dict:
            self._containers.setdefault(id(value), pointer)
            for key, member in value.items():
                self._register(member, f"{pointer}/{escape(key)}")
        elif kind is list:
            self._containers.setdefault(id(value), pointer)
            for number, item in enumerate(value):
                self._register(item, f"{pointer}/{number}")
        elif isinstance(value, Struct):
            for name in value.__struct_fields__:
                self._register(getattr(value, name), f"{pointer}/{name}")

    def apply(self, value: Any) -> Any:  # noqa: ANN401  JSON is any value
        """Return the value with references in it; it runs for every value of every log."""
        kind = type(value)
        if kind is str:
            return self._string(value) if len(value) >= _SHORTEST else value
        if kind is Number:
            return {"$num": value.literal}
        if kind is not dict and kind is not list:
            return value
        if (pointer := self._containers.get(id(value))) is not None:
            reference = _if_shorter({"$ref": pointer}, value)
            if reference is not None:
                return reference
        if kind is list:
            return [item if type(item) in _ATOMS else self.apply(item) for item in value]
        members = dict(value)
        for key, member in value.items():
            kind = type(member)
            if kind is str:
                if len(member) >= _SHORTEST:
                    members[key] = self._string(member)
            elif kind not in _ATOMS:
                members[key] = self.apply(member)
        if next(iter(value), None) not in MARKERS:
            return members
        self.wrapped = True
        return {"$lit": members}

    def _string(self, text: str) -> Any:  # noqa: ANN401  JSON is any value
        if (pointer := self._strings.get(text)) is not None:
            marker: dict[str, Any] = {"$ref": pointer}
            clearly = len(text) > _MOST_ESCAPED * (len(pointer) + 2)  # without encoding either
            return marker if clearly else _if_shorter(marker, text) or text
        if (file := self._files.get(text)) is not None:
            return file
        if (carried := self._draft.texts.get(text)) is not None:
            value, style = carried
            pointer = self._containers.get(id(value))
            if pointer is not None:
                marker = {"$json": pointer}
                if style != "compact":
                    marker["style"] = style
                return _if_shorter(marker, text) or text
        if len(text) > MAX_TEXT // 4 and len(content := text.encode()) > MAX_TEXT:
            self._payloads[address := digest(content)] = content
            return _file_marker(address, "utf-8")
        return text


def _if_shorter(marker: dict[str, Any], value: object) -> dict[str, Any] | None:
    return marker if len(encode(marker)) < len(encode(value)) else None


def _file_marker(address: str, encoding: str, prefix: str = "") -> dict[str, Any]:
    marker = {"$file": address, "encoding": encoding}
    return marker | {"prefix": prefix} if prefix else marker


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
                return resolve(self._message, pointer)
            match marker:
                case {"$json": str(pointer), **rest} if _is_style(rest):
                    value = resolve(self._message, pointer)
                    return encode_native(value, rest.get("style", "compact")).decode()
                case {"$file": str(address), "encoding": "utf-8", **rest} if not rest:
                    return _payload(self._file, address, "").decode()
                case {"$file": str(address), "encoding": "base64", **rest} if _is_prefix(rest):
                    payload = _payload(self._file, address, "")
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
        if next(iter(value), None) == "$file":
            yield value["$file"]
            return
        for member in value.values():
            yield from _file_markers(member)
    elif isinstance(value, list):
        for item in value:
            yield from _file_markers(item)
