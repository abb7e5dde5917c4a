"""Untrusted text made safe for a terminal, and text cut to a width."""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate

# A string ends where the next begins, terminated or not: so a search is linear in the text.
_SEQUENCE = re.compile(
    r"(?:\x1b\]|\x9d)[^\x07\x1b\x90-\x9f]*(?:\x07|\x1b\\|\x9c)"  # OSC: titles, links, the clipboard
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x90-\x9f]*(?:\x1b\\|\x9c)"  # DCS, SOS, PM, APC
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, movement, erasure
    r"|\x1b[ -/]*[0-~]"
)
_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_HIDDEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f"  # C0, DEL, C1
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # text that runs the other way
    r"\U000e0000-\U000e007f]"  # tags: a text that nobody sees
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SUSPECT = re.compile(rf"{_HIDDEN.pattern[:-1]}\x0b\x0c\r\u2028\u2029\ud800-\udfff]")
_IN_JSON = re.compile(rf"{_HIDDEN.pattern[:-1]}\u2028\u2029\ud800-\udfff]")
_BLANK = re.compile(r"\s+")
_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_THOUSAND = 1000
_BYTES = 0xDC00


def safe(text: str) -> str:
    """Return text that a terminal only shows: no control sequences, no reversed order.

    Line feeds and tabs stay; other line ends become line feeds.
    """
    if _SUSPECT.search(text) is None:
        return text
    text = _LINE_END.sub("\n", _SEQUENCE.sub("", text))
    return encodable(_HIDDEN.sub("", text))


def encodable(text: str) -> str:
    r"""Return text that UTF-8 can hold: of a path, a byte that is no UTF-8 becomes `\xff`.

    What is half a character otherwise becomes U+FFFD.
    """
    return _SURROGATE.sub(lambda match: _spelt(match[0]), text)


def _spelt(half: str) -> str:
    byte = ord(half) - _BYTES  # as `os.fsdecode` keeps it
    return f"\\x{byte:02x}" if byte in range(0x80, 0x100) else "\ufffd"


def safe_json(text: str) -> str:
    """Return JSON text in which what a terminal would obey is escaped: the same value.

    But what UTF-8 cannot hold becomes what it is in `encodable`: strict readers refuse halves.
    """
    return _IN_JSON.sub(_escape, text)


def visible(text: str) -> str:
    r"""Return text in which what a terminal would obey is spelt: `\r`, `\x1b`, `\u202e`.

    Line feeds and tabs stay. Where a character went or came, the spelling tells.
    """
    return _SUSPECT.sub(_spell_out, text)


def _spell_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\r":
        return "\\r"
    if 0xD800 <= code < 0xE000:  # noqa: PLR2004  half a pair: of a file, a byte that is no UTF-8
        return _spelt(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004  as in Python


def _escape(match: re.Match[str]) -> str:
    if _SURROGATE.match(match[0]):
        return _spelt(match[0]).replace("\\", r"\\")
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def one_line(text: str) -> str:
    """Return text on one line, safe, each run of blanks one space."""
    return _BLANK.sub(" ", safe(text)).strip()


def width(text: str) -> int:
    """Return how many columns of a terminal a line takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or character in "\u200b\u200c\u200d\ufe0e\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shorten(text: str, limit: int) -> str:
    """Return a line of at most `limit` columns, with `…` where it was cut."""
    if width(text) <= limit:
        return text
    taken = accumulate(map(_columns, text))
    place = next(place for place, columns in enumerate(taken) if columns >= limit)
    return text[:place].rstrip() + "…"


def shorten_path(path: str, limit: int) -> str:
    """Return a path of at most `limit` columns, its end kept; but of its last name all."""
    while width(path) > limit and "/" in path.removeprefix("…/"):
        path = "…/" + path.removeprefix("…/").partition("/")[2]
    return path


def pad(text: str, columns: int) -> str:
    """Return text with spaces behind it up to a number of columns."""
    return text + " " * (columns - width(text))


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return `1 session`, `2,000 sessions`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def size(number: int) -> str:
    """Return a number of bytes as people say it: `812 bytes`, `1.2 MB`."""
    if number < _THOUSAND:
        return counted(number, "byte")
    value, unit = float(number), 0
    while value >= _THOUSAND - 0.05 and unit < len(_UNITS) - 1:
        value, unit = value / _THOUSAND, unit + 1
    return f"{value:,.1f} {_UNITS[unit]}"


def moment(timestamp: str | None, *, seconds: bool = True) -> str:
    """Return a timestamp as people read it, in UTC."""
    if timestamp is None:
        return "no time"
    return one_line(timestamp[: 19 if seconds else 16].replace("T", " "))


def duration(millis: int) -> str:
    """Return a time span as people say it: `0.3 s`, `2 min 5 s`."""
    seconds, rest = divmod(millis, 1000)
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds}.{rest // 100} s"
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes} min {seconds} s"
