"""Ways to damage bytes, JSON values and lines of JSON, as `Choices` say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fuzz.choices import Choices

DIGEST = "ca148f4ad26b5448cdfb67906e3a2086b3d24f520db12613d3b23a9db0f45d4a"
"""Of the payload that the vectors' sessions hold."""

BYTES = [
    b"", b"\n", b"\r\n", b"\0", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xff", b"\xc0\xaf", b'"', b"'",
    b"\\", b"{", b"}", b"[", b"]", b"{}", b"[]", b",", b":", b" ", b"\t", b"-", b"#", b"&a", b"*a",
    b"!!str ", b"<<: ", b"|\n", b">-\n", b"? ", b"...", b"---\n", b"%YAML 1.1\n", b"1e999", b"-0",
    b"9007199254740992", b"NaN", b"\\ud83d", b"\\u0000", b'"\\UFFFFFFFF"', b"\xc2\x85",
    b"\xe2\x80\xa8", b"0" * 70, b"[" * 200, b'{"a":' * 130, b"  " * 70, b"\x1b]0;x\x07", b"~1",
]  # fmt: skip
"""Bytes that some reader stumbles over."""

VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 1.0, 1.5, -0.0, 1e-7, 1e300, 2**53 - 1, 2**53, -(2**53), 2**64, "",
    "a", "\0", "\ud83d", "\u2028", "x" * 300, "01M81CYGKK00000000000000A1", "files", DIGEST,
    "2026-11-22T10:31:07.123Z", "9999-12-31T23:59:59.999Z", "../x", "/parts/0/text", "/native",
    "/parts/00/text", "/parts/0/arguments", "/parts/-1", "/id", "", "NaN", "1E2", "\n", "\r\n",
    "\x1b[2J\x07", "\u202e", "1E99999999", "-Infinity", "base64", "utf-8", "ascii", "spaced",
    "spaced-ascii", "QUJD", "1.0", "1.9", "2.0", "7.0", [],
    {}, [[]], {"": {}}, {"type": "text", "text": "t"}, {"type": "text", "file": DIGEST},
    {"type": "thinking", "text": "t", "signature": "s"}, {"type": "data", "value": {"a": [1]}},
    {"type": "file", "file": DIGEST, "media_type": "image/png", "name": None, "bytes": 3},
    {"type": "tool_call", "call_id": "c1", "name": "Read", "arguments": {"file_path": "~/x"}},
    {"type": "tool_result", "call_id": "c1", "content": [], "is_error": False},
    {"type": "unknown", "value": {"$ref": "/native"}}, {"$ref": "/parts/0/text"},
    {"$ref": "/parts/0/arguments"}, {"$ref": "/ts"}, {"$ref": "/parts"}, {"$num": "1E2"},
    {"$num": "NaN"}, {"$json": "/parts/0/arguments", "style": "spaced"}, {"$json": "/parts"},
    {"$file": DIGEST, "encoding": "base64", "prefix": "p"}, {"$file": DIGEST, "encoding": "utf-8"},
    {"$lit": {"$ref": {"$ref": "/id"}}}, {"$lit": {}}, {"record": {}}, {"raw": "x"},
    {"raw_base64": "QUJD"}, {"raw_file": DIGEST}, {"amount": "0.1", "currency": "USD"},
    {"input": 1, "output": 2, "convention": "c"}, {"files": {"a.json": DIGEST}},
]  # fmt: skip
"""Values that the format knows, and their neighbours."""

KEYS = (
    "seq id parent ts role kind actor parts model usage cost response turn agent sidechain stop ext"
    " native record style eol source files raw raw_base64 raw_file type text file signature"
    " encrypted call_id name arguments status content is_error exit_code duration_ms media_type"
    " bytes value rule message pointer count event format min_reader uid title $ref $json $file"
    " $num $lit encoding prefix ~ / ~1 0"
).split()
"""Names of the format, and some that a pointer must escape."""


def damaged_bytes(choices: Choices, content: bytes) -> bytes:
    """Return bytes with something cut, doubled, flipped or put in."""
    start = choices.place(len(content))
    end = min(len(content), start + choices.place(40))
    match choices.below(7):
        case 0:
            return content[:start] + choices.of(BYTES) + content[start:]
        case 1:
            return content[:start] + choices.of(BYTES) + content[end:]
        case 2:
            return content[:start] + content[end:]
        case 3:
            return content[:end] + content[start:]
        case 4:
            return content[:start]
        case 5 if start < len(content):
            flipped = content[start] ^ 1 << choices.below(8)
            return content[:start] + bytes((flipped,)) + content[start + 1 :]
    return content[:start] + choices.take(choices.below(16)) + content[start:]


def damaged_lines(choices: Choices, content: bytes) -> bytes:
    """Return lines with one of them lost, doubled, moved, joined, or ended otherwise."""
    lines = content.split(b"\n")
    here, there = choices.below(len(lines[:60000])), choices.below(len(lines[:60000]))
    match choices.below(6):
        case 0:
            del lines[here]
        case 1:
            lines.insert(there, lines[here])
        case 2:
            lines[here], lines[there] = lines[there], lines[here]
        case 3:
            lines[here : here + 2] = [b"".join(lines[here : here + 2])]
        case 4:
            lines[here] += b"\r"
        case 5:
            return content.replace(b"\n", b"\r\n")
    return b"\n".join(lines)


def damaged_json(choices: Choices, line: bytes) -> bytes:
    """Return the minimal encoding of a JSON text's value with one place of it changed."""
    try:
        value = json.loads(line)
        spelt = spell(_changed(choices, value))
    except (ValueError, RecursionError):
        return damaged_bytes(choices, line)
    return spelt


def spell(value: object) -> bytes:
    """Return the minimal encoding of a value; raises `ValueError` where it has none."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _changed(choices: Choices, value: Any, levels: int = 8) -> Any:
    """Return a value with a change somewhere inside of it."""
    if value and levels and not choices.one_in(8):
        if isinstance(value, dict):
            return _changed_object(choices, value, levels)
        if isinstance(value, list):
            return _changed_list(choices, value, levels)
    match choices.below(8):
        case 0:
            return [value]
        case 1:
            return {choices.of(KEYS): value}
        case 2 if isinstance(value, str):
            return value + choices.of(["\u202e", "x" * 100, "/", "~1", "\x1b[31m", '"', "\\"])
        case 3 if isinstance(value, int):
            return value + choices.of([1, -1, 2**53, 10**18])
        case 4:
            return _nested(value, choices.of([5, 60, 124, 126, 127, 128, 129, 200]))
    return choices.of(VALUES)


def _changed_object(choices: Choices, value: dict[str, Any], levels: int) -> dict[str, Any]:
    key = choices.of(list(value))
    match choices.below(8):
        case 0:
            return {name: member for name, member in value.items() if name != key}
        case 1:
            return value | {choices.of(KEYS): choices.of(VALUES)}
        case 2:
            name = choices.of(KEYS)
            return {name if old == key else old: value[old] for old in value}
    return value | {key: _changed(choices, value[key], levels - 1)}


def _changed_list(choices: Choices, value: list[Any], levels: int) -> list[Any]:
    place = choices.below(min(len(value), 256))
    match choices.below(4):
        case 0:
            return value[:place] + value[place + 1 :]
        case 1:
            return [*value[:place], choices.of(VALUES), *value[place:]]
    return [*value[:place], _changed(choices, value[place], levels - 1), *value[place + 1 :]]


def _nested(value: Any, levels: int) -> Any:
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value
