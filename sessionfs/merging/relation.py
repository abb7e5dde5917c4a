"""How the logs of two forms of one session belong together: one goes on with the other, or not.

Logs are compared as chapter 13 of the format has it for an import: line by line as restored, a
placeholder standing for any text, a last line without its end being the beginning of one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal, NamedTuple

from sessionfs.canonical import decode_native, replace
from sessionfs.merging.blending import blend_values
from sessionfs.model import encode_message
from sessionfs.placeholder import (
    as_text,
    file_text,
    has_placeholder,
    is_beginning,
    pair,
    pair_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.archive import Session
    from sessionfs.model import Message
    from sessionfs.placeholder import Pairs

Choice = Literal["first", "second", "both"]
"""Whose placeholders a message is to have."""


class Entry(NamedTuple):
    """A message of the log itself, and the line that it stands for."""

    message: Message
    line: bytes


@dataclass(slots=True)
class Relation:
    """What comparing two forms of a session tells; `first` and `second` are in the order given."""

    common: int = 0
    """Lines that both begin with."""
    ends: tuple[bool, bool] = (False, False)
    """Which of the two has no line after the common ones: both, where they are the same."""
    differing: tuple[bytes, bytes] | None = None
    """The first lines that are not the same, where neither goes on with the other."""
    last: tuple[Entry, Entry] | None = None
    """The last common message of each."""
    choices: dict[int, Choice] = field(default_factory=dict)
    """By seq: the messages that both have, but not with the same placeholders or files."""
    unlike: list[tuple[int, int]] = field(default_factory=list)
    """Seqs of messages that stand for one line, with other placeholders, and differ in more."""
    learned: tuple[Pairs, Pairs] = field(default_factory=lambda: ([], []))
    """What the placeholders of each stand for in the other one."""
    lacking: tuple[bool, bool] = (False, False)
    """Which of the two lacks a file beside its log that the other one has."""

    @property
    def is_same(self) -> bool:
        """Whether the log of one goes on with the log of the other."""
        return self.differing is None

    def turned(self) -> Relation:
        """Return the same with the second one first."""
        other: dict[Choice, Choice] = {"first": "second", "second": "first", "both": "both"}
        return Relation(
            common=self.common,
            ends=self.ends[::-1],
            differing=None if self.differing is None else self.differing[::-1],
            last=None if self.last is None else self.last[::-1],
            choices={seq: other[choice] for seq, choice in self.choices.items()},
            unlike=[pair[::-1] for pair in self.unlike],
            learned=self.learned[::-1],
            lacking=self.lacking[::-1],
        )


def relate(first: Session, second: Session) -> Relation:
    """Compare two forms of a session, message by message."""
    comparison = _Comparison(first, second)
    for one, other in zip_longest(entries(first), entries(second)):
        if not comparison.goes_on(one, other):
            break
    else:
        comparison.relation.ends = (True, True)
    comparison.compare_documents()
    return comparison.relation


def entries(session: Session) -> Iterator[Entry]:
    """Yield the messages that stand for the log; not those of documents beside it."""
    for message in session.messages():
        if not isinstance(message.native, dict):
            nameless = replace(message, id="", parent=None)
            yield Entry(message, encode_message(nameless) + b"\n")
        elif "source" not in message.native:
            yield Entry(message, session.native_line(message)[1])


def _torn(one: Entry, other: Entry) -> tuple[bool, bool] | None:
    """Return which of two logs ends in the middle of this line, or None where neither does."""
    if one.line == other.line:
        return None
    for here, there, torn in ((one, other, (True, False)), (other, one, (False, True))):
        if here.line.endswith(b"\n") or not _is_open(here.message):
            continue
        if there.line.startswith(here.line) or is_beginning(
            as_text(here.line), as_text(there.line)
        ):
            return torn
        if has_placeholder(here.line) and _goes_on(there.line, here.line):
            return torn
    return None


def _goes_on(line: bytes, template: bytes) -> bool:
    return pair(as_text(template), as_text(line), whole=False) is not None


def _is_open(message: Message) -> bool:
    return isinstance(message.native, dict) and message.native.get("eol") == ""


class _Comparison:
    """One walk through two forms of a session."""

    def __init__(self, first: Session, second: Session) -> None:
        self.relation = Relation()
        self._first = first
        self._second = second

    def goes_on(self, one: Entry | None, other: Entry | None) -> bool:
        """Take in the next line of each; return whether they are one line."""
        relation = self.relation
        if one is None or other is None:
            relation.ends = (one is None, other is None)
            return False
        torn = _torn(one, other)
        if torn is not None:
            relation.ends = torn
            return False
        choice: Choice | None = None
        if one.line != other.line:
            choice = self._covering(one, other)
            if choice is None:
                relation.differing = (one.line, other.line)
                return False
        if choice is not None:
            self._choose(one, other, choice)
        self._compare_files(one, other)
        relation.common += 1
        relation.last = (one, other)
        return True

    def compare_documents(self) -> None:
        """Take in what either side has of the documents that describe the log."""
        mine, theirs = _documents(self._first), _documents(self._second)
        lacking = [False, False]
        for name in mine.keys() | theirs.keys():
            for one, other in zip_longest(mine.get(name, ()), theirs.get(name, ())):
                if one is None or other is None:
                    lacking[0 if one is None else 1] = True
                elif one.line != other.line:
                    choice = self._covering(one, other)
                    if choice is None:
                        lacking = [True, True]
                    else:
                        self._choose(one, other, choice)
        before = self.relation.lacking
        self.relation.lacking = (before[0] or lacking[0], before[1] or lacking[1])

    def _choose(self, one: Entry, other: Entry, choice: Choice) -> None:
        if _are_alike(one.message, other.message):
            before = self.relation.choices.setdefault(one.message.seq, choice)
            if before != choice:
                self.relation.choices[one.message.seq] = "both"
        else:
            self.relation.unlike.append((one.message.seq, other.message.seq))

    def _covering(self, one: Entry, other: Entry) -> Choice | None:
        """Return which of two lines is the other with placeholders; learn what they stand for."""
        marked = _may_cover(one.line), _may_cover(other.line)
        pairs: Pairs = []
        if marked[0] and pair_lines(one.line, other.line, pairs):
            self.relation.learned[0].extend(pairs)
            return "first"
        pairs.clear()
        if marked[1] and pair_lines(other.line, one.line, pairs):
            self.relation.learned[1].extend(pairs)
            return "second"
        return "both" if all(marked) and self._blend(one, other) else None

    def _blend(self, one: Entry, other: Entry) -> bool:
        """Tell whether two lines with placeholders are one line; learn what they stand for."""
        learned: tuple[Pairs, Pairs] = ([], [])
        try:
            (left, style), (right, also) = (
                decode_native(entry.line.rstrip(b"\r\n")) for entry in (one, other)
            )
            if style is None or style != also:
                left, right = as_text(one.line), as_text(other.line)
            blend_values(left, right, learned)
        except (ValueError, RecursionError):
            return False
        for mine, found in zip(self.relation.learned, learned, strict=True):
            mine.extend(found)
        return True

    def _compare_files(self, one: Entry, other: Entry) -> None:
        """Take in which files beside the log a message brings on either side."""
        mine, theirs = (_files(entry.message) for entry in (one, other))
        if mine == theirs:
            return
        for name in mine.keys() & theirs.keys():
            if mine[name] != theirs[name]:
                contents = self._first.file(mine[name]), self._second.file(theirs[name])
                choice = self._covering_file(*contents)
                if choice is None:
                    self.relation.lacking = (True, True)
                else:
                    self._choose(one, other, choice)
        more = bool(mine.keys() - theirs.keys()), bool(theirs.keys() - mine.keys())
        if any(more) and _are_alike(one.message, other.message):
            self._choose(one, other, "both" if all(more) else "first" if more[0] else "second")
        elif any(more):
            lacking = self.relation.lacking
            self.relation.lacking = (lacking[0] or more[1], lacking[1] or more[0])

    def _covering_file(self, mine: bytes, theirs: bytes) -> Choice | None:
        """Return which of two contents is the other with placeholders; learn from them."""
        texts = file_text(mine), file_text(theirs)
        if (pairs := pair(texts[0], texts[1])) is not None:
            self.relation.learned[0].extend(pairs)
            return "first"
        if (pairs := pair(texts[1], texts[0])) is not None:
            self.relation.learned[1].extend(pairs)
            return "second"
        return None


def _may_cover(line: bytes) -> bool:
    """Tell whether a line may have had more in it: `~` stands for a home directory."""
    return has_placeholder(line) or b"~" in line


def _are_alike(one: Message, other: Message) -> bool:
    """Tell whether two messages are one that was redacted differently: not mapped otherwise."""
    here, there = ((m.seq, m.id, m.parent, m.kind, len(m.parts)) for m in (one, other))
    return here == there


def _files(message: Message) -> dict[str, str]:
    native = message.native
    found: dict[str, str] = native.get("files", {}) if isinstance(native, dict) else {}
    return found


def _documents(session: Session) -> dict[str, list[Entry]]:
    """Return what stands for the documents that describe the log, by their names."""
    found: dict[str, list[Entry]] = {}
    log = session.manifest.source.name
    if all(source.name == log for source in session.summary.source_files):
        return found
    for message in session.messages():
        native = message.native
        if isinstance(native, dict) and "source" in native:
            entry = Entry(message, session.native_line(message)[1])
            found.setdefault(native["source"], []).append(entry)
    return found
