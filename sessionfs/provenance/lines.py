"""A text whose lines know where they come from, and edits replayed on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Generic, TypeVar

from sessionfs.placeholder import PLACEHOLDER, covers
from sessionfs.provenance.edits import (
    Change,
    Patched,
    Replaced,
    Written,
    is_same_line,
    key,
    lines_of,
    matches,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    from sessionfs.provenance.edits import Hunk

_MARK = "[REDACTED:"

T = TypeVar("T")


class Tracked(Generic[T]):
    """The lines of a text, each with its origin: whatever a caller says it is.

    Line ends and blanks before them do not count.
    """

    def __init__(self, lines: Sequence[str], origins: Sequence[T]) -> None:
        """Take lines without their ends, and as many origins."""
        self.lines = list(lines)
        self.origins = list(origins)

    def copy(self) -> Self:
        """Return the same text, to be changed apart."""
        return type(self)(self.lines, self.origins)

    def is_like(self, lines: Sequence[str]) -> bool:
        """Tell whether the text has just these lines."""
        return len(lines) == len(self.lines) and (
            self.lines == lines or all(map(is_same_line, self.lines, lines))
        )

    def apply(self, changes: Sequence[Change], origin: T) -> bool:
        """Make changes, all or none; lines that they add get the origin. Tell whether it went."""
        before = self.lines, self.origins
        self.lines, self.origins = list(self.lines), list(self.origins)
        if all(self._change(change, origin) for change in changes):
            return True
        self.lines, self.origins = before
        return False

    def become(self, lines: Sequence[str], origin: T) -> None:
        """Become another text: lines that stay keep their origin, new ones get this one."""
        self._put(0, len(self.lines), lines, origin)

    def _change(self, change: Change, origin: T) -> bool:
        match change:
            case Written(content=content):
                self.become(lines_of(content), origin)
                return True
            case Replaced():
                return self._replace(change, origin)
            case Patched(hunks=hunks):
                return self._patch(hunks, origin)
            case _:
                return False

    def _replace(self, change: Replaced, origin: T) -> bool:
        old, new = (text.replace("\r\n", "\n") for text in (change.old, change.new))
        text = "".join(f"{line}\n" for line in self.lines)
        if not old:  # a new file
            if not self.lines:
                self.become(lines_of(new), origin)
            return not text
        if not new and not old.endswith("\n") and f"{old}\n" in text:
            old += "\n"  # lines that are taken out leave no empty one
        spans = list(_spans(text, old, new))
        if not spans and text.endswith("\n"):  # a file whose last line had no end
            text = text[:-1]
            spans = list(_spans(text, old, new))
        if not spans or (len(spans) > 1 and not change.everywhere):
            return False
        for first, count, inside in reversed(list(_whole_lines(text, spans))):
            kept = inside.split("\n")
            if first + count > len(self.lines):  # up to the end of the text
                kept = lines_of(inside)
            self._put(first, min(first + count, len(self.lines)), kept, origin)
        return True

    def _patch(self, hunks: Sequence[Hunk], origin: T) -> bool:
        place = 0
        for hunk in hunks:
            for head in hunk.heads:
                found = self._find((head,), place)
                place = place if found is None else found + 1
            if not hunk.old:
                at: int | None = len(self.lines)
            else:
                at = self._find(hunk.old, place)
            if at is None:
                return False
            self._put(at, at + len(hunk.old), hunk.new, origin)
            place = at + len(hunk.new)
        return True

    def _find(self, wanted: Sequence[str], place: int) -> int | None:
        """Return where lines stand, from a place on: the same, else but for outer blanks."""
        for form in (key, str.strip):
            mine = [form(line) for line in self.lines]
            theirs = [form(line) for line in wanted]
            for at in range(place, len(mine) - len(theirs) + 1):
                if all(_stands_for(line, mine[at + number]) for number, line in enumerate(theirs)):
                    return at
        return None

    def _put(self, start: int, end: int, lines: Sequence[str], origin: T) -> None:
        """Put lines into the place of some; those that are the same keep their origin."""
        origins = [origin] * len(lines)
        for mine, theirs, size in matches(self.lines[start:end], lines):
            origins[theirs : theirs + size] = self.origins[start + mine : start + mine + size]
        self.lines[start:end] = lines
        self.origins[start:end] = origins


def revealed(lines: Sequence[str], text: Sequence[str]) -> list[str]:
    """Return lines in which something was redacted as a text has them, where it has only one."""
    result = list(lines)
    if not any(_MARK in line for line in result):
        return result
    for number, line in enumerate(lines):
        if _MARK in line:
            found = {other for other in text if _stands_for(line, other)}
            if len(found) == 1:
                result[number] = found.pop()
    return result


def _stands_for(template: str, line: str) -> bool:
    """Tell whether a line is the other, a placeholder standing for any text."""
    return template == line or (_MARK in template and covers(key(template), key(line)))


def _spans(text: str, old: str, new: str) -> Iterator[tuple[int, int, str]]:
    """Yield each place of an old text, and what comes there: of a placeholder, what it hides."""
    if _MARK not in old:
        start = text.find(old)
        while start >= 0:
            yield start, start + len(old), new
            start = text.find(old, start + len(old))
        return
    names = PLACEHOLDER.findall(old)
    pattern = "(.+?)".join(re.escape(piece) for piece in PLACEHOLDER.split(old))
    for match in re.finditer(pattern, text):
        put = new
        for name, hidden in zip(names, match.groups(), strict=True):
            put = put.replace(name, hidden)
        yield *match.span(), put


def _whole_lines(
    text: str, spans: Sequence[tuple[int, int, str]]
) -> Iterator[tuple[int, int, str]]:
    """Yield the lines that spans touch: the first one's number, how many, what comes there."""
    touched: list[tuple[int, int, str, int]] = []
    for start, end, put in spans:
        head = text.rfind("\n", 0, start) + 1
        inside = text[head:start] + put
        if touched and head <= touched[-1][1]:  # on the line where the last one ends
            head, done, before, _ = touched.pop()
            inside = before + text[done:start] + put
        tail = text.find("\n", end)
        touched.append((head, end, inside, len(text) if tail < 0 else tail))
    for head, end, inside, tail in touched:
        count = text.count("\n", head, end) + 1
        yield text.count("\n", 0, head), count, inside + text[end:tail]
