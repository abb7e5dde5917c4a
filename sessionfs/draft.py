"""What an adapter says of one native record, before the format's own facts are added."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sessionfs.canonical import Style, decode_native
from sessionfs.digest import digest
from sessionfs.model import Actor, Cost, File, Part, Role, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

Relation = Literal["subagent", "fork", "continuation", "resume", "merge", "copy"]


@dataclass(slots=True, kw_only=True)
class Facts:
    """What a record says about its whole session; the first record that says a thing wins."""

    native_id: str | None = None
    name: str | None = None
    """The log's file name as the agent would write it, relative to its store; from content."""
    version: str | None = None
    repository: str | None = None
    branch: str | None = None
    commit: str | None = None
    cwd: str | None = None
    parent: str | None = None
    """The uid of the session that this one comes from."""
    relation: Relation | None = None

    def learn(self, later: Facts) -> None:
        """Take from `later` what is not known yet."""
        for name in self.__slots__:
            if getattr(self, name) is None:
                setattr(self, name, getattr(later, name))


@dataclass(slots=True, frozen=True)
class Encoded:
    """A string of the record that stands for a payload in `files/`."""

    file: str
    encoding: Literal["utf-8", "base64"]
    prefix: str = ""


@dataclass(slots=True, kw_only=True)
class Draft:
    """One record as a message in the making: what the adapter knows, the rest is added later.

    Parts carry the record's own values (the very objects): that is how the native record
    later keeps a reference instead of a second copy. `ts` is the native timestamp text.
    """

    role: Role = "system"
    kind: str = "unknown"
    actor: Actor = "harness"
    parts: list[Part] = field(default_factory=list)
    ts: object = None
    source: str | None = None
    """The name of the source file that the record stands in, where that is not the log."""
    native_id: str | None = None
    parent: str | None = None
    model: str | None = None
    usage: Usage | None = None
    cost: Cost | None = None
    response: str | None = None
    turn: str | None = None
    agent: str | None = None
    sidechain: bool = False
    stop: str | None = None
    ext: dict[str, Any] | None = None
    facts: Facts = field(default_factory=Facts)
    texts: dict[str, tuple[Any, Style]] = field(default_factory=dict)
    strings: dict[str, Encoded] = field(default_factory=dict)
    payloads: dict[str, bytes] = field(default_factory=dict)
    """Content of files that parts name, by digest."""
    beside: dict[str, str] = field(default_factory=dict)
    """Native files beside the log that this record brings in: name to digest."""

    def decode(self, text: str) -> Any:  # noqa: ANN401  JSON is any value
        """Return the value of JSON text inside a string; raises `ValueError` if it is none."""
        value, style = decode_native(text.encode())
        if style is not None:
            self.texts[text] = (value, style)
        return value

    def image(
        self, text: str, media_type: str, *, prefix: str = "", name: str | None = None
    ) -> File | None:
        """Return the file part of a base64 payload, or None where `text` is no base64.

        `prefix` is what the native string has before the payload, such as a data URL's head.
        """
        try:
            payload = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return None
        part = self.payload(payload, media_type, name=name)
        if base64.b64encode(payload).decode() == text:
            self.strings[prefix + text] = Encoded(part.file, "base64", prefix)
        return part

    def payload(self, content: bytes, media_type: str, *, name: str | None = None) -> File:
        """Return the file part of these bytes."""
        address = digest(content)
        self.payloads[address] = content
        return File(file=address, media_type=media_type, name=name, bytes=len(content))

    def attach(self, name: str, content: bytes, media_type: str) -> File:
        """Return the file part of a native file beside the log; restoring writes it again."""
        part = self.payload(content, media_type, name=name)
        self.beside[name] = part.file
        return part

    def optional(self) -> Iterator[tuple[str, Any]]:
        """Yield name and value of each optional key that is known."""
        for name in ("model", "usage", "cost", "response", "turn", "agent", "stop", "ext"):
            value = getattr(self, name)
            if value:
                yield name, value
        if self.sidechain:
            yield "sidechain", True


def unparsed() -> Draft:
    """Return the draft of a line that is no JSON."""
    return Draft(role="system", kind="unparsed", actor="harness")
