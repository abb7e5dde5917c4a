"""The values of the format: frozen, typed, and equal when their bytes are equal.

Keys stand in the order of the schema, for that order is part of a line's one spelling.
An optional key that is absent is `UNSET`, never null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from sessionfs.canonical import UNSET, Struct, UnsetType, encode, typed_decoder

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = "1.0"
"""The version of the format that this package writes."""

MIN_READER = "1.0"
"""The oldest version of a reader that understands what this package writes."""

MAX_TEXT = 262_144
"""Most UTF-8 bytes of text inside a message; longer text goes to `files/`. Enforces E516."""

MAX_LINE = 64 << 20
"""Most bytes in one line, LF included. Enforces E005."""

MAX_SEGMENT_MESSAGES = 256
"""Most messages in a segment. Enforces E314, E315."""

MAX_SEGMENT_BYTES = 1 << 20
"""Most bytes in a segment of more than one message. Enforces E314, E315."""

MAX_DERIVED = 64 << 20
"""Most bytes in summary.json and in checksums.b3. Enforces E003."""

Role = Literal["user", "assistant", "system", "tool"]
Actor = Literal["human", "model", "harness", "tool", "hook", "subagent"]

KINDS = frozenset(
    "user_msg assistant_msg thinking tool_call tool_result tool_progress context summary approval"
    " attachment snapshot usage link subagent lifecycle error echo unknown unparsed".split()
)
"""The kinds of message that the registry names; another one is a warning. Enforces W508."""


class Text(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="text", forbid_unknown_fields=True
):
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


class File(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="file", forbid_unknown_fields=True
):
    """A payload in `files/`: its digest, media type, native name and size in bytes."""

    file: str
    media_type: str
    name: str | None
    bytes: int


class Data(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="data", forbid_unknown_fields=True
):
    """A structured fact, such as the event of a lifecycle message."""

    value: Any


class Unknown(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="unknown", forbid_unknown_fields=True
):
    """A native block of a type that the adapter does not know."""

    value: Any


class ToolResult(
    Struct,
    frozen=True,
    kw_only=True,
    tag_field="type",
    tag="tool_result",
    forbid_unknown_fields=True,
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


encode_message: Final[Callable[[Message], bytes]] = encode
"""Return the one spelling of a message, without its line end."""


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


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a session comes from: the native format, the id that its content says, the adapter."""

    flavor: str
    native_id: str
    uid: str
    nature: Literal["log", "document"]
    adapter: str
    name: str


class Agent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The agent that held the session."""

    name: str
    version: str | UnsetType = UNSET


class Workspace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The repository and directory that the session worked in; home directories are `~`."""

    repository: str | UnsetType = UNSET
    branch: str | UnsetType = UNSET
    commit: str | UnsetType = UNSET
    cwd: str | UnsetType = UNSET


class Lineage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The session that this one comes from, by uid, and the last message that both have."""

    parent: str
    relation: Literal["subagent", "fork", "continuation", "resume", "merge", "copy"]
    at: str | UnsetType = UNSET


class Bookmark(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message that somebody marked."""

    message: str
    note: str | UnsetType = UNSET


class Checkpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named state of the session: its last seq then, and its seal."""

    name: str
    seq: int
    seal: str


class Link(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something outside that the session led to or came from."""

    kind: Literal["commit", "pr", "issue", "url"]
    ref: str


State = Literal["created", "active", "suspended", "ended"]
Outcome = Literal["success", "fail", "abandoned", "unknown"]


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The authored facts of a session: its identity, written once, and what people say of it."""

    format: str
    min_reader: str
    id: str
    source: Source
    agent: Agent
    started_at: str | None
    workspace: Workspace | UnsetType = UNSET
    lineage: Lineage | UnsetType = UNSET
    title: str | UnsetType = UNSET
    outcome: Outcome | UnsetType = UNSET
    task_ref: str | UnsetType = UNSET
    domain: str | UnsetType = UNSET
    actor: str | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    bookmarks: list[Bookmark] | UnsetType = UNSET
    checkpoints: list[Checkpoint] | UnsetType = UNSET
    links: list[Link] | UnsetType = UNSET
    notes: str | UnsetType = UNSET
    ext: dict[str, Any] | UnsetType = UNSET


PEOPLE = ("title", "outcome", "task_ref", "domain", "actor", "tags", "notes")
"""The manifest's keys that `edit` sets: what people say, beside the lists of marks."""


class Fidelity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How exactly the native log can be given back, and how much of it was not understood."""

    level: Literal["exact", "redacted", "lossy"]
    reasons: list[str]
    raw: int
    unknown: int


class SourceFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A native file as restoring gives it back: name, size in bytes, BLAKE3."""

    name: str
    bytes: int
    blake3: str


class Summary(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a listing needs: derived from manifest and messages, never authored."""

    format: str
    min_reader: str
    id: str
    uid: str
    flavor: str
    native_id: str
    nature: Literal["log", "document"]
    adapter: str
    agent: Agent
    title: str | None
    started_at: str | None
    ended_at: str | None
    state: State
    workspace: Workspace | UnsetType = UNSET
    lineage: Lineage | UnsetType = UNSET
    outcome: Outcome | UnsetType = UNSET
    task_ref: str | UnsetType = UNSET
    domain: str | UnsetType = UNSET
    actor: str | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    messages: int
    roles: dict[str, int]
    kinds: dict[str, int]
    models: list[str]
    provider: str | UnsetType = UNSET
    usage: dict[str, int | str]
    cost: list[Cost]
    preview: str | None
    files_read: list[str]
    files_edited: list[str]
    tools: dict[str, int]
    fidelity: Fidelity
    source_files: list[SourceFile]
    redactions: int
    files: dict[str, int]
