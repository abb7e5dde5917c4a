"""Values and their one JSON spelling; the only importer of msgspec.

A line of sessionfs has exactly one spelling: `encode(decode(line)) == line` proves at full
speed that it holds no duplicate key, no NaN, no stray byte, no other number spelling.
Native logs are spelled by others: `Style` names the few spellings that rebuild most of them.
"""

from __future__ import annotations

import json
import math
import operator
import re
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, get_args

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["UNSET", "Struct", "UnsetType", "replace"]

_T = TypeVar("_T")

Style = Literal["compact", "spaced", "ascii", "spaced-ascii"]
"""How a native log spells its JSON: with spaces as Python does, with `\\u` escapes, or not."""

STYLES: Final[tuple[Style, ...]] = get_args(Style)

MAX_INTEGER: Final = 2**53 - 1
"""Largest integer, either way from 0, that every JSON reader keeps exact. Enforces E404."""

MAX_DEPTH: Final = 128
"""Most arrays and objects inside each other in one line. Enforces E007."""

MAX_VALUES: Final = 1 << 20
"""Most `[`, `{` and `,` outside of strings in summary.json: so many values. Enforces E008."""

MAX_VALUES_IN_LINE: Final = 1 << 18
"""The same for one line. Enforces E008."""

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
"""A string; a torn one goes to the end, or each quote in it would be looked at as far as that."""
_STRING_OR_PUNCTUATION = re.compile(rb'("[^"\\]*(?:\\.[^"\\]*)*")|([,:])')
_NOT_ASCII = re.compile(r"[^\x20-\x7e]")
_DIGITS_AS_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_SIXTEEN_DIGITS = b"0" * 16
_PLAIN_INTEGER = re.compile(r"-?[0-9]{1,16}")
_DIGITS = re.compile(r"-?[0-9]+")
_PLACEHOLDER = re.compile(rb'"\\u0000\\u0000([^"\\]*)\\u0000\\u0000"')
_INTEGER = re.compile(rb"(?<![0-9.eE+])[0-9]{16,}(?![0-9.eE])")
_LONGEST = len(str(MAX_INTEGER))
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


class Number:
    """A JSON number that our encoder would spell otherwise; `literal` is its own spelling.

    It is no float on purpose: the encoder refuses it instead of respelling it.
    """

    __slots__ = ("literal",)

    def __init__(self, literal: str) -> None:
        """Keep the literal: a number, or NaN, Infinity or -Infinity as Python writes them."""
        self.literal = literal

    def plain(self) -> int | float | str:
        """Return the number as JSON readers agree on it, else the literal."""
        if _PLAIN_INTEGER.fullmatch(self.literal):
            return int(self.literal) if abs(int(self.literal)) <= MAX_INTEGER else self.literal
        if _DIGITS.fullmatch(self.literal):
            return self.literal
        number = float(self.literal)
        return number if math.isfinite(number) else self.literal


encode: Final[Callable[[object], bytes]] = _encoder.encode
"""Return the minimal encoding of a value, without a line end."""


def decode(text: bytes | str) -> Any:  # noqa: ANN401  JSON is any value
    """Return the value of a JSON text; raises `ValueError` where it is none."""
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error


def typed_decoder(kind: type[_T]) -> Callable[[bytes | str], _T]:
    """Return a decoder that proves types while it decodes; it raises `ValueError`."""
    decode_typed = msgspec.json.Decoder(kind).decode

    def decoder(text: bytes | str) -> _T:
        try:
            return decode_typed(text)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ValueError(str(error)) from error

    return decoder


def convert(value: object, kind: type[_T]) -> _T:
    """Return plain values as typed ones; raises `ValueError` with the place."""
    try:
        return msgspec.convert(value, kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error


def to_plain(value: object) -> Any:  # noqa: ANN401  JSON is any value
    """Return typed values as plain dicts and lists, keys in order, absent ones left out."""
    return msgspec.to_builtins(value)


def indent(compact: bytes) -> bytes:
    """Return JSON indented by two spaces, with a line end: the form of summary.json.

    Raises `ValueError` where it is none.
    """
    try:
        return msgspec.json.format(compact, indent=2) + b"\n"
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error


def depth(line: bytes) -> int:
    """Return how deep arrays and objects nest in a JSON text, without decoding it.

    Where that is more than the format allows, some larger number.
    """
    if line.count(b"{") + line.count(b"[") <= MAX_DEPTH // 2:
        return line.count(b"{") + line.count(b"[")
    brackets = _STRING.sub(b"", line).translate(_AS_SQUARE, _NO_BRACKETS)
    levels = 0
    while levels <= MAX_DEPTH and b"[]" in brackets:  # each time the innermost go
        brackets = brackets.replace(b"[]", b"")
        levels += 1
    return levels + brackets.count(b"[")


def is_crowded(text: bytes, most: int) -> bool:
    """Tell whether a JSON text holds more values than it may: `[`, `{` and `,` are counted.

    In memory a value takes up to a hundred times its bytes. Enforces E008.
    """

    def count(text: bytes) -> int:
        return text.count(b"[") + text.count(b"{") + text.count(b",")

    return len(text) > most and count(text) > most and count(_STRING.sub(b"", text)) > most


def nesting(value: object) -> int:
    """Return how deep arrays and objects nest in a value: a tenth of the time of `depth`."""
    level: list[Any] = [value] if isinstance(value, (dict, list)) else []
    deepest = 0
    while level:
        deepest += 1
        level = [
            member
            for container in level
            for member in (container.values() if type(container) is dict else container)
            if type(member) is dict or type(member) is list
        ]
    return deepest


def has_large_integer(line: bytes) -> bool:
    """Tell whether a JSON text may hold an integer beyond `MAX_INTEGER`. Enforces E404."""
    # Translating is ten times as fast as searching for sixteen digits.
    if _SIXTEEN_DIGITS not in line.translate(_DIGITS_AS_ZERO):
        return False
    outside = _STRING.sub(b'""', line)
    return any(
        len(literal) > _LONGEST or int(literal) > MAX_INTEGER
        for literal in _INTEGER.findall(outside)
    )


def restyle(compact: bytes, style: Style) -> bytes:
    """Return a minimal encoding respelled in `style`."""
    if style in ("spaced", "spaced-ascii"):
        compact = _STRING_OR_PUNCTUATION.sub(
            lambda match: match[1] if match[1] is not None else match[2] + b" ", compact
        )
    if style in ("ascii", "spaced-ascii"):
        compact = _NOT_ASCII.sub(_escape, compact.decode()).encode("ascii")
    return compact


def _escape(match: re.Match[str]) -> str:
    return "".join(
        f"\\u{high:02x}{low:02x}"
        for high, low in zip(*[iter(match[0].encode("utf-16-be"))] * 2, strict=True)
    )


def style_of(value: object, text: bytes) -> Style | None:
    """Return the style in which `value` encodes to exactly `text`, or None."""
    for style in STYLES:
        try:
            if encode_native(value, style) == text:
                return style
        except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
            break
    return None


def plain_copy(value: Any) -> Any:  # noqa: ANN401  JSON is any value, of six types
    """Return a value that our encoder can write, as near to `value` as JSON readers agree.

    A number beyond a double or an exact integer becomes the string of its literal; half of
    a surrogate pair becomes U+FFFD. What needs no change is returned itself, not a copy.
    """
    match value:
        case str():
            return value if _is_unicode(value) else _repair(value)
        case Number():
            return value.plain()
        case bool():
            return value
        case int():
            return value if abs(value) <= MAX_INTEGER else str(value)
        case dict():
            members = {plain_copy(key): plain_copy(member) for key, member in value.items()}
            same = all(members.get(key) is member for key, member in value.items())
            return value if same else members
        case list():
            items = [plain_copy(item) for item in value]
            return value if all(map(operator.is_, items, value)) else items
        case _:
            return value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _repair(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def decode_native(line: bytes) -> tuple[Any, Style | None]:
    """Return the value of a native line and the style that spells it, None where none does.

    Numbers spelled otherwise than ours come as `Number`. Raises `ValueError` for what is not
    JSON. Values nested deeper than the format allows count as not JSON.
    """
    if is_crowded(line, MAX_VALUES_IN_LINE):
        raise ValueError("too many values")
    nested = line.count(b"{") + line.count(b"[") > MAX_DEPTH - 8
    if not has_large_integer(line):
        try:
            value = _decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        else:
            if nested and nesting(value) > MAX_DEPTH - 8:
                raise ValueError("nested too deep")
            if encode(value) == line:
                return value, "compact"
    if nested and depth(line) > MAX_DEPTH - 8:
        raise ValueError("nested too deep")
    return _decode_slowly(line)


def _decode_slowly(line: bytes) -> tuple[Any, Style | None]:
    text = line.decode("utf-8")
    exact = True

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal exact
        exact = exact and len({key for key, _ in pairs}) == len(pairs)
        return dict(pairs)

    value = json.loads(
        text.removeprefix("\ufeff"),
        object_pairs_hook=members,
        parse_float=_number,
        parse_int=_number,
        parse_constant=_number,
    )
    if not exact:
        return value, None
    return value, style_of(value, line)


def encode_native(value: object, style: Style) -> bytes:
    """Return a native value in `style`, each `Number` as its literal says."""
    try:
        return restyle(encode(value), style)
    except TypeError:  # a Number somewhere: it goes through as a string, then loses its quotes
        return _PLACEHOLDER.sub(rb"\1", restyle(encode(_unwrap(value)), style))


def _unwrap(value: Any) -> Any:  # noqa: ANN401  JSON is any value
    match value:
        case Number():
            return f"\0\0{value.literal}\0\0"
        case dict():
            return {key: _unwrap(member) for key, member in value.items()}
        case list():
            return [_unwrap(member) for member in value]
        case _:
            return value


def _number(literal: str) -> int | float | Number:
    """Return the plain number where we spell it the same, else a `Number`."""
    number = Number(literal)
    plain = number.plain()
    return plain if not isinstance(plain, str) and encode(plain).decode() == literal else number
