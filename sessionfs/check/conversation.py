"""The rules between messages: what is known of the earlier ones, and what the next one breaks."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from sessionfs.canonical import encode
from sessionfs.check.explained import EXCERPT
from sessionfs.check.given import Given
from sessionfs.check.naming import Names
from sessionfs.check.replacement import cut, is_too_long, plainly_restored, record_of, restored_line
from sessionfs.ledger import Ledger, ulid_key
from sessionfs.model import (
    KINDS,
    MAX_LINE,
    MAX_TEXT,
    File,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    encode_message,
)
from sessionfs.restore import Malformed, Unresolvable, end_of_line, escape, restore_record
from sessionfs.schema import finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from sessionfs.model import Finding, Message, Part


class Conversation:
    """What is known of a session's messages so far: each rule between them is one method.

    It holds ids, calls and names of files, never messages. `whole` is False once a line or a
    segment is known to be missing: rules that would only repeat that finding then keep still.
    """

    def __init__(
        self,
        payload: Callable[[str], Iterable[bytes]],
        size: Callable[[str], int | None],
        names: frozenset[str],
        log_name: str = "",
    ) -> None:
        """`payload` and `size` give a payload's content, in pieces, and its size, by digest.

        A size is None where there is no such payload, or another content in its place.
        `names` are the digests there are, `log_name` is what the main log is called.
        """
        self._payload_of = payload
        self._size_of = size
        self._names = names
        self._absent: list[str] = []
        self._ids = Ledger(ulid_key)
        self._open: dict[str, tuple[str, int, str]] = {}
        self._answered = Ledger()
        self._sources = Names()
        if log_name:
            self._sources.add(log_name)
        self._ended: dict[str | None, tuple[str, int]] = {}
        self._last: int | None = 0
        self._given = Given()
        self._first = True
        self._path = ""
        self._line = 0
        self._found: list[Finding] = []
        self.used: set[str] = set()
        self.whole = True

    def open_segment(self, path: str) -> None:
        """Go on with the messages of another segment."""
        self._path = path
        self._first = True

    def lose(self) -> None:
        """Note that a message is not known: its seq, id and calls cannot be missed later."""
        self.whole = False
        self._last = None
        self._first = False

    def begin_anew(self) -> None:
        """Forget every message: a segment is missing, or is not what was sealed.

        What its messages said is not held against those of other segments.
        """
        self.lose()
        self._ids = Ledger(ulid_key)
        self._open.clear()
        self._answered = Ledger()
        self._ended.clear()
        self._given = Given()

    def judge(
        self, message: Message, number: int, line: bytes | None = None
    ) -> tuple[list[Finding], Iterable[bytes]]:
        """Return what is wrong with the next message, and its native line in pieces.

        `line` is its proved encoding, where there is one.
        """
        self._found = []
        self._line = number
        if self._sequence(message):
            self._identity(message)
        self._last = message.seq
        self._ancestry(message)
        if message.kind not in KINDS:
            self._vocabulary(message)
        for place, part in enumerate(message.parts):
            self._part(part, f"/parts/{place}")
        return self._found, self._restored(message, line)

    def compare(
        self, message: Message, number: int, line: bytes, native: Iterable[bytes]
    ) -> Iterator[Finding]:
        """Yield where replacing bytes gives another native line than walking. Enforces E513."""
        if isinstance(message.native, dict) and "record" in message.native:
            quick = plainly_restored(line, message) if len(message.native) == 1 else None
            if quick is None:
                quick = restored_line(cut(record_of(line, message)), message)
            if quick is not None and native and quick != b"".join(native):
                said = "the two ways to restore it give different lines"
                yield finding("E513", self._path, said, line=number, pointer="/native/record")

    def finish(self) -> Iterator[Finding]:
        """Yield what only the end shows. Enforces W511."""
        if self.whole:
            for path, line, pointer in self._open.values():
                yield finding("W511", path, "no result follows", line=line, pointer=pointer)

    def _say(self, code: str, pointer: str, said: str) -> None:
        self._found.append(finding(code, self._path, said, line=self._line, pointer=pointer))

    def _sequence(self, message: Message) -> bool:
        """Tell whether the number is no earlier message's. Enforces E312, E501, E502.

        Where segments overlap, E312 says it once, and counting begins anew.
        """
        seq, last, first = message.seq, self._last, self._first
        if not first and last == self._given.highest and seq == last + 1:
            self._given.highest = seq
            return True
        self._first = False
        named = int(self._path[-14:-6]) if first else seq
        jumps = last is not None and seq != last + 1
        if seq != named or (first and jumps):
            named_so = f"in a segment that is named {named}"
            said = named_so if seq != named else f"after a segment that ends with {last}"
            self._say("E312", "/seq", f"{seq} {said}")
            self._given = Given(seq)
        elif not self._given.add(seq):
            self._say("E502", "/seq", f"{seq} is an earlier message's")
            self.whole = False
            return False
        elif jumps:
            self._say("E501", "/seq", f"{seq} after {last}")
        else:
            return True
        self.whole = False
        return True

    def _identity(self, message: Message) -> None:
        """Enforces E506."""
        if message.id in self._ids:
            self._say("E506", "/id", f"{message.id} is an earlier message's")

    def _ancestry(self, message: Message) -> None:
        """Enforces E509."""
        if message.parent is not None and message.parent not in self._ids and self.whole:
            self._say("E509", "/parent", f"no earlier message is {message.parent}")
        self._ids.put(message.id)

    def _vocabulary(self, message: Message) -> None:
        """Enforces W508."""
        self._say("W508", "/kind", f"{message.kind} is not in the registry")

    def _part(self, part: Part, pointer: str) -> None:
        match part:
            case Text() | Thinking():
                if isinstance(part.text, str):
                    self._length(part.text, pointer)
                else:
                    self._payload(str(part.file), f"{pointer}/file")
            case ToolCall(call_id=str(call)):
                if call not in self._open and call not in self._answered:
                    self._open[call] = (self._path, self._line, f"{pointer}/call_id")
            case ToolResult():
                if part.call_id is not None:
                    self._answer(part.call_id, pointer)
                for number, inner in enumerate(part.content):
                    self._part(inner, f"{pointer}/content/{number}")
            case File():
                self._payload(part.file, f"{pointer}/file")
                self._size(part, pointer)

    def _length(self, text: str, pointer: str) -> None:
        """Enforces E516."""
        if len(text) > MAX_TEXT // 4 and (size := len(text.encode())) > MAX_TEXT:
            self._say("E516", f"{pointer}/text", f"{size} bytes")

    def _answer(self, call: str, pointer: str) -> None:
        """Enforces W517."""
        if self._open.pop(call, None) is not None:
            self._answered.put(call)
        elif self.whole and call not in self._answered:
            self._say("W517", f"{pointer}/call_id", "no earlier call has this id")

    def _payload(self, address: str, pointer: str) -> None:
        """Enforces E510."""
        self.used.add(address)
        if address not in self._names:
            self._say("E510", pointer, f"no file {address} in files/")

    def _size(self, part: File, pointer: str) -> None:
        """Enforces E520."""
        size = self._size_of(part.file)
        if size is not None and size != part.bytes:
            self._say("E520", f"{pointer}/bytes", f"{part.bytes}, and the payload has {size}")

    def _fetch(self, address: str) -> bytes:
        self.used.add(address)
        if address not in self._names:
            self._absent.append(address)
            raise KeyError(address)
        return b"".join(self._payload_of(address))

    def _restored(self, message: Message, line: bytes | None) -> Iterable[bytes]:
        """Return the native line, empty where there is none. Enforces E512, E513."""
        native = message.native
        if not isinstance(native, dict):
            return ()
        if line is not None and len(native) == 1 and not self._ended:
            plain = plainly_restored(line, message)
            if plain is not None:
                return (plain,)
        if "source" in native:
            self._name(native["source"], "/native/source")
        for name, address in native.get("files", {}).items():
            self._name(name, f"/native/files/{escape(name)}")
            self._payload(address, f"/native/files/{escape(name)}")
        self._torn(native)
        if (address := native.get("raw_file")) is not None:
            self._payload(address, "/native/raw_file")
            pieces = self._payload_of(address) if address in self._names else ()
            return chain(pieces, (end_of_line(native),))
        if "record" in native and (restored := self._replaced(message, native, line)) is not None:
            return restored
        self._absent.clear()
        try:
            return (restore_record(native, message, self._fetch) + end_of_line(native),)
        except Malformed as error:
            self._say("E513", error.pointer, str(error)[:EXCERPT])
        except Unresolvable as error:
            if self._absent:
                self._payload(self._absent[0], error.pointer)
            else:
                self._say("E512", error.pointer, str(error)[:EXCERPT])
        return ()

    def _replaced(
        self, message: Message, native: Mapping[str, Any], line: bytes | None
    ) -> tuple[bytes, ...] | None:
        """Return the native line where replacing bytes gives it. Enforces E519."""
        pieces = cut(encode(native["record"]) if line is None else record_of(line, message))
        if len(pieces) > 1:
            length = len(encode_message(message) if line is None else line)
            if is_too_long(pieces, message, length, self._size_of):
                self._say("E519", "/native/record", f"more than {MAX_LINE} bytes")
                return ()
        restored = None if line is None else restored_line(pieces, message)
        return None if restored is None else (restored,)

    def _name(self, name: str, pointer: str) -> None:
        """Enforces E118, W114."""
        if (clash := self._sources.add(name)) is not None:
            said = f"beside {clash.other}"
            self._say("E118" if clash.everywhere else "W114", pointer, said)

    def _torn(self, native: Mapping[str, Any]) -> None:
        """Enforces E514."""
        source = native.get("source")
        if source in self._ended:
            path, line = self._ended.pop(source)
            said = "a later message continues its source file"
            self._found.append(finding("E514", path, said, line=line, pointer="/native/eol"))
        if native.get("eol") == "":
            self._ended[source] = (self._path, self._line)
