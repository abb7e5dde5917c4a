"""Native lines and files as they are read: whether they hold a secret, and how they look without.

A line alone tells what it is; what other lines tell of it is not looked at here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sessionfs.canonical import decode_native, encode_native
from sessionfs.placeholder import as_text
from sessionfs.redact.known import Known
from sessionfs.redact.records import Texts
from sessionfs.redact.texts import Look, Remover, rule_of
from sessionfs.redact.values import NAME, Values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.redact.ruleset import Ruleset


def redact_line(ruleset: Ruleset | None, line: bytes) -> bytes:
    """Return a native line, without its line end, as its own words would have it redacted."""
    if ruleset is None:
        return line
    values = Values(Remover(ruleset, Known()))
    try:
        value, style = decode_native(line)
    except (ValueError, RecursionError):
        style = None
    if style is None:
        return values.raw(as_text(line), "").encode("utf-8", "surrogateescape")
    return encode_native(values.value(value, ""), style)


class Detector:
    """Tells whether native bytes hold a secret, without a word of what it is."""

    def __init__(self, ruleset: Ruleset) -> None:
        """Look for what these rules find."""
        self._ruleset = ruleset
        self._remover = Remover(ruleset, Known())

    def is_in_line(self, line: bytes) -> bool:
        """Tell whether a native line holds a secret."""
        escaped = b"\\u00" in line  # an agent may spell ASCII so, and then no look at it helps
        look = Look() if escaped else self._remover.look(line)
        if not any(look):
            return False
        try:
            value, style = decode_native(line)
        except (ValueError, RecursionError):
            style = None
        if style is not None:
            texts = Texts(NAME + 1)
            texts.gather(value)
            if not texts.telling(self._remover, look):
                return False
        return redact_line(self._ruleset, line) != line

    def is_in_content(self, content: bytes) -> bool:
        """Tell whether the content of a file holds a secret."""
        values = Values(Remover(self._ruleset, Known()))
        return values.content(content, "") is not content


class Place(NamedTuple):
    """Where secrets stand: a line, a JSON Pointer into it; their rule, and how many they are."""

    line: int | None
    pointer: str
    rule: str
    number: int


def find_in_content(content: bytes, ruleset: Ruleset) -> list[Place]:
    """Return where a content holds secrets: each line of JSON as a value, the rest as text."""
    known = Known()
    found = list(_find(content, ruleset, known))
    if known.grew:  # they may stand bare above
        known.take_stock()
        found = list(_find(content, ruleset, known))
    return found


def _find(content: bytes, ruleset: Ruleset, known: Known) -> Iterator[Place]:
    rest: list[bytes] = []
    begin = 1
    for number, line in enumerate(content.split(b"\n"), 1):
        try:
            value = decode_native(line)[0] if line[:1] in (b"{", b"[") else None
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, (dict, list)):
            rest.append(line)
            continue
        yield from _in_text(b"\n".join(rest), begin, ruleset, known)
        rest, begin = [], number + 1
        values = Values(Remover(ruleset, known))
        values.value(value, "")
        for (pointer, rule), count in values.removed.items():
            yield Place(number, pointer, rule, count)
    yield from _in_text(b"\n".join(rest), begin, ruleset, known)


def _in_text(text: bytes, begin: int, ruleset: Ruleset, known: Known) -> Iterator[Place]:
    clean = as_text(text).encode("utf-8", "surrogatepass")
    place = counted = 0
    line = begin
    for start, end, name in sorted(Remover(ruleset, known).spans(clean)):
        if start >= place:
            line += clean.count(b"\n", counted, start)
            counted = start
            yield Place(line, "", rule_of(name), 1)
        place = max(place, end)
