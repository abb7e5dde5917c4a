"""What a tool call did to a file, as far as the call says it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

_WORD = re.compile(r"[^\W_]+")
_FEWEST = 4
_MOST_PAIRS = 4_000_000
"""Most pairs of like lines that are compared: ten thousand braces in a row would take hours."""
_AT_ONCE = 64
"""Lines that are compared in one step where nothing differs."""


@dataclass(frozen=True)
class Replaced:
    """A text put in the place of another: of its only occurrence, or of each."""

    old: str
    new: str
    everywhere: bool = False


@dataclass(frozen=True)
class Written:
    """A whole file."""

    content: str
    is_new: bool = False
    """Whether the call can only have made a file that was not there."""


@dataclass(frozen=True)
class Hunk:
    """A run of lines of a patch before and after; `heads` are lines that stand above it."""

    heads: tuple[str, ...]
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class Patched:
    """The hunks of a patch, in the order of the file."""

    hunks: tuple[Hunk, ...]


@dataclass(frozen=True)
class Placed:
    """Lines that were put somewhere; the call does not say in a known way where."""

    lines: tuple[str, ...]
    quoted: bool = False
    """Whether the file has each of them as a JSON string, as notebooks do."""


Change = Replaced | Written | Patched | Placed


@dataclass(frozen=True)
class Edit:
    """What one message did to one file."""

    session: str
    """The session's ULID."""
    seq: int
    message: str
    """The message's id."""
    time: int | None
    """Milliseconds since 1970."""
    speaker: str
    """The model, else the agent."""
    call: str
    """The name of the tool."""
    call_id: str | None
    paths: tuple[str, ...]
    """The file as the call names it; two of them where it was moved."""
    changes: tuple[Change, ...]
    before: str | None = None
    """The whole file before, where the log has it; empty where it says that there was none."""
    is_altered: bool = False
    """Whether a person changed the edit before it was made: then it is no record of the result."""
    is_doubtful: bool = False
    """Whether the call failed, and may have done that before or after it wrote the file."""

    @cached_property
    def added(self) -> tuple[str, ...]:
        """The lines that were added, by their keys, in order; of a whole file all of them."""
        return tuple(key(line) for change in self.changes for line in _added(change))

    @cached_property
    def removed(self) -> frozenset[str]:
        """The lines that were taken away, by their keys, as far as the call says it."""
        return frozenset(key(line) for change in self.changes for line in _removed(change))

    @cached_property
    def removed_ends(self) -> frozenset[str]:
        """Those of the lines taken away that may be only a part of a line, by their keys."""
        parts = [lines_of(change.old) for change in self.changes if isinstance(change, Replaced)]
        ends = {key(line) for lines in parts for line in (*lines[:1], *lines[-1:])}
        return self.removed & ends

    @cached_property
    def edges(self) -> frozenset[str]:
        """Those of the added lines that may be only a part of a line, by their keys."""
        parts = [lines_of(change.new) for change in self.changes if isinstance(change, Replaced)]
        ends = {key(line) for lines in parts for line in (*lines[:1], *lines[-1:])}
        return frozenset(line for line in ends.intersection(self.added) if is_telling(line))

    def written_in(self, lines: Collection[str]) -> set[str]:
        """Return those of some lines, given by their keys, that the edit has added."""
        found = set(self.added).intersection(lines)
        for part in self.edges - found:
            found.update(line for line in lines if part in line)
        return found


def _added(change: Change) -> Iterator[str]:
    match change:
        case Replaced(old=old, new=new):
            yield from fresh_lines(lines_of(old), lines_of(new))
        case Written(content=content):
            yield from lines_of(content)
        case Patched(hunks=hunks):
            for hunk in hunks:
                yield from fresh_lines(hunk.old, hunk.new)
        case Placed(lines=lines):
            yield from lines


def _removed(change: Change) -> Iterator[str]:
    match change:
        case Replaced(old=old, new=new):
            yield from fresh_lines(lines_of(new), lines_of(old))
        case Patched(hunks=hunks):
            for hunk in hunks:
                yield from fresh_lines(hunk.new, hunk.old)


def fresh_lines(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a text that another one has not at that place."""
    place = 0
    for _, start, size in [*matches(old, new), (0, len(new), 0)]:
        yield from new[place:start]
        place = start + size


def lines_of(text: str) -> list[str]:
    r"""Return the lines of a text without their ends, LF or CRLF; what ends in one has no more.

    A byte order mark is no part of them: editors and logs leave it out.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def key(line: str) -> str:
    """Return what a line is compared by: editors and agents change the blanks at its end."""
    return line.rstrip()


def is_telling(line: str) -> bool:
    """Tell whether a line would hardly be written twice by chance, as `}` and `return` are."""
    words = _WORD.findall(line)
    return sum(map(len, words)) >= _FEWEST and (len(words) > 1 or not words[0].isalpha())


def matches(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield the runs of lines that two texts have in common: where in each, and how many.

    Telling lines that each text has once hold the rest together, as in a patience diff: else
    some braces in a row would count for more than the line between them.
    """
    mine = theirs = size = 0
    for one, other, count in _matches(old, new):
        if size and (one, other) == (mine + size, theirs + size):
            size += count
            continue
        if size:
            yield mine, theirs, size
        mine, theirs, size = one, other, count
    if size:
        yield mine, theirs, size


def _matches(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    shorter = min(len(old), len(new))
    head = _alike_from(old, new, shorter)
    tail = _alike_from(old[head:][::-1], new[head:][::-1], shorter - head)
    if head:
        yield 0, 0, head
    left = [key(line) for line in old[head : len(old) - tail]]
    right = [key(line) for line in new[head : len(new) - tail]]
    one = other = 0
    for mine, theirs in [*_anchors(left, right), (len(left), len(right))]:
        for start, place, size in _alike(left[one:mine], right[other:theirs]):
            yield head + one + start, head + other + place, size
        if mine < len(left):
            yield head + mine, head + theirs, 1
        one, other = mine + 1, theirs + 1
    if tail:
        yield len(old) - tail, len(new) - tail, tail


def _alike_from(old: Sequence[str], new: Sequence[str], most: int) -> int:
    """Return how many lines two texts have in common at their beginning, `most` at most."""
    place = 0
    while place < most:
        end = min(place + _AT_ONCE, most)
        if old[place:end] != new[place:end]:
            while place < end:
                if not is_same_line(old[place], new[place]):
                    return place
                place += 1
        place = end
    return place


def _alike(left: list[str], right: list[str]) -> Iterator[tuple[int, int, int]]:
    counts = Counter(right)
    if 0 < sum(counts[line] for line in left) <= _MOST_PAIRS:
        matcher = SequenceMatcher(None, left, right, autojunk=False)
        yield from (match for match in matcher.get_matching_blocks() if match.size)


def _anchors(left: list[str], right: list[str]) -> list[tuple[int, int]]:
    """Return the places of telling lines that both texts have once, as many as keep the order."""
    if not left or not right:
        return []
    ours, theirs = _once(left), _once(right)
    pairs = [(place, theirs[line]) for line, place in ours.items() if line in theirs]
    ends: list[int] = []  # where the best rising sequence of each length ends …
    tops: list[int] = []  # … and which pair that is
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        rank = bisect_left(ends, place)
        before.append(tops[rank - 1] if rank else -1)
        ends[rank : rank + 1] = [place]
        tops[rank : rank + 1] = [number]
    chain, number = [], tops[-1] if tops else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


def _once(lines: list[str]) -> dict[str, int]:
    """Return the places of telling lines that stand there once, in their order."""
    counts = Counter(lines)
    return {
        line: place for place, line in enumerate(lines) if counts[line] == 1 and is_telling(line)
    }


def is_same_line(one: str, other: str) -> bool:
    """Tell whether two lines are the same but for blanks at their ends."""
    return one == other or key(one) == key(other)
