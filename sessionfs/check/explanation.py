"""The slow path: what is wrong with a line that the fast one could not prove, by code and place."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal

from sessionfs.canonical import UNSET, decode, encode, has_large_integer
from sessionfs.check.explained import MAX_FINDINGS, Explained, Rung
from sessionfs.check.jsontext import explain_json
from sessionfs.check.proof import NATIVE_KEYS
from sessionfs.model import decode_message, encode_message
from sessionfs.schema import finding, validate

if TYPE_CHECKING:
    from sessionfs.model import Finding, Message

SPELLING: Final = "not the one spelling of this value: order of keys, spaces, escapes or numbers"


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
    if not _is_read_alike(line, value):
        said = "another reader of JSON gets another value"
        return Explained(None, (finding("E410", path, said, line=number),))
    most = None if newer else MAX_FINDINGS  # all keys that are unknown must be known
    found = tuple(islice(validate(value, schema, path, line=number, newer=newer), most))
    if found:
        return Explained(without_unknown(value, found), found, Rung.SCHEMA)
    if not _is_minimal(line, value, schema):
        return Explained(None, (finding("E410", path, SPELLING, line=number),))
    return Explained(value)


def is_spelt(text: bytes, value: object) -> bool:
    """Tell whether a JSON text is the minimal encoding of its value, whatever the keys' order."""
    return encode(value) == text


def _is_read_alike(text: bytes, value: object) -> bool:
    """Tell whether the fast reader gets the value that the strict one got."""
    try:
        return bool(decode(text) == value)
    except ValueError:
        return False


def _is_minimal(line: bytes, value: dict[str, Any], schema: str) -> bool:
    if schema == "redactions":
        return is_redaction(line, value)
    message = typed_message(value)
    return (
        message is not None
        and encode_message(message) == line
        and not has_large_integer(line)
        and (message.native is UNSET or tuple(message.native) in NATIVE_KEYS)
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
