"""The values of the format: frozen, typed, and equal when their bytes are equal.

Keys stand in the order of the schema, for that order is part of a line's one spelling.
An optional key that is absent is `UNSET`, never null.
"""

from __future__ import annotations

from typing import Any, Literal

from sessionfs.canonical import UNSET, Struct, UnsetType, encode, typed_decoder

FORMAT = "1.0"
"""The version of the format that this package writes."""

MIN_READER = "1.0"
"""The oldest version of a reader that understands what this package writes."""

MAX_TEXT = 262_144
"""Most UTF-8 bytes of text inside a message; longer text goes to `files/`. Enforces E516."""

MAX_LINE = 64 << 20
"""Most bytes in one line, LF included. Enforces E005."""

Role = Literal["user", "assistant", "system", "tool"]
Actor = Literal["human", "model", "harness", "tool", "hook", "subagent"]

KINDS = frozenset(
    "user_msg assistant_msg thinking tool_call tool_result tool_progress context summary approval"
    " attachment snapshot usage link subagent lifecycle error echo unknown unparsed".split()
)
"""The kinds of message that the registry names; another one is a warning. Enforces W508."""


class Text(Struct, frozen=True, kw_only=True, tag_field="type", tag="text", forbid_unknown_fields=True):
    """Text, inline or, beyond `MAX_TEXT` bytes, in a file of `files/`."""

    text: str | UnsetType = UNSET
    file: str | UnsetType = UNSET


class Thinking(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="thinking", forbid_unknown_fields=True
):
    """Reasoning that a model showed, with what its provider needs to accept it again."""

    text: str | UnsetType = UNSET
    file: str | UnsetType = UNSET
    signature: str | UnsetType = UNSET
    encrypted: str | UnsetType = UNSET


class ToolCall(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="tool_call", forbid_unknown_fields=True
):
    """A tool that is asked to run; `status` only as the native record itself claims it."""

    call_id: str | None
    name: str
    arguments: Any
    status: str | UnsetType = UNSET


class File(Struct, frozen=True, kw_only=True, tag_field="type", tag="file", forbid_unknown_fields=True):
    """A payload in `files/`: its digest, media type, native name and size in bytes."""

    file: str
    media_type: str
    name: str | None
    bytes: int


class Data(Struct, frozen=True, kw_only=True, tag_field="type", tag="data", forbid_unknown_fields=True):
    """A structured fact, such as the event of a lifecycle message."""

    value: Any


class Unknown(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="unknown", forbid_unknown_fields=True
):
    """A native block of a type that the adapter does not know."""

    value: Any


class ToolResult(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="tool_result", forbid_unknown_fields=True
):
    """What came back from a tool call."""

    call_id: str | None
    content: list[Text | File | Data | Unknown]
    is_error: bool
    exit_code: int | UnsetType = UNSET
    duration_ms: int | UnsetType = UNSET


Part = Text | Thinking | ToolCall | ToolResult | File | Data | Unknown


class Usage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tokens of one API response; `convention` says whether input includes cached tokens."""

    input: int | UnsetType = UNSET
    output: int | UnsetType = UNSET
    cache_read: int | UnsetType = UNSET
    cache_write: int | UnsetType = UNSET
    reasoning: int | UnsetType = UNSET
    convention: Literal["exclusive", "inclusive"]


class Cost(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money as the native log states it: a decimal string and an ISO 4217 code."""

    amount: str
    currency: str


class Message(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a segment: one record of the native log."""

    seq: int
    id: str
    parent: str | None
    ts: str | None
    role: Role
    kind: str
    actor: Actor
    parts: list[Part]
    model: str | UnsetType = UNSET
    usage: Usage | UnsetType = UNSET
    cost: Cost | UnsetType = UNSET
    response: str | UnsetType = UNSET
    turn: str | UnsetType = UNSET
    agent: str | UnsetType = UNSET
    sidechain: bool | UnsetType = UNSET
    stop: str | UnsetType = UNSET
    ext: dict[str, Any] | UnsetType = UNSET
    native: dict[str, Any] | UnsetType = UNSET


decode_message = typed_decoder(Message)
"""Decode one line, without its line end, into a `Message`; raises `ValueError`."""


def encode_message(message: Message) -> bytes:
    """Return the one spelling of a message, without its line end."""
    return encode(message)


class Finding(Struct, frozen=True, kw_only=True):
    """One broken rule: its code and level, the place, and what was seen there."""

    code: str
    level: Literal["error", "warning"]
    path: str
    line: int | UnsetType = UNSET
    pointer: str | UnsetType = UNSET
    message: str
    hint: str

    @property
    def where(self) -> str:
        """The place as `file:line#pointer`."""
        line = "" if self.line is UNSET else f":{self.line}"
        pointer = "" if self.pointer is UNSET else f"#{self.pointer}"
        return f"{self.path}{line}{pointer}"
