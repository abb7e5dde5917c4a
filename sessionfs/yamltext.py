"""The restricted YAML of manifest.yaml and archive.yaml; the only importer of ruamel.yaml.

Parsers of YAML disagree: on line ends, on `no`, on dates, on numbers. So the bytes are scanned
before any parser sees them, for what the format forbids; then only ruamel's events are used,
never its idea of a value: a plain scalar is a JSON value here, or a string, or refused.

Canonical text is made without a parser. An edit replaces the lines of one key and leaves every
other byte, so a person's comments and order stay. The module is long because it holds both
directions, which must agree.
"""

from __future__ import annotations

import json
import math
import re
import sys
from typing import TYPE_CHECKING, Any, Final, Literal

from sessionfs.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_SIZE: Final = 1 << 20
"""Most bytes in a YAML file. Enforces E006."""

MAX_DEPTH: Final = 128
"""Most mappings and sequences inside each other. Enforces E007."""

SchemaName = Literal["manifest", "archive"]

_HEADER: Final = "# yaml-language-server: $schema=https://sessionfs-archive.readthedocs.io/schemas/1.0/{}.schema.json\n"
_DEEP: Final = b"\n" + b" " * MAX_DEPTH
_MAX_INTEGER: Final = 2**53 - 1

_ORDER: Final[dict[SchemaName, dict[str, tuple[str, ...]]]] = {
    "archive": {"": ("format", "min_reader", "ignored", "ext")},
    "manifest": {
        "": tuple(
            "format min_reader id source agent started_at workspace lineage title outcome task_ref"
            " domain actor tags bookmarks checkpoints links notes ext".split()
        ),
        "source": ("flavor", "native_id", "uid", "nature", "adapter", "name"),
        "agent": ("name", "version"),
        "workspace": ("repository", "branch", "commit", "cwd"),
        "lineage": ("parent", "relation", "at"),
        "bookmarks": ("message", "note"),
        "checkpoints": ("name", "seq", "seal"),
        "links": ("kind", "ref"),
    },
}
"""The canonical order of keys: of the root under "", of what stands under a key by its name."""

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_LINE_STARTS = (("%", "E203", "a directive"), ("---", "E204", "a document marker"),
                ("...", "E204", "a document marker"))  # fmt: skip
_TOKEN = re.compile(
    r"""(?P<quoted>"[^"\\]*(?:\\.[^"\\]*)*"|'[^']*(?:''[^']*)*')"""
    r"|(?P<space>[ \t]+)|(?P<newline>\n)|(?P<comment>(?:^|(?<=[ \t\n]))\#[^\n]*)"
    r"|(?P<block>[|>][^\n]*)|(?P<anchor>[&*])|(?P<tag>!)|(?P<open>[\[{])|(?P<close>[\]}])"
    r"|(?P<flow>,)|(?P<entry>[-?:](?=[ \t\n]|\Z))|(?P<plain>.)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:U([0-9a-fA-F]{8})|.)", re.DOTALL)
_PLAIN_BLOCK = re.compile(r"(?:[^\n:#]|:(?![ \t\n]|\Z)|(?<![ \t])#)+")
_PLAIN_FLOW = re.compile(r"(?:[^\n:#,\[\]{}]|:(?![ \t\n,\[\]{}]|\Z)|(?<![ \t])#)+")

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))
_JSON_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,15})")
_JSON_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_DISPUTED = re.compile(
    r"[-+]?(?:0[box][0-9a-fA-F_]+|\.?[0-9][0-9_,]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"
    r"|[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?|=|<<"
)
"""Plain scalars that some YAML parser takes for a number, a date or more, but that are not JSON."""

_PLAIN_KEY = re.compile(r"[a-z][a-z0-9_]*")
_CANONICAL_KEY = re.compile(r'(?:(?P<plain>[a-z][a-z0-9_]*)|(?P<quoted>"(?:[^"\\]|\\.)*")):')
_WORDS = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
_ESCAPED = re.compile('["\\\\\0-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


class YamlError(FormatError):
    """A YAML file breaks a rule; `line` counts from 1, `pointer` is the place in the value."""

    def __init__(self, code: str, message: str, *, line: int, pointer: str = "") -> None:
        """Keep the place beside the message."""
        super().__init__(code, f":{line}#{pointer}" if pointer else f":{line}", message)
        self.said = message
        self.line = line
        self.pointer = pointer


def parse(text: bytes) -> dict[str, Any]:
    """Return the mapping that a restricted YAML file holds; raises `YamlError`.

    Every value is a JSON value. Enforces E006, E007, E201 to E208, E210 to E212, E217.
    """
    if (value := _parse_canonical(text)) is not None:
        return value
    decoded = _scan(text)
    try:
        return _Builder(_events(decoded)).root()
    except RecursionError:
        raise YamlError("E007", "nested too deep", line=1) from None


def _parse_canonical(text: bytes) -> dict[str, Any] | None:
    """Return the value of canonical text, which needs no YAML parser, or None.

    Whatever the guess was, emitting it again and comparing bytes is the proof.
    """
    for schema_name in _ORDER:
        header = _HEADER.format(schema_name).encode()
        if text.startswith(header) and len(text) <= MAX_SIZE and _DEEP not in text:
            try:
                lines = _CanonicalLines(text[len(header) :].decode().split("\n"))
                value = lines.members(0)
                if value and emit(value, schema_name) == text:
                    return value
            except (ValueError, IndexError, RecursionError):
                pass
    return None


class _CanonicalLines:
    """A reader of the few lines that canonical text is made of; raises `ValueError` at others."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._place = 0

    def members(self, indent: int) -> dict[str, Any]:
        """Return the mapping whose keys stand at column `indent`, from the current line on."""
        members: dict[str, Any] = {}
        while (match := _CANONICAL_KEY.match(self._lines[self._place], indent)) is not None:
            if self._lines[self._place][:indent].strip(" "):
                break
            key = json.loads(match["quoted"]) if match["quoted"] else match["plain"]
            members[key] = self._value(self._lines[self._place][match.end() :], indent)
        return members

    def _value(self, rest: str, indent: int) -> Any:  # noqa: ANN401  any JSON
        self._place += 1
        if rest:
            word = rest.removeprefix(" ")
            if word.startswith(("[", "{")) and word not in ("[]", "{}"):
                raise ValueError("a flow collection")
            return json.loads(word)
        follows = self._lines[self._place]
        if follows.startswith(f"{' ' * indent}  -"):
            return self._items(indent + 2)
        return self.members(indent + 2)

    def _items(self, indent: int) -> list[Any]:
        items: list[Any] = []
        dash = f"{' ' * indent}-"
        while (line := self._lines[self._place]).startswith(dash):
            rest = line[len(dash) :]
            if _CANONICAL_KEY.match(rest, 1):
                self._lines[self._place] = f"{' ' * indent}  {rest[1:]}"
                items.append(self.members(indent + 2))
            else:
                items.append(self._value(rest, indent))
        return items


def _scan(text: bytes) -> str:
    """Return the text, unless its bytes alone break a rule."""
    if len(text) > MAX_SIZE:
        raise YamlError("E006", f"{len(text)} bytes", line=1)
    if text.startswith(_BOMS):
        raise YamlError("E201", "a byte order mark", line=1)
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise YamlError("E201", f"byte {text[error.start]:#04x} is not UTF-8", line=line) from None
    if (match := _CONTROL.search(decoded)) is not None:
        raise YamlError("E202", f"U+{ord(match[0]):04X}", line=_line(decoded, match.start()))
    for number, content in enumerate(decoded.split("\n"), 1):
        for start, code, what in _LINE_STARTS:
            if content.startswith(start):
                raise YamlError(code, what, line=number)
    _scan_tokens(decoded)
    return decoded


def _scan_tokens(text: str) -> None:  # noqa: C901  one case a kind of token
    """Refuse anchors, aliases, tags and deep nesting before a parser spends time on them.

    Only what stands inside quotes, comments, block scalars and plain scalars is passed over.
    """
    place = 0
    indents = [0]  # columns of the open block collections: they nest, too
    starts = [0]  # where each of those begins
    flow: list[int] = []  # where each open flow collection begins
    column = 0  # of the innermost block collection on this line
    line_start = 0
    fresh = True  # only indentation and entry marks so far on this line
    while match := _TOKEN.match(text, place):
        kind, start, place = match.lastgroup, match.start(), match.end()
        if fresh and not flow and kind not in ("space", "newline", "comment"):
            if kind != "block":  # a block scalar belongs to the entry or key before it
                column = start - line_start
            while indents[-1] > column:
                indents.pop()
                starts.pop()
            if indents[-1] < column:
                indents.append(column)
                starts.append(start)
            fresh = kind == "entry"
        match kind:
            case "newline":
                line_start, fresh = place, True
            case "anchor":
                raise YamlError("E205", "an anchor or alias", line=_line(text, start))
            case "tag":
                raise YamlError("E206", "a tag", line=_line(text, start))
            case "open":
                flow.append(start)
            case "close":
                del flow[-1:]
            case "block" if not flow:
                place = _after_block_scalar(text, place, column)
            case "plain" | "block":
                pattern = _PLAIN_FLOW if flow else _PLAIN_BLOCK
                rest = pattern.match(text, start)
                place = rest.end() if rest else start + 1
            case "quoted":
                _check_escapes(text, start, place)
                line_start = max(line_start, text.rfind("\n", start, place) + 1)
        if len(starts) + len(flow) > MAX_DEPTH + 1:  # one more: a scalar's second line is no level
            raise YamlError("E007", "nested too deep", line=_line(text, (starts + flow)[MAX_DEPTH]))


def _check_escapes(text: str, start: int, end: int) -> None:
    """Refuse an escape beyond Unicode in double quotes: parsers fail on it without a place."""
    if text[start] != '"' or text.find("\\U", start, end) < 0:
        return
    for match in _ESCAPE.finditer(text, start, end):
        if match[1] and int(match[1], 16) > sys.maxunicode:
            said = f"{match[0]} is no character"
            raise YamlError("E211", said, line=_line(text, match.start()))


def _after_block_scalar(text: str, place: int, column: int) -> int:
    """Return where the lines end that are blank or indented deeper than `column`."""
    while place < len(text):
        end = text.find("\n", place + 1)
        line = text[place + 1 : end if end >= 0 else len(text)]
        if line.strip(" ") and len(line) - len(line.lstrip(" ")) <= column:
            break
        place = end if end >= 0 else len(text)
    return place


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML  # noqa: PLC0415  26 ms that no --help should pay
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        said = getattr(error, "problem", None) or type(error).__name__
        raise YamlError("E211", str(said), line=mark.line + 1 if mark else 1) from None
    except (ValueError, OverflowError, IndexError, AttributeError, AssertionError) as error:
        # Its scanner leaks these for broken escapes; all of them are broken syntax.
        raise YamlError("E211", f"not YAML: {error}", line=1) from None


class _Builder:
    """JSON values out of parser events."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events

    def root(self) -> dict[str, Any]:
        """Return the document's mapping, with every event read, for the last may be an error."""
        value: Any = None
        for event in self._events:
            kind = type(event).__name__
            if kind in ("MappingStartEvent", "SequenceStartEvent", "ScalarEvent", "AliasEvent"):
                value = self._value(event, "", 1)
        if not isinstance(value, dict):
            raise YamlError("E212", "the root is no mapping", line=1)
        return value

    def _value(self, event: Any, pointer: str, depth: int) -> Any:  # noqa: ANN401  any JSON
        line = event.start_mark.line + 1
        if event.anchor is not None:
            raise YamlError("E205", "an anchor or alias", line=line, pointer=pointer)
        if event.tag is not None:
            raise YamlError("E206", "a tag", line=line, pointer=pointer)
        match type(event).__name__:
            case "MappingStartEvent" | "SequenceStartEvent" if depth > MAX_DEPTH:
                raise YamlError("E007", "nested too deep", line=line)
            case "MappingStartEvent":
                return self._mapping(pointer, depth)
            case "SequenceStartEvent":
                return self._sequence(pointer, depth)
        return _scalar(event.value, event.style, line, pointer)

    def _mapping(self, pointer: str, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while type(event := next(self._events)).__name__ != "MappingEndEvent":
            line = event.start_mark.line + 1
            if type(event).__name__ == "ScalarEvent" and (event.value, event.style) == ("<<", None):
                raise YamlError("E205", "a merge key", line=line, pointer=pointer)
            key = self._value(event, pointer, depth)
            if not isinstance(key, str):
                raise YamlError("E208", f"key {key!r}", line=line, pointer=pointer)
            place = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            if key in members:
                raise YamlError("E207", f"a second {key!r}", line=line, pointer=place)
            members[key] = self._value(next(self._events), place, depth + 1)
        return members

    def _sequence(self, pointer: str, depth: int) -> list[Any]:
        items: list[Any] = []
        while type(event := next(self._events)).__name__ != "SequenceEndEvent":
            items.append(self._value(event, f"{pointer}/{len(items)}", depth + 1))
        return items


def _scalar(text: str, style: str | None, line: int, pointer: str) -> Any:  # noqa: ANN401
    """Return the JSON value of a scalar: a string where quoted; plain ones as YAML 1.2 says."""
    if style is not None:
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise YamlError("E217", "half of a surrogate pair", line=line, pointer=pointer)
        return text
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if _JSON_INTEGER.fullmatch(text) and abs(int(text)) <= _MAX_INTEGER:
        return int(text)
    if _JSON_FLOAT.fullmatch(text) and not text.lstrip("-").isdigit():
        number = float(text)
        if math.isfinite(number):
            return number
    if _DISPUTED.fullmatch(text):
        raise YamlError("E210", f"{text[:40]!r} without quotes", line=line, pointer=pointer)
    return text


def emit(mapping: Mapping[str, Any], schema_name: SchemaName) -> bytes:
    """Return the canonical text of a mapping: one value, one spelling.

    Keys that the schema knows come first, in its order. Raises `ValueError` for what is not JSON.
    """
    blocks = "".join(block for _, block in _blocks(mapping, schema_name))
    return (_HEADER.format(schema_name) + (blocks or "{}\n")).encode()


def _blocks(mapping: Mapping[str, Any], schema_name: SchemaName) -> Iterator[tuple[str, str]]:
    orders = _ORDER[schema_name]
    for key, value in _ordered(mapping, orders[""]):
        yield key, "".join(_member(key, value, "", orders.get(key, ())))


def _ordered(mapping: Mapping[str, Any], order: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    yield from ((key, mapping[key]) for key in order if key in mapping)
    yield from ((key, value) for key, value in mapping.items() if key not in order)


def _member(key: str, value: Any, indent: str, order: tuple[str, ...]) -> Iterator[str]:  # noqa: ANN401
    plain = _PLAIN_KEY.fullmatch(key) and key not in _WORDS
    yield f"{indent}{key if plain else quote(key)}:"
    yield from _node(value, indent, order)


def _node(value: Any, indent: str, order: tuple[str, ...]) -> Iterator[str]:  # noqa: ANN401
    """Yield what follows a key's colon, or an item's dash in a list of lists."""
    match value:
        case dict() if value:
            yield "\n"
            for key, member in _ordered(value, order):
                yield from _member(key, member, f"{indent}  ", ())
        case list() if value:
            yield "\n"
            for item in value:
                yield f"{indent}  -"
                if isinstance(item, dict) and item:
                    text = "".join(
                        "".join(_member(key, member, f"{indent}    ", ()))
                        for key, member in _ordered(item, order)
                    )
                    yield " " + text[len(indent) + 4 :]
                else:
                    yield from _node(item, f"{indent}  ", ())
        case _:
            yield f" {_plain(value)}\n"


def _plain(value: Any) -> str:  # noqa: ANN401  any JSON
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() if abs(value) <= _MAX_INTEGER:
            return str(value)
        case float() if math.isfinite(value):
            return _decimal(value)
        case str():
            return quote(value)
        case dict() | list() if not value:
            return "{}" if isinstance(value, dict) else "[]"
    raise ValueError(f"{value!r} is no JSON value")


def _decimal(value: float) -> str:
    """Return the spelling that the minimal JSON encoding has for a number."""
    mantissa, _, exponent = repr(value).partition("e")
    if not exponent:
        return mantissa
    if int(exponent) == -5:  # noqa: PLR2004  the encoding goes to 1e-5 without an exponent
        sign, digits = mantissa[: mantissa.startswith("-")], mantissa.lstrip("-").replace(".", "")
        return f"{sign}0.0000{digits}"
    return f"{mantissa}e{int(exponent)}"


def quote(text: str) -> str:
    """Return a string in double quotes, escaped so that JSON and YAML readers agree on it.

    Raises `ValueError` for a lone surrogate, which neither can hold.
    """
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if "\ud800" <= char <= "\udfff":
        raise ValueError("half of a surrogate pair")
    return _SHORT.get(char) or f"\\u{ord(char):04x}"


def edit(text: bytes, changes: Mapping[str, Any], schema_name: SchemaName = "manifest") -> bytes:
    """Return the file with top-level keys set, or deleted where the new value is None.

    Canonical text stays canonical. In any other text only the lines of those keys change;
    where that cannot be (the root is a flow mapping), the result is canonical. Raises `YamlError`.
    """
    before = parse(text)
    after = {key: value for key, value in before.items() if key not in changes}
    after |= {key: value for key, value in changes.items() if value is not None}
    canonical = emit(after, schema_name)
    if emit(before, schema_name) == text:
        return canonical
    spliced = _splice(
        text.decode(), before, changes, dict(_blocks(after, schema_name)), schema_name
    )
    try:
        return spliced if parse(spliced) == after else canonical
    except YamlError:
        return canonical


def _splice(
    text: str, before: dict[str, Any], changes: Mapping[str, Any], blocks: dict[str, str],
    schema_name: SchemaName,
) -> bytes:  # fmt: skip
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    spans = _spans(text, lines)
    new = {key: blocks[key] for key in changes if key in blocks}
    order = _ORDER[schema_name][""]
    inserts: dict[int, list[str]] = {}
    for key in sorted(new.keys() - before.keys(), key=lambda key: (*order, key).index(key)):
        earlier = order[: order.index(key)] if key in order else tuple(before)
        ends = [spans[name][1] for name in earlier if name in spans]
        inserts.setdefault(ends[-1] if ends else len(lines), []).append(new[key])
    result: list[str] = []
    replaced = {spans[key]: new.get(key, "") for key in changes if key in spans}
    skip = 0
    for number in range(len(lines) + 1):
        result += inserts.get(number, ())
        for (first, last), block in replaced.items():
            if first == number:
                result.append(_keep_comment(lines[first:last], block))
                skip = last
        if number < len(lines) and number >= skip:
            result.append(lines[number])
    return "".join(result).encode()


def _spans(text: str, lines: list[str]) -> dict[str, tuple[int, int]]:
    """Return the lines of each top-level key: from its own to its value's last, counted from 0."""
    starts: list[tuple[str, int]] = []
    depth = 0
    is_key = True
    for event in _events(text):
        kind = type(event).__name__
        if kind in ("MappingEndEvent", "SequenceEndEvent"):
            depth -= 1
            is_key = True
        elif depth == 1 and kind == "ScalarEvent":
            if is_key:
                starts.append((event.value, event.start_mark.line))
            is_key = not is_key
        if kind in ("MappingStartEvent", "SequenceStartEvent"):
            depth += 1
            is_key = depth == 1
    spans: dict[str, tuple[int, int]] = {}
    for (key, first), (_, after) in zip(starts, [*starts[1:], ("", len(lines))], strict=True):
        last = after
        while last > first + 1 and not lines[last - 1].partition("#")[0].strip():
            last -= 1
        spans[key] = (first, last)
    return spans


def _keep_comment(old: list[str], block: str) -> str:
    """Return the new lines of a key, with the comment that stood on its only line."""
    if len(old) != 1 or block.count("\n") != 1:
        return block
    comment = re.search(r"""[ \t]+#[^"'\n]*$""", old[0])
    return f"{block[:-1]}{comment[0]}\n" if comment else block
