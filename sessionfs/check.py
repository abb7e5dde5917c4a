"""The rules that no schema can say, and the proof that a line needs no judge.

`prove_message` is the fast path: what it returns is valid in every respect that one line alone
can show. `explain` is the slow path: it names code, place and reason for anything else.
`Conversation` holds what the rules between messages need, one method a rule. The module is
long because these three must agree.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, lru_cache, partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

from sessionfs.canonical import (
    MAX_DEPTH,
    MAX_INTEGER,
    STYLES,
    UNSET,
    Struct,
    depth,
    encode,
    has_large_integer,
    restyle,
)
from sessionfs.digest import is_digest
from sessionfs.model import (
    FORMAT,
    KINDS,
    MAX_LINE,
    MAX_TEXT,
    Data,
    File,
    Message,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Unknown,
    decode_message,
    encode_message,
)
from sessionfs.restore import (
    Malformed,
    Unresolvable,
    end_of_line,
    escape,
    is_number,
    restore_record,
)
from sessionfs.schema import finding, is_plainly_valid, pattern, validate
from sessionfs.tree import is_safe_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sessionfs.canonical import Style
    from sessionfs.model import Finding, Part

MAX_SEGMENT_MESSAGES = 256
MAX_SEGMENT_BYTES = 1 << 20

_CHECKSUM = re.compile(rb"([0-9a-f]{64})  ([^\n\\\0]+)")
_VERSION = re.compile(r"([1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST = 40
"""Most characters of a file's own text that a finding repeats."""


class Rung(IntEnum):
    """The steps of the ladder; a failed one stops the higher ones of its file."""

    STRUCTURE = 1
    FRAMING = 2
    SCHEMA = 3
    SEMANTICS = 4
    DIGESTS = 5


# --- versions ---


def version(text: object) -> tuple[int, int] | None:
    """Return a format version as numbers, or None where it is written otherwise."""
    match = _VERSION.fullmatch(text) if isinstance(text, str) else None
    return (int(match[1]), int(match[2])) if match else None


def is_newer(text: object) -> bool:
    """Tell whether a version is above the one that this package implements."""
    ours = version(FORMAT)
    return ours is not None and (version(text) or ours) > ours


def readable(value: Mapping[str, Any], path: str) -> Iterator[Finding]:
    """Yield a finding where a newer reader is asked for. Enforces E002."""
    wanted = value.get("min_reader")
    if is_newer(wanted):
        said = f"needs a reader of format {wanted}; this one reads {FORMAT}"
        yield finding("E002", path, said, pointer="/min_reader")


# --- one line ---


@cache
def _head() -> Callable[[bytes], re.Match[bytes] | None]:
    """Return the test of a line's required keys up to `parts`, made of the schema's patterns."""
    ulid, kind = pattern("message", "ulid"), "[a-z][a-z0-9_]{0,31}"
    parts = (
        r'\{"seq":[1-9][0-9]{0,15}',
        f'"id":"{ulid}"',
        f'"parent":(?:null|"{ulid}")',
        f'"ts":(?:null|"{pattern("message", "timestamp")}")',
        '"role":"[a-z]{1,9}"',
        f'"kind":"{kind}"',
        '"actor":"[a-z]{1,8}"',
        r'"parts":\[',
    )
    return re.compile(",".join(parts).encode()).match


def prove_message(line: bytes) -> Message | None:
    """Return the message of a line that is valid and in its one spelling, else None.

    None means: not proved. Nothing that jsonschema refuses is returned.
    """
    if _head()(line) is None:
        return None
    try:
        message = decode_message(line)
    except ValueError:
        return None
    if encode_message(message) != line or has_large_integer(line) or _is_deep(line, message):
        return None
    return message if _holds(message) else None


def _is_deep(line: bytes, message: Message) -> bool:
    """Tell whether a line nests deeper than the format allows. Enforces E007.

    A short line has too few brackets for that. In a long one most stand inside strings:
    walking the few open values is faster than counting bytes.
    """
    if len(line) < _LONG and line.count(b"{") + line.count(b"[") <= MAX_DEPTH:
        return False
    native = message.native if isinstance(message.native, dict) else {}
    return (
        _nests((message.ext,), MAX_DEPTH)
        or _nests((native,), MAX_DEPTH)
        or _nests((part.arguments for part in message.parts if type(part) is ToolCall), _IN_PART)
        or _nests((part.value for part in message.parts if isinstance(part, _OPEN)), _IN_PART)
        or any(
            _nests((part.value for part in result.content if isinstance(part, _OPEN)), _IN_RESULT)
            for result in message.parts
            if type(result) is ToolResult
        )
    )


_LONG = 2048
"""Bytes of a line from which looking at values is cheaper than looking at bytes."""

_OPEN = (Data, Unknown)
_IN_PART = MAX_DEPTH - 2
_IN_RESULT = MAX_DEPTH - 4
_CONTAINERS = frozenset((dict, list))


def _nests(values: Iterable[Any], most: int) -> bool:
    """Tell whether values, members of something, hold more levels than `most` with it."""
    inner = [value for value in values if type(value) in _CONTAINERS]
    while inner:
        most -= 1
        if most <= 0:
            return True
        inner = [
            member
            for value in inner
            for member in (value.values() if type(value) is dict else value)
            if type(member) in _CONTAINERS
        ]
    return False


def _holds(message: Message) -> bool:
    """Tell whether the values that types alone do not bound are as the schema wants them."""
    optional = (message.model, message.response, message.turn, message.agent, message.stop)
    return (
        "" not in optional
        and all(map(_part_holds, message.parts))
        and message.sidechain is not False
        and (message.usage is UNSET or _counts_hold(message.usage))
        and (message.cost is UNSET or _cost_holds(message.cost))
        and (message.native is UNSET or _native_holds(message.native))
    )


def _part_holds(part: Part) -> bool:
    match part:
        case Text() | Thinking():
            if part.file is UNSET:
                return part.text is not UNSET
            return part.text is UNSET and is_digest(part.file)
        case ToolCall():
            return part.call_id != "" and part.status != ""
        case ToolResult():
            return (
                part.call_id != ""
                and all(map(_part_holds, part.content))
                and (part.duration_ms is UNSET or part.duration_ms >= 0)
            )
        case File():
            return is_digest(part.file) and 0 < len(part.media_type) < 256 and part.bytes >= 0  # noqa: PLR2004
    return True


def _counts_hold(usage: Any) -> bool:  # noqa: ANN401  a Usage
    counts = (usage.input, usage.output, usage.cache_read, usage.cache_write, usage.reasoning)
    return all(count is UNSET or count >= 0 for count in counts)


def _cost_holds(cost: Any) -> bool:  # noqa: ANN401  a Cost
    return is_plainly_valid({"amount": cost.amount, "currency": cost.currency}, "message", "cost")


_NATIVE_KEYS = frozenset(
    (*content, *style, *eol, *source, *files)
    for content in (("record",), ("raw",), ("raw_base64",), ("raw_file",))
    for style in ((), ("style",))
    if not style or content == ("record",)
    for eol in ((), ("eol",))
    for source in ((), ("source",))
    for files in ((), ("files",))
)
"""Every order of keys that a native record can have."""


def _native_holds(native: Mapping[str, Any]) -> bool:
    keys = tuple(native)
    if keys not in _NATIVE_KEYS:
        return False
    if keys == ("record",):
        return True
    return all(
        is_plainly_valid(native[key], "message", "native", key) for key in keys if key != "record"
    )


class _Flaw:
    """A number that JSON does not allow, where it stood."""

    def __init__(self, code: str, said: str) -> None:
        self.code = code
        self.said = said[:_LONGEST]


class _Doubled(dict[str, Any]):
    """An object that holds a name twice."""

    name = ""


def _integer(literal: str) -> int | _Flaw:
    if len(literal) > len(str(-MAX_INTEGER)) or abs(int(literal)) > MAX_INTEGER:
        return _Flaw("E404", literal)
    return int(literal)


def _float(literal: str) -> float | _Flaw:
    number = float(literal)
    return number if math.isfinite(number) else _Flaw("E405", literal)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    doubled = _Doubled(members)
    names = [name for name, _ in pairs]
    doubled.name = next(name for place, name in enumerate(names) if name in names[:place])
    return doubled


_strict = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_int=_integer,
    parse_float=_float,
    parse_constant=lambda literal: _Flaw("E403", literal),
)


def _flaws(value: Any, pointer: str) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401  any JSON
    """Yield code, pointer and words for each thing in a value that JSON readers disagree on."""
    match value:
        case _Flaw():
            yield value.code, pointer, value.said
        case str() if _SURROGATE.search(value):
            yield "E406", pointer, "half of a surrogate pair"
        case dict():
            if isinstance(value, _Doubled):
                yield "E402", f"{pointer}/{escape(value.name)}", "the name stands there twice"
            for key, member in value.items():
                if _SURROGATE.search(key):
                    yield "E406", pointer, "half of a surrogate pair in a name"
                yield from _flaws(member, f"{pointer}/{escape(key)}")
        case list():
            for number, item in enumerate(value):
                yield from _flaws(item, f"{pointer}/{number}")


@dataclass(frozen=True, slots=True)
class Explained:
    """What the slow path says of one line, or of a file that is one JSON value."""

    value: Any = None
    findings: tuple[Finding, ...] = ()
    rung: Rung = Rung.FRAMING

    @property
    def broken(self) -> bool:
        """Whether an error was found."""
        return any(found.level == "error" for found in self.findings)


def explain_framing(line: bytes, path: str, number: int) -> Finding | None:
    """Return the first rule of framing that a line breaks. Enforces E302 to E305, E308."""
    if number == 1 and line.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return finding("E304", path, "a byte order mark", line=number)
    if b"\0" in line:
        return finding("E308", path, f"NUL at byte {line.index(0)} of the line", line=number)
    if b"\r" in line:
        return finding("E302", path, f"CR at byte {line.index(13)} of the line", line=number)
    if not line.strip(b" \t"):
        return finding("E303", path, "a blank line", line=number)
    try:
        line.decode()
    except UnicodeDecodeError as error:
        said = f"byte {line[error.start]:#04x} at {error.start} is not UTF-8"
        return finding("E305", path, said, line=number)
    return None


def explain_json(text: bytes, path: str, number: int | None, *, syntax: str = "E401") -> Explained:
    """Return the value of a JSON text, or what is wrong with it.

    Enforces E007, E311, E401 to E406.
    """
    if depth(text) > MAX_DEPTH:
        return Explained(None, (finding("E007", path, "nested too deep", line=number),))
    decoded = text.decode().strip(" \t\n")
    try:
        value, end = _strict.raw_decode(decoded)
    except json.JSONDecodeError as error:
        said = f"{error.msg} at character {error.pos}"
        return Explained(None, (finding(syntax, path, said, line=number),))
    except RecursionError:
        return Explained(None, (finding("E007", path, "nested too deep", line=number),))
    if end < len(decoded) or not isinstance(value, dict):
        said = "more than one value" if end < len(decoded) else "no object"
        code = "E311" if syntax == "E401" else syntax
        return Explained(None, (finding(code, path, said, line=number),))
    flaws = tuple(
        finding(code, path, said, line=number, pointer=pointer)
        for code, pointer, said in _flaws(value, "")
    )
    return Explained(value, flaws)


def explain(
    line: bytes, path: str, number: int, schema: Literal["message", "redactions"], *, newer: bool
) -> Explained:
    """Say what is wrong with a line, or return its value where nothing is. Enforces E410."""
    if (framing := explain_framing(line, path, number)) is not None:
        return Explained(None, (framing,))
    explained = explain_json(line, path, number)
    if explained.broken:
        return explained
    value = explained.value
    if not newer and not is_spelt(line, value):
        return Explained(None, (finding("E410", path, SPELLING, line=number),))
    found = tuple(validate(value, schema, path, line=number, newer=newer))
    if found:
        return Explained(without_unknown(value, found), found, Rung.SCHEMA)
    if not _is_minimal(line, value, schema):
        return Explained(None, (finding("E410", path, SPELLING, line=number),))
    return Explained(value)


SPELLING = "not the one spelling of this value: order of keys, spaces, escapes or numbers"


def is_spelt(text: bytes, value: object) -> bool:
    """Tell whether a JSON text is the minimal encoding of its value, whatever the keys' order."""
    return encode(value) == text


def _is_minimal(line: bytes, value: dict[str, Any], schema: str) -> bool:
    if schema == "redactions":
        return is_redaction(line, value)
    message = typed_message(value)
    return (
        message is not None
        and encode_message(message) == line
        and not has_large_integer(line)
        and (message.native is UNSET or tuple(message.native) in _NATIVE_KEYS)
    )


def is_redaction(line: bytes, value: dict[str, Any]) -> bool:
    """Tell whether a line is the one spelling of a redaction."""
    keys = ("rule", "seq", "message", "pointer", "count")
    return encode({key: value[key] for key in keys}) == line


def typed_message(value: dict[str, Any]) -> Message | None:
    """Return a valid value as a message; None where a number is spelt with a fraction."""
    try:
        return decode_message(encode(value))
    except ValueError:
        return None


def without_unknown(value: dict[str, Any], found: tuple[Finding, ...]) -> dict[str, Any]:
    """Return a value without the keys that findings call unknown; the rest is shared."""
    for warning in found:
        if warning.level == "warning" and isinstance(warning.pointer, str):
            *place, last = (
                element.replace("~1", "/").replace("~0", "~")
                for element in warning.pointer.split("/")[1:]
            )
            holder: Any = value
            for element in place:
                holder = holder[int(element)] if isinstance(holder, list) else holder[element]
            del holder[last]
    return value


# --- native lines ---

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


# --- between messages ---


class Conversation:
    """What is known of a session's messages so far: each rule between them is one method.

    It holds ids, calls and names of files, never messages. `whole` is False once a line or a
    segment is known to be missing: rules that would only repeat that finding then keep still.
    """

    def __init__(
        self,
        payload: Callable[[str], Iterable[bytes]],
        size: Callable[[str], int],
        names: frozenset[str],
    ) -> None:
        """`payload` and `size` give a payload's content in pieces and its size, by digest.

        `names` are the digests there are.
        """
        self._payload_of = payload
        self._size_of = size
        self._names = names
        self._absent: list[str] = []
        self._ids: set[str] = set()
        self._calls: dict[str, tuple[str, int, str] | None] = {}
        self._ended: dict[str | None, tuple[str, int]] = {}
        self._last: int | None = 0
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

    def judge(
        self, message: Message, number: int, line: bytes | None = None
    ) -> tuple[list[Finding], Iterable[bytes]]:
        """Return what is wrong with the next message, and its native line in pieces.

        `line` is its proved encoding, where there is one.
        """
        self._found = []
        self._line = number
        self._sequence(message)
        self._identity(message)
        self._ancestry(message)
        if message.kind not in KINDS:
            self._vocabulary(message)
        for place, part in enumerate(message.parts):
            self._part(part, f"/parts/{place}")
        return self._found, self._restored(message, line)

    def finish(self) -> Iterator[Finding]:
        """Yield what only the end shows. Enforces W511."""
        if self.whole:
            for path, line, pointer in filter(None, self._calls.values()):
                yield finding("W511", path, "no result follows", line=line, pointer=pointer)

    def _say(self, code: str, pointer: str, said: str) -> None:
        self._found.append(finding(code, self._path, said, line=self._line, pointer=pointer))

    def _sequence(self, message: Message) -> None:
        """Enforces E312, E501."""
        seq, last = message.seq, self._last
        if self._first:
            self._first = False
            named = int(self._path[-14:-6])
            if seq != named:
                self._say("E312", "/seq", f"{seq} in a segment that is named {named}")
                self.whole = False
            elif last is not None and seq != last + 1:
                self._say("E312", "/seq", f"{seq} after a segment that ends with {last}")
                self.whole = False
        elif last is not None and seq != last + 1:
            self._say("E501", "/seq", f"{seq} after {last}")
            self.whole = False
        self._last = seq

    def _identity(self, message: Message) -> None:
        """Enforces E506."""
        if message.id in self._ids:
            self._say("E506", "/id", f"{message.id} is an earlier message's")

    def _ancestry(self, message: Message) -> None:
        """Enforces E509."""
        if message.parent is not None and message.parent not in self._ids and self.whole:
            self._say("E509", "/parent", f"no earlier message is {message.parent}")
        self._ids.add(message.id)

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
                self._calls.setdefault(call, (self._path, self._line, f"{pointer}/call_id"))
            case ToolResult():
                if part.call_id is not None:
                    self._answer(part.call_id, pointer)
                for number, inner in enumerate(part.content):
                    self._part(inner, f"{pointer}/content/{number}")
            case File():
                self._payload(part.file, f"{pointer}/file")

    def _length(self, text: str, pointer: str) -> None:
        """Enforces E516."""
        if len(text) > MAX_TEXT // 4 and (size := len(text.encode())) > MAX_TEXT:
            self._say("E516", f"{pointer}/text", f"{size} bytes")

    def _answer(self, call: str, pointer: str) -> None:
        """Enforces W517."""
        if call in self._calls:
            self._calls[call] = None
        elif self.whole:
            self._say("W517", f"{pointer}/call_id", "no earlier call has this id")

    def _payload(self, address: str, pointer: str) -> None:
        """Enforces E510."""
        self.used.add(address)
        if address not in self._names:
            self._say("E510", pointer, f"no file {address} in files/")

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
        for name, address in native.get("files", {}).items():
            self._payload(address, f"/native/files/{escape(name)}")
        self._torn(native)
        if (address := native.get("raw_file")) is not None:
            self._payload(address, "/native/raw_file")
            pieces = self._payload_of(address) if address in self._names else ()
            return chain(pieces, (end_of_line(native),))
        if is_too_long(line or encode_message(message), message, self._size_of):
            self._say("E519", "/native/record", f"more than {MAX_LINE} bytes")
            return ()
        if line is not None and (restored := restored_line(line, message)) is not None:
            return (restored,)
        self._absent.clear()
        try:
            return (restore_record(native, message, self._fetch) + end_of_line(native),)
        except Malformed as error:
            self._say("E513", error.pointer, str(error)[:_LONGEST])
        except Unresolvable as error:
            if self._absent:
                self._payload(self._absent[0], error.pointer)
            else:
                self._say("E512", error.pointer, str(error)[:_LONGEST])
        return ()

    def _torn(self, native: Mapping[str, Any]) -> None:
        """Enforces E514."""
        source = native.get("source")
        if source in self._ended:
            path, line = self._ended.pop(source)
            said = "a later message continues its source file"
            self._found.append(finding("E514", path, said, line=line, pointer="/native/eol"))
        if native.get("eol") == "":
            self._ended[source] = (self._path, self._line)


# --- the other files ---


def identity(value: Mapping[str, Any], path: str, name: str | None) -> Iterator[Finding]:
    """Yield where a manifest names another session than its directory. Enforces E119."""
    if name is not None and value["id"] != name:
        yield finding("E119", path, f"{value['id']} in the directory {name}", pointer="/id")


def uid(value: Mapping[str, Any], path: str) -> Iterator[Finding]:
    """Yield where the uid is not made of its parts. Enforces E218."""
    source = value["source"]
    if source["uid"] != f"{source['flavor']}:{source['native_id']}":
        said = "not the flavor, a colon and the native id"
        yield finding("E218", path, said, pointer="/source/uid")


def parse_checksums(content: bytes, path: str) -> tuple[dict[str, str], list[Finding]]:
    """Return digest by path, and what is wrong with checksums.b3. Enforces E108, E606, E611."""
    digests: dict[str, str] = {}
    found: list[Finding] = []
    lines = content.split(b"\n")
    last = b""
    for number, line in enumerate(lines[:-1], 1):
        match = _CHECKSUM.fullmatch(line)
        if match is None:
            found.append(finding("E606", path, "no line of b3sum", line=number))
            continue
        name = match[2].decode("utf-8", "replace")
        if not is_safe_path(name):
            found.append(finding("E108", path, f"{name[:_LONGEST]!r}", line=number))
        elif match[2] <= last:
            found.append(finding("E611", path, f"{name} stands too late", line=number))
        last = max(last, match[2])
        digests.setdefault(name, match[1].decode())
    if lines[-1]:
        found.append(finding("E606", path, "no LF at the end", line=len(lines)))
    return digests, found


def cuts(before: Segment, line: int) -> Iterator[Finding]:
    """Yield where the next message, of so many bytes, would have fitted. Enforces E315."""
    if before.messages < MAX_SEGMENT_MESSAGES and before.size + line <= MAX_SEGMENT_BYTES:
        said = "the next segment's first message would have fitted"
        yield finding("E315", before.path, said, line=before.messages)


@dataclass(slots=True)
class Segment:
    """What is known of a segment that was read."""

    path: str
    messages: int = 0
    size: int = 0

    def limits(self) -> Iterator[Finding]:
        """Yield where a segment is too large. Enforces E313, E314."""
        if self.messages == 0 and self.size == 0:
            yield finding("E313", self.path, "no message")
        if self.messages > MAX_SEGMENT_MESSAGES or (
            self.size > MAX_SEGMENT_BYTES and self.messages > 1
        ):
            yield finding("E314", self.path, f"{self.messages} messages, {self.size} bytes")


def sizes(
    listed: Mapping[str, Any], actual: Mapping[str, int], ignored: frozenset[str], path: str
) -> Iterator[Finding]:
    """Yield where the summary's sizes are not those of the files. Enforces E602."""
    for name in sorted((listed.keys() | actual.keys()) - ignored):
        if listed.get(name) != actual.get(name):
            said = f"{listed.get(name, 'nothing')}, not {actual.get(name, 'a file')}"
            yield finding("E602", path, said, pointer=f"/files/{escape(name)}")


def conclusions(
    said: Mapping[str, Any], follows: Mapping[str, Any], path: str
) -> Iterator[Finding]:
    """Yield each key of a summary that does not follow from the session. Enforces E603."""
    for key in [*follows, *(key for key in said if key not in follows)]:
        if key != "files" and (pointer := _difference(said, follows, key)) is not None:
            yield finding("E603", path, "does not follow from the session", pointer=pointer)


def _difference(said: Mapping[str, Any], follows: Mapping[str, Any], key: str) -> str | None:
    """Return the place of the first difference under a key, or None."""
    place = f"/{escape(key)}"
    if key not in said or key not in follows:
        return place
    left, right = said[key], follows[key]
    if left == right and type(left) is type(right):
        return None
    if isinstance(left, dict) and isinstance(right, dict):
        for inner in [*right, *left]:
            if (deeper := _difference(left, right, inner)) is not None:
                return place + deeper
    return place
