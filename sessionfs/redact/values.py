"""JSON values without their secrets: every string and every key, and what strings encode."""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from sessionfs.canonical import MAX_DEPTH, Number, decode_native, encode_native, nesting
from sessionfs.errors import SessionfsError
from sessionfs.placeholder import PLACEHOLDER, UTF16, split_placeholder
from sessionfs.redact.texts import BLANKS, JSON_BEGINS, JSON_ENDS, Look, encoded, replaced
from sessionfs.redact.views import COLUMNS, shown_otherwise
from sessionfs.restore import escape

if TYPE_CHECKING:
    from collections.abc import Collection

    from sessionfs.redact.texts import Remover

SHORTEST = 4
"""Characters below which a text is no secret, whatever its key says."""

NAME = 15
"""Characters up to which no rule looks at a key by itself."""

SHORT_KEY = 6
"""Characters from which a key may be a secret that is known."""

KEY = 0
"""What stands for every key among the identities of texts."""

SCALARS = frozenset((int, float, bool, type(None), Number))

Place = str | tuple[Any, str | int]
"""A JSON Pointer, or a place and the name or number of what is in it."""

_STRING = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)(?:"([ \t\r\n]*:)?|\\?\Z)', re.DOTALL)
"""A string of JSON, and whether it is a key; the last one may be torn."""

_UNIT = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL)


class Values:
    """Takes secrets out of JSON values, and counts them by place and rule."""

    def __init__(
        self, remover: Remover, carried: Collection[str] = (), *, look: Look | None = None
    ) -> None:
        """Start with nothing removed; placeholders that are `carried` count as removed here."""
        self._remover = remover
        self.carried = carried
        self.look = Look() if look is None else look
        self.is_close = self.look.closely
        self.telling: set[int] | None = None
        """The identity of each text and marker that may hold something, where that is known."""
        self.removed: Counter[tuple[str, str]] = Counter()
        """How many were removed, by JSON Pointer and rule."""

    @property
    def shortest_key(self) -> int:
        """Characters from which a key may hold a secret: one that is known may be a short one."""
        return SHORT_KEY if self._remover.known.secrets else NAME + 1

    @property
    def bare(self) -> Values:
        """The same, to look at something once more without counting it."""
        return Values(self._remover)

    def value(self, value: Any, place: Place, key: str | None = None) -> Any:  # noqa: ANN401
        """Return a JSON value without secrets; itself, where it holds none."""
        kind = type(value)
        if kind is str:
            return self.text(value, place, key) if self._may_hold(value) else value
        if kind is dict:
            return self.object(value, place)
        if kind is not list:
            return value
        made = value
        for number, item in enumerate(value):
            if type(item) not in SCALARS:
                new = self.value(item, (place, number), key)
                if new is not item:
                    made = list(value) if made is value else made
                    made[number] = new
        return made

    def object(self, value: dict[str, Any], place: Place) -> Any:  # noqa: ANN401
        """Return a JSON object without secrets in its keys and members."""
        return self.members(value, place)

    def members(self, value: dict[str, Any], place: Place) -> dict[str, Any]:
        """Return an object whose keys and members hold no secrets; itself, where none did."""
        made = value
        keys = self.is_close if self.telling is None else KEY in self.telling
        shortest = self.shortest_key
        for key, member in value.items():
            if keys and len(key) >= shortest and (self._key(key)[1] or self._carried_in(key)):
                return self._renamed(value, place)
            kind = type(member)
            if kind in SCALARS or (kind is str and not self._may_hold(member)):
                continue
            new = self.value(member, (place, key), key)
            if new is not member:
                made = dict(value) if made is value else made
                made[key] = new
        return made

    def _may_hold(self, text: str) -> bool:
        """Tell at once whether a text need not be looked at."""
        if self.is_close:
            return len(text) >= SHORTEST
        return len(text) > COLUMNS or "\\" in text or "\x1b" in text

    def _renamed(self, value: dict[str, Any], place: Place) -> dict[str, Any]:
        """Return an object some of whose keys hold secrets."""
        made: dict[str, Any] = {}
        for key, member in value.items():
            name, rules = self._key(key) if len(key) >= self.shortest_key else (key, [])
            if name in made:
                message = "two keys of an object would become one"
                raise SessionfsError(message, hint="`--no-redact` imports the log as it is")
            self._count((place, name), rules + self._carried_in(key))
            made[name] = self.value(member, (place, name), key)
        return made

    def _key(self, key: str) -> tuple[str, list[str]]:
        data = encoded(key)
        if not (self._remover.may_be_in(data) or self._remover.known.is_in(data)):
            return key, []
        text, rules = self._remover.remove(data)
        return (_decoded(text), rules) if rules else (key, [])

    def text(self, text: str, place: Place, key: str | None = None) -> str:
        """Return a text without secrets; `key` is what an object calls it, if one does."""
        if len(text) < SHORTEST:
            return text
        if self.telling is not None and id(text) not in self.telling:
            return text
        self._count(place, self._carried_in(text))
        hides = self.look.as_shown and self._remover.may_be_shown_in(text)
        if not (hides or self.is_close):
            return text
        data, name = encoded(text), None if key is None else encoded(key)
        if (
            self.telling is None
            and not hides
            and not self._remover.may_be_in(data, name)
            and not self._remover.known.is_in(data)
        ):
            return text
        if not text.lstrip(BLANKS).startswith(JSON_BEGINS):
            return self._plain(text, data, name, place, hides=hides)
        if hides and shown_otherwise(text):
            # A piece of a secret must not go before it is seen as a whole.
            text = self._plain(text, data, name, place, hides=True)
            data = encoded(text)
        text = self._json(text, data, place)
        return self._plain(text, encoded(text), name, place, hides=hides)

    def _plain(
        self, text: str, data: bytes, key: bytes | None, place: Place, *, hides: bool
    ) -> str:
        removed, rules = self._remover.remove(data, key, hides=hides)
        self._count(place, rules)
        return _decoded(removed) if rules else text

    def raw(self, text: str, place: Place) -> str:
        """Return a native line that is kept as text without secrets: most of them are JSON."""
        if self.telling is not None and id(text) not in self.telling:
            return text
        self._count(place, self._carried_in(text))
        inner = self._strings(text, place)
        removed, rules = self._remover.remove(encoded(inner))
        self._count(place, rules)
        return _decoded(removed) if rules else inner

    def content(self, content: bytes, place: Place) -> bytes:
        """Return the content of a file without secrets, if it is text: UTF-8, or UTF-16 by mark."""
        if content.startswith(UTF16):
            try:
                text = content.decode("utf-16")
            except UnicodeDecodeError:
                return content
            cleared = self.text(text, place)
            order = "utf-16-le" if content.startswith(UTF16[0]) else "utf-16-be"
            return content if cleared is text else content[:2] + cleared.encode(order)
        if b"\0" in content:
            return content
        text = content.decode("utf-8", "surrogateescape")
        cleared = self.text(text, place)
        return content if cleared is text else cleared.encode("utf-8", "surrogateescape")

    def _count(self, place: Place, rules: list[str]) -> None:
        for rule in rules:
            self.removed[pointer_to(place), rule] += 1

    def _add(self, inner: Values, place: Place) -> None:
        """Count at one place what was removed inside of its text."""
        for (_, rule), number in inner.removed.items():
            self.removed[pointer_to(place), rule] += number

    def _carried_in(self, text: str) -> list[str]:
        """Return the rule of each placeholder in a text that stands for what was removed here."""
        if not self.carried or "[REDACTED:" not in text:
            return []
        found = (name for name in PLACEHOLDER.findall(text) if name in self.carried)
        return [split_placeholder(name)[0] for name in found]

    def _json(self, text: str, data: bytes, place: Place) -> str:
        """Return JSON text without the secrets of its strings, spelled as it was."""
        if not text.rstrip(BLANKS).endswith(JSON_ENDS):
            return self._strings(text, place)
        try:
            value, style = decode_native(data)
        except (ValueError, RecursionError):
            return self._strings(text, place)
        if style is None or nesting(value) > MAX_DEPTH:
            return self._strings(text, place)
        inner = self.bare
        cleared = inner.value(value, "")
        if cleared is value:
            return text
        self._add(inner, place)
        return encode_native(cleared, style).decode()

    def _strings(self, text: str, place: Place) -> str:
        """Return text that looks like JSON without the secrets of what stands in its quotes."""
        pieces: list[str] = []
        done = 0
        key: str | None = None
        for match in _STRING.finditer(text):
            spelled = match.group(1)
            name, key = (None if match.group(2) else key), None
            try:
                inner = json.loads(f'"{spelled}"', strict=False)
            except ValueError:
                continue
            key = inner if match.group(2) else None
            if json.dumps(inner, ensure_ascii=False)[1:-1] == spelled:
                nested = self.bare
                cleared = nested.text(inner, "", name)
                self._add(nested, place)
                cleared = (
                    spelled if cleared is inner else json.dumps(cleared, ensure_ascii=False)[1:-1]
                )
            else:
                cleared = self._spelled(spelled, name, place)
            if cleared != spelled:
                pieces += (text[done : match.start(1)], cleared)
                done = match.end(1)
        return "".join((*pieces, text[done:])) if pieces else text

    def _spelled(self, text: str, key: str | None, place: Place) -> str:
        """Return what stands between quotes without secrets, all else spelled as it was."""
        inner = encoded(json.loads(f'"{text}"', strict=False))
        name = None if key is None else encoded(key)
        if not (self._remover.may_be_in(inner, name) or self._remover.known.is_in(inner)):
            return text
        units = _UNIT.findall(text)
        decoded = [encoded(json.loads(f'"{unit}"') if unit[0] == "\\" else unit) for unit in units]
        whole = b"".join(decoded)
        spans = self._remover.spans(whole, name)
        if not spans:
            return text
        begins = [0, *accumulate(map(len, decoded))]
        places = [0, *accumulate(map(len, units))]
        spans = [
            (places[bisect_right(begins, start) - 1], places[bisect_left(begins, end)], placeholder)
            for start, end, placeholder in spans
        ]
        cleared, rules = replaced(text, spans)
        self._count(place, rules)
        return cleared


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "surrogatepass")


def pointer_to(place: Place) -> str:
    """Return the JSON Pointer of a place."""
    names: list[str] = []
    while isinstance(place, tuple):
        place, name = place
        names.append(escape(name) if isinstance(name, str) else str(name))
    return "/".join((place, *reversed(names)))
