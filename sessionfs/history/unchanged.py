"""The messages of an earlier edition, looked for in a newer one: line by line, in order.

Segments that are equal are passed over. From the first one that is not, both editions are one
stream of lines: where a record was completed it may have moved into the next segment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionfs.history.edition import as_message, differences
from sessionfs.history.redacted import MAX_NAMED, find_undone, undone
from sessionfs.history.rewritten import explain_rewrite, is_completed
from sessionfs.schema import finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sessionfs.history.edition import Edition, Line
    from sessionfs.history.redacted import Redactions
    from sessionfs.model import Finding


class Messages:
    """What became of the messages of an earlier edition."""

    def __init__(self, old: Edition, new: Edition, redactions: Redactions) -> None:
        """Compare two editions of a session."""
        self._old = old
        self._new = new
        self._redactions = redactions
        self._changed = _Places()
        self._lost = _Places()
        self._undone: list[Finding] = []
        self._damaged: dict[str, Finding] = {}
        self.is_rewritten = False
        self.completed: set[str] = set()
        """Ids, as the earlier edition has them, of messages whose record has an end now."""

    def judge(self, same: Callable[[str], bool]) -> Iterator[Finding]:
        """Yield what differs; `same` tells whether a segment is equal in both."""
        old, new = self._old, self._new
        begin = next((n for n in old.segments if n not in new.names or not same(n)), None)
        if begin is None:
            return
        self._walk(
            old.lines(name for name in old.segments if name >= begin),
            new.lines(name for name in new.segments if name >= begin),
        )
        yield from self._damaged.values()
        yield from self._undone
        places = [(name, line) for name, line, *_ in (*self._changed.named, *self._lost.named)]
        if not places:
            return
        explained = explain_rewrite(old, new, self._redactions, min(places))
        if explained is None:
            yield from self._differences()
        else:
            self.is_rewritten = True
            yield explained

    def _differences(self) -> Iterator[Finding]:
        """Yield the first messages that are others, or gone. Enforces E712, E713."""
        changed, lost = self._changed, self._lost
        for name, line, pointer, _ in changed.named:
            said = f"the earlier revision has it otherwise{changed.more('differ')}"
            yield finding("E712", name, said, line=line, pointer=pointer)
        for name, line, _, count in lost.named:
            said = f"{count} of the earlier revision's, from here on{lost.more('gone')}"
            yield finding("E713", name, said, line=line)

    def _walk(self, olds: Iterator[Line], news: Iterator[Line]) -> None:
        old, new = next(olds, None), next(news, None)
        step = 0
        while old is not None:
            before = step
            if new is None:
                step = -1
            elif old.content == new.content:
                step = 0
            else:
                step = self._compare(old, new)
            if step < 0 and not self._damage_of(old):
                self._lost.add(old, goes_on=before < 0)
            if step <= 0:
                old = next(olds, None)
            if step >= 0:
                new = next(news, None)

    def _compare(self, old: Line, new: Line) -> int:
        """Compare lines that differ: 0; -1 where the old one is lost; 1 where the new one is more.

        Lines belong together where id or seq are the same.
        """
        before, after = old.value, new.value
        if before is None:
            self._damage(old)
        elif after is None:
            self._change(old, new, None)
        elif (step := _order(before, after)) != 0:
            return step
        elif not self._is_explained(before, old, new):
            place = find_undone(before, after)
            if place is None:
                self._change(old, new, next((p for p, *_ in differences(before, after)), None))
            elif len(self._undone) < MAX_NAMED and not self._damage_of(old):
                said = "what was removed is there again"
                self._undone.append(undone(new.name, new.number, place, said))
        return 0

    def _is_explained(self, before: dict[str, Any], old: Line, new: Line) -> bool:
        left, right = as_message(old), as_message(new)
        if left is None or right is None:
            return False
        completed = is_completed(self._old, left, self._new, right)
        if completed or self._redactions.covers_beginning(left, right):
            self.completed.add(left.id)
            return True
        return self._redactions.explain(before, old, new)

    def _change(self, old: Line, new: Line, pointer: str | None) -> None:
        if not self._damage_of(old):
            self._changed.add(new, pointer)

    def _damage_of(self, old: Line) -> bool:
        """Tell whether the old line stands in a file that was damaged already, and note it."""
        if self._old.is_sound(old.name):
            return False
        self._damage(old)
        return True

    def _damage(self, old: Line) -> None:
        self._damaged.setdefault(old.name, self._old.damage(old.name))


class _Places:
    """The first places of many, each with file, line, pointer and how many follow at once."""

    def __init__(self) -> None:
        self.named: list[tuple[str, int, str | None, int]] = []
        self.count = 0

    def add(self, line: Line, pointer: str | None = None, *, goes_on: bool = False) -> None:
        """Take in one more; one that `goes_on` belongs to the place before."""
        self.count += 1
        if goes_on and self.named:
            self.named[-1] = (*self.named[-1][:3], self.named[-1][3] + 1)
        elif len(self.named) < MAX_NAMED:
            self.named.append((line.name, line.number, pointer, 1))

    def more(self, word: str) -> str:
        """Return the number of all, where not every one is named."""
        named = sum(count for *_, count in self.named)
        return f"; {self.count} in all {word}" if self.count > named else ""


def _order(before: dict[str, Any], after: dict[str, Any]) -> int:
    """Return which of two messages comes first, 0 where they should be the same one."""
    here, there = before.get("seq"), after.get("seq")
    if before.get("id") == after.get("id") or not isinstance(here, int | float):
        return 0
    if not isinstance(there, int | float) or here == there:
        return 0
    return -1 if there > here else 1
