"""One copy of every native byte: a native record stays in its message by reference.

Values that the message carries elsewhere are replaced by references to them. Every line is
restored and compared when it is settled, and kept raw where that fails: what is written can
always be given back.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from typing import TYPE_CHECKING, Any

from sessionfs.canonical import (
    MAX_DEPTH,
    MAX_VALUES_IN_LINE,
    UNSET,
    Number,
    Struct,
    Style,
    depth,
    encode,
    is_crowded,
    plain_copy,
    replace,
)
from sessionfs.digest import digest
from sessionfs.model import MAX_LINE, MAX_TEXT, Message, Part, Text, Thinking, ToolResult
from sessionfs.restore import MARKERS, Unresolvable, escape, message_files, restore_record

if TYPE_CHECKING:
    from sessionfs.draft import Draft

_POINTERS = ("ts", "model", "response", "turn", "agent", "stop")
_ATOMS = frozenset((int, float, bool, type(None)))
_LARGE = MAX_LINE // 8
"""Bytes of a native line below which no message line made of it can be too long."""

_MOST_ESCAPED = 6
"""Bytes that JSON may need for one character: `\\u0001`."""

_SHORTEST = 12
"""Characters below which a string can not be longer than a reference to it."""


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
    by_reference = line.style is not None and len(line.content) <= MAX_LINE
    settled = _settle(draft, line, seq, id, parent, ts, by_reference=by_reference)
    if len(line.content) > MAX_VALUES_IN_LINE and _is_too_much(encode(settled.message)):
        # No line may hold it: the record goes to a file whole, and its parts with it.
        beside = {key: draft.payloads[key] for key in draft.beside.values()}
        bare = replace_fields(draft, parts=[], payloads=beside, strings={}, texts={})
        settled = _settle(bare, line, seq, id, parent, ts, by_reference=False)
    if not settled.payloads:
        return settled
    named = set(message_files(settled.message))
    payloads = {key: value for key, value in settled.payloads.items() if key in named}
    return Settled(settled.message, payloads)


def _is_too_much(line: bytes) -> bool:
    """Tell whether no line may hold a message. Enforces E005, E008."""
    return len(line) >= MAX_LINE or is_crowded(line, MAX_VALUES_IN_LINE)


def _settle(  # noqa: PLR0917  what a message adds to its draft
    draft: Draft,
    line: Line,
    seq: int,
    id: str,
    parent: str | None,
    ts: str | None,
    *,
    by_reference: bool,
) -> Settled:
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
    native = _by_reference(message, draft, line, payloads, spilled) if by_reference else None
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
