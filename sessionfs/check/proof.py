"""The fast path: a message line that is proved valid in every respect that it alone can show.

It never accepts what jsonschema refuses; where it proves nothing, `explanation` is the judge.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from sessionfs.canonical import MAX_DEPTH, MAX_VALUES_IN_LINE, UNSET, has_large_integer, is_crowded
from sessionfs.digest import is_digest
from sessionfs.model import (
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
from sessionfs.schema import is_plainly_valid, pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sessionfs.model import Part


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
    if _head()(line) is None or is_crowded(line, MAX_VALUES_IN_LINE):
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
    if not _nests(_open_values(message), _IN_RESULT):  # the tightest limit nearly always holds
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


def _open_values(message: Message) -> list[Any]:
    """Return the values of a message that can be any JSON."""
    values: list[Any] = [message.ext, message.native]
    for part in message.parts:
        if type(part) is ToolCall:
            values.append(part.arguments)
        elif type(part) is ToolResult:
            values += [inner.value for inner in part.content if isinstance(inner, _OPEN)]
        elif isinstance(part, _OPEN):
            values.append(part.value)
    return values


_LONG = 8192
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


NATIVE_KEYS = frozenset(
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
    if keys not in NATIVE_KEYS:
        return False
    if keys == ("record",):
        return True
    return all(
        is_plainly_valid(native[key], "message", "native", key) for key in keys if key != "record"
    )
