"""What stands where something was removed, and which older text a text with it follows from.

A placeholder stands for any text. So an older text follows from a newer one where everything
around the newer one's placeholders is still there; where home directories were removed they
are `~` in the newer one.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from typing import TYPE_CHECKING, Any, Final

from sessionfs.canonical import MAX_DEPTH, Number, decode_native, nesting
from sessionfs.home import tilde

if TYPE_CHECKING:
    from collections.abc import Callable

    from sessionfs.canonical import Style

PLACEHOLDER: Final = re.compile(r'\[REDACTED:[!"$-\\^-~]{1,128}#[1-9][0-9]{0,15}\]')
"""What stands where something was removed: the rule, without `#` and `]`, and a number."""

HOME_DIRECTORY: Final = "home-directory"
"""The rule that leaves `~` and no placeholder: there is nothing to tell apart."""

UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""The marks with which a text in UTF-16 begins."""

_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_MARK = b"[REDACTED:"

Pairs = list[tuple[str, str | None]]
"""Placeholders, each with the text that it stands for, None where that can be one or another."""


def has_placeholder(content: bytes) -> bool:
    """Tell whether a content may hold a placeholder."""
    return _MARK in content


def split_placeholder(placeholder: str) -> tuple[str, int]:
    """Return rule and number of a placeholder."""
    rule, _, number = placeholder[len(_MARK) : -1].rpartition("#")
    return rule, int(number)


def make_placeholder(rule: str, number: int) -> str:
    """Return the placeholder of a rule's secret."""
    return f"[REDACTED:{rule}#{number}]"


def pair(template: str, text: str, *, whole: bool = True) -> Pairs | None:
    """Return what each placeholder of a template stands for in a text, or None.

    Without `whole` the text may go on after what the template stands for.
    """
    first, *others = PLACEHOLDER.split(template)
    if not text.startswith(first) or (whole and not others and template != text):
        return None
    spans: list[tuple[int, int]] = []
    place = len(first)
    names = PLACEHOLDER.findall(template)
    for number, piece in enumerate(others):
        if whole and number == len(others) - 1:
            end = len(text) - len(piece)
            if end < place or not text.endswith(piece):
                return None
        elif (end := text.find(piece, place)) < 0:
            return None
        spans.append((place, end))
        place = end + len(piece)
    sure = _from_behind(text, [first, *others]) if whole else spans
    return [
        (name, text[slice(*span)] if span == other else None)
        for name, span, other in zip(names, spans, sure, strict=True)
    ]


def _from_behind(text: str, pieces: list[str]) -> list[tuple[int, int]]:
    """Return where the placeholders between pieces would stand, each piece as late as it can."""
    spans = []
    end = len(text) - len(pieces[-1])
    for piece in reversed(pieces[1:-1]):
        start = text.rfind(piece, 0, end)
        spans.append((start + len(piece), end))
        end = start
    if len(pieces) > 1:
        spans.append((len(pieces[0]), end))
    return spans[::-1]


def is_beginning(text: str, template: str, *, torn: str = r"(?s:.*)") -> bool:
    """Tell whether a text may be the beginning of what a template stands for.

    What is left where a placeholder begins has to match `torn`.
    """
    first, *others = PLACEHOLDER.split(template)
    if not text.startswith(first):
        return first.startswith(text)
    place = len(first)
    for piece in others:
        end = text.find(piece, place)
        if end < 0:
            return re.fullmatch(torn, text[place:]) is not None
        place = end + len(piece)
    return place == len(text)


def covers(template: str, text: str) -> bool:
    """Tell whether a text is the template with any texts in the places of its placeholders."""
    return pair(template, text) is not None


def pair_values(template: Any, value: Any, pairs: Pairs) -> bool:  # noqa: ANN401  JSON is any value
    """Tell whether a JSON value follows from one with placeholders, keys included.

    What the placeholders stand for is added to `pairs`.
    """
    if isinstance(template, str) and isinstance(value, str):
        return template == value or _pair_texts(template, value, pairs)
    if isinstance(template, dict) and isinstance(value, dict):
        return len(template) == len(value) and all(
            (left == right or _pair_texts(left, right, pairs))
            and pair_values(template[left], value[right], pairs)
            for left, right in zip(template, value, strict=True)
        )
    if isinstance(template, list) and isinstance(value, list):
        return len(template) == len(value) and all(
            pair_values(left, right, pairs) for left, right in zip(template, value, strict=True)
        )
    return is_equal(template, value)


def is_equal(left: object, right: object) -> bool:
    """Tell whether two scalars of native JSON are the same, spelling included."""
    if isinstance(left, Number) and isinstance(right, Number):
        return left.literal == right.literal
    return type(left) is type(right) and left == right


def _pair_texts(template: str, text: str, pairs: Pairs) -> bool:
    nested = _both(_json, template, text)
    if nested is not None and nested[0][1] == nested[1][1]:
        inner: Pairs = []
        if pair_values(nested[0][0], nested[1][0], inner):
            pairs += inner
            return True
    for candidate in (text, tilde(text)):
        found = pair(template, candidate)
        if found is not None:
            pairs += found
            return True
    encoded = _both(_base64, template, text)
    return encoded is not None and _pair_texts(*encoded, pairs)


def _both(decode: Callable[[str], Any], *texts: str) -> tuple[Any, Any] | None:
    left, right = map(decode, texts)
    return None if left is None or right is None else (left, right)


def _json(text: str) -> tuple[Any, Style] | None:
    """Return the object or array that a text is, and its style, or None."""
    if not text.lstrip(" \t\r\n").startswith(("{", "[")):
        return None
    try:
        value, style = decode_native(text.encode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None
    if style is None or not isinstance(value, (dict, list)) or nesting(value) > MAX_DEPTH:
        return None
    return value, style


def _base64(text: str) -> str | None:
    """Return the text that a text is the Base64 of, or None."""
    head, comma, body = text.rpartition(",")
    if _BASE64.fullmatch(body) is None or len(body) % 4:
        return None
    try:
        return f"{head}{comma}{file_text(base64.b64decode(body, validate=True))}"
    except binascii.Error:
        return None


def pair_lines(template: bytes, line: bytes, pairs: Pairs | None = None) -> bool:
    """Tell whether a native line follows from one with placeholders: as values, else as text.

    Both may have their line ends. What the placeholders stand for is added to `pairs`.
    """
    if template == line:
        return True
    found: Pairs = [] if pairs is None else pairs
    bare, other = template.rstrip(b"\r\n"), line.rstrip(b"\r\n")
    if template[len(bare) :] != line[len(other) :]:
        return False
    try:
        (left, style), (right, also) = decode_native(bare), decode_native(other)
    except (ValueError, RecursionError):
        style = also = None
    if style is None or style != also:  # what a value of it would not tell all of
        told = pair(as_text(bare), as_text(other))
        found += told or ()
        return told is not None
    return max(map(nesting, (left, right))) <= MAX_DEPTH and pair_values(left, right, found)


def as_text(content: bytes) -> str:
    """Return bytes as text, what is no UTF-8 included."""
    return content.decode("utf-8", "surrogateescape")


def file_text(content: bytes) -> str:
    """Return the content of a file as text: UTF-16 where its mark says so, else as of a line."""
    if content.startswith(UTF16):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            pass
    return as_text(content)
