"""Messages without their secrets: the only door to what may be written."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sessionfs.canonical import convert, to_plain
from sessionfs.digest import digest
from sessionfs.errors import SessionfsError
from sessionfs.model import MAX_LINE, MAX_TEXT, Message, encode_message
from sessionfs.placeholder import as_text, has_placeholder, pair_lines
from sessionfs.redact.records import Record, Texts
from sessionfs.redact.texts import Look, Remover
from sessionfs.redact.values import Values
from sessionfs.restore import end_of_line, escape, message_files, restore_record

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sessionfs.native import Settled
    from sessionfs.redact.known import Known
    from sessionfs.redact.ruleset import Ruleset

_FORMAT = frozenset("seq id parent ts role kind actor usage cost sidechain".split())
"""Keys of a message whose values the format itself makes."""

_PART = frozenset(
    "type media_type bytes is_error exit_code duration_ms signature encrypted".split()
)
"""Keys of a part that hold no text, or what a provider has to find unchanged."""

_BINARY = ("image/", "audio/", "video/", "font/", "application/pdf", "application/zip")

MAX_POINTER = 4096
"""Most characters of a pointer in redactions.jsonl. Enforces E617."""


class Mark(NamedTuple):
    """A place from which secrets were taken out: JSON Pointer, rule, how many."""

    pointer: str
    rule: str
    number: int


@dataclass(slots=True, frozen=True)
class Redacted:
    """A message that may be written: only this module makes one.

    `encoded` is its line without the line end, `line` the native line that it stands for.
    """

    message: Message
    encoded: bytes
    payloads: Mapping[str, bytes]
    line: bytes
    marks: tuple[Mark, ...] = ()


class Redactor:
    """Takes the secrets out of the messages of one session, one after the other."""

    def __init__(
        self, ruleset: Ruleset | None, known: Known, carried: Collection[str] = ()
    ) -> None:
        """Look for what these rules find; without rules, for what is known alone.

        Placeholders that are `carried` stand in native lines for what was removed before; they
        count again where a line is mapped anew.
        """
        self._remover = Remover(ruleset, known)
        self._carried = carried

    def settled(self, settled: Settled, line: bytes) -> Redacted:
        """Return a new message as it may be written; `line` is its native line, whole."""
        message, payloads = settled.message, settled.payloads
        encoded = encode_message(message)
        look = self._look(message, encoded)
        if not any(look) and not payloads:
            return Redacted(message, encoded, payloads, line)
        has_files = bool(payloads)  # a settled message brings all that it names
        return self._clear(message, payloads, payloads.__getitem__, line, look, has_files=has_files)

    def _look(self, message: Message, encoded: bytes) -> Look:
        carries = bool(self._carried) and has_placeholder(encoded)
        unreadable = isinstance(message.native, dict) and "raw_base64" in message.native
        return Look() if carries or unreadable else self._remover.look(encoded)

    def value(self, value: Any, pointer: str, key: str | None = None) -> tuple[Any, list[Mark]]:  # noqa: ANN401
        """Return a value of the manifest without secrets, and what was taken out of it."""
        values = Values(self._remover)
        cleared = values.value(value, pointer, key)
        return cleared, _marks(values)

    def comments(self, text: bytes) -> tuple[bytes, list[Mark]]:
        """Return YAML whose comments hold no secrets, and what was taken out of them."""
        values = Values(self._remover)
        lines = text.decode().split("\n")
        cleared = [
            values.text(line, "") if line.lstrip(" ").startswith("#") else line for line in lines
        ]
        return "\n".join(cleared).encode(), _marks(values)

    def archived(self, message: Message, file: Callable[[str], bytes], line: bytes) -> Redacted:
        """Return an archived message without what it should not hold.

        `file` gives the content of a file by digest. `payloads` are the files that are new.
        """
        encoded = encode_message(message)
        look = self._look(message, encoded)
        has_files = next(message_files(message), None) is not None
        if not any(look) and not has_files:
            return Redacted(message, encoded, {}, line)
        return self._clear(message, {}, file, line, look, has_files=has_files)

    def _clear(
        self,
        message: Message,
        payloads: Mapping[str, bytes],
        file: Callable[[str], bytes],
        line: bytes,
        look: Look,
        *,
        has_files: bool,
    ) -> Redacted:
        values = Values(self._remover, self._carried, look=look)
        clearing = _Clearing(message, self._remover, file, values, has_files=has_files)
        plain = clearing.message()
        if not clearing.values.removed:
            return Redacted(message, encode_message(message), payloads, line)
        cleared: Message = convert(plain, Message)
        encoded = encode_message(cleared)
        if len(encoded) >= MAX_LINE:
            message_ = "a message would be too long without its secrets"
            raise SessionfsError(message_, hint="`--no-redact` imports the log as it is")
        there = {**payloads, **clearing.payloads}
        native = cleared.native
        if isinstance(native, dict):

            def content(address: str) -> bytes:
                found = there.get(address)
                return file(address) if found is None else found

            eol = end_of_line(native)
            restored = restore_record(native, cleared, content)
            if not pair_lines(restored, line.removesuffix(eol)):
                message_ = "more was taken out of a record than its secrets"
                raise SessionfsError(
                    message_, hint="this is a defect of sessionfs: please report it"
                )
            line = restored + eol
        named = set(message_files(cleared))
        kept = {address: content for address, content in there.items() if address in named}
        return Redacted(cleared, encoded, kept, line, tuple(_marks(clearing.values)))


def _is_binary(media_type: str) -> bool:
    return media_type.startswith(_BINARY) and "xml" not in media_type  # SVG is text


def _marks(values: Values) -> list[Mark]:
    marks = (
        Mark(_fitting(pointer), rule, number) for (pointer, rule), number in values.removed.items()
    )
    return sorted(marks, key=_order)


def _order(mark: Mark) -> tuple[bytes, bytes]:
    return mark.pointer.encode(), mark.rule.encode()


def _fitting(pointer: str) -> str:
    """Return the pointer of the innermost value around a place that a line can name."""
    while len(pointer) > MAX_POINTER:
        pointer = pointer.rpartition("/")[0]
    return pointer


class _Clearing:
    """One pass over one message."""

    def __init__(
        self,
        message: Message,
        remover: Remover,
        file: Callable[[str], bytes],
        values: Values,
        *,
        has_files: bool,
    ) -> None:
        self._has_files = has_files
        self.values = values
        self._inside = Values(remover, values.carried)
        """Looks at files, whatever the line looks like that names them."""
        self._inside.removed = values.removed
        self.payloads: dict[str, bytes] = {}
        """The files that took the place of others, by digest."""
        self._message = message
        self._remover = remover
        self._file = file
        self._opaque: set[str] = set()
        """Files that are no text, whatever their bytes look like."""
        self._moved: dict[str, str] = {}
        """Pointers of texts that no longer fit into the message, and the files that have them."""

    def message(self) -> dict[str, Any]:
        """Return the message as a plain object without secrets."""
        plain: dict[str, Any] = to_plain(self._message)
        if not self._tells(plain):
            return plain
        made: dict[str, Any] = {}
        for name, value in plain.items():
            if name == "parts":
                made[name] = [self._part(p, f"/parts/{n}") for n, p in enumerate(value)]
            elif name == "native":
                made[name] = self._native(value)
            elif name in _FORMAT:
                made[name] = value
            else:
                made[name] = self.values.value(value, f"/{name}")
        return made

    def _tells(self, plain: dict[str, Any]) -> bool:
        """Tell whether something in the message, or in its files, may have to go; note where."""
        if self.values.carried:
            return True  # every text is looked at
        texts = Texts(self.values.shortest_key, self._message)
        for name, value in plain.items():
            if name == "native" and "record" in value:
                texts.gather(value["record"], refers=True)
            texts.gather(
                {k: v for k, v in value.items() if k != "record"} if name == "native" else value
            )
        telling = texts.telling(self._remover, self.values.look)
        self.values.telling = telling
        native = self._message.native
        unreadable = isinstance(native, dict) and "raw_base64" in native
        return bool(telling) or unreadable or self._has_files

    def _part(self, part: dict[str, Any], pointer: str) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in part.items():
            place = f"{pointer}/{name}"
            if name in _PART:
                made[name] = value
            elif name == "file":
                if _is_binary(str(part.get("media_type"))):
                    self._opaque.add(value)
                made[name] = self._payload(value, place)
            elif name == "content" and part["type"] == "tool_result":
                made[name] = [self._part(p, f"{place}/{n}") for n, p in enumerate(value)]
            else:
                made[name] = self.values.value(value, place)
        if "bytes" in made and made.get("file") != part.get("file"):
            made["bytes"] = len(self.payloads[made["file"]])
        return self._fit(made, pointer)

    def _fit(self, part: dict[str, Any], pointer: str) -> dict[str, Any]:
        """Move a text that has become too long into a file. Enforces E516."""
        text = part.get("text")
        if not isinstance(text, str) or len(text) <= MAX_TEXT // 4:
            return part
        content = text.encode()
        if len(content) <= MAX_TEXT:
            return part
        self.payloads[address := digest(content)] = content
        self._moved[f"{pointer}/text"] = address
        return {("file" if name == "text" else name): (address if name == "text" else value)
                for name, value in part.items()}  # fmt: skip

    def _native(self, native: dict[str, Any]) -> dict[str, Any]:
        made = dict(native)
        if "record" in native:
            record = Record(self.values, self._remover, self._message, self._payload, self._moved)
            made["record"] = record.value(native["record"], "/native/record")
        elif "raw" in native:
            made["raw"] = self.values.raw(native["raw"], "/native/raw")
        elif "raw_base64" in native:
            made["raw_base64"] = self._base64(native["raw_base64"])
        elif "raw_file" in native:
            made["raw_file"] = self._payload(native["raw_file"], "/native/raw_file", raw=True)
        if "files" in native:
            made["files"] = {
                name: self._payload(address, f"/native/files/{escape(name)}")
                for name, address in native["files"].items()
            }
        return made

    def _base64(self, text: str) -> str:
        try:
            line = as_text(base64.b64decode(text, validate=True))
        except binascii.Error:
            return text
        cleared = self._inside.raw(line, "/native/raw_base64")
        if cleared is line:
            return text
        return base64.b64encode(cleared.encode("utf-8", "surrogateescape")).decode()

    def _payload(self, address: str, pointer: str, *, raw: bool = False) -> str:
        """Return the digest of a file's content without secrets."""
        if address in self._opaque:
            return address
        try:
            content = self._file(address)
        except KeyError:
            return address
        if raw:
            text = as_text(content)
            cleared_text = self._inside.raw(text, pointer)
            same = cleared_text is text
            cleared = content if same else cleared_text.encode("utf-8", "surrogateescape")
        else:
            cleared = self._inside.content(content, pointer)
        if cleared is content:
            return address
        self.payloads[made := digest(cleared)] = cleared
        return made


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
