"""Edits made once more, one after the other, on the text that they were made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.provenance.edits import Placed, Written, is_telling, key, lines_of, matches
from sessionfs.provenance.lines import Tracked, revealed
from sessionfs.provenance.versions import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sessionfs.provenance.edits import Change, Edit


class Replay:
    """A text in the making: each line has the edit that added it, by number, or an origin.

    `goal` is the version that the edits may lead to: what was redacted reads as it does there.
    """

    def __init__(
        self, text: Tracked[Origin | int], goal: Sequence[str], number: int, edits: Sequence[Edit]
    ) -> None:
        """Begin with a text; lines that no edit explains get the origin `number`."""
        self.text = text.copy()
        self.used: list[int] = []
        self.missed: list[int] = []
        """Edits that could not be made."""
        self.unsure: set[int] = set()
        """Edits whose lines stand where they are by more than the edits alone."""
        self.is_same = False
        self.distance = 0
        """How many lines of the text and the goal are not in both."""
        self._goal = goal
        self._unexplained = Origin(number)
        self._edits = edits

    def copy(self) -> Replay:
        """Return what has been made so far, to keep."""
        kept = Replay(self.text, self._goal, self._unexplained.version, self._edits)
        kept.used, kept.missed = list(self.used), list(self.missed)
        kept.unsure, kept.is_same = set(self.unsure), self.is_same
        return kept

    def make(self, number: int, *, is_late: bool) -> None:
        """Make an edit; the text first becomes what the log says that it was."""
        edit = self._edits[number]
        self.used.append(number)
        if edit.is_doubtful:
            self.unsure.add(number)
        is_told = self.prepare(number, is_late=is_late)
        if is_late or not (is_told or all(map(self._is_known, edit.changes))):
            self.unsure.add(number)  # over what somebody may have written meanwhile
        if edit.is_altered or not self.text.apply(edit.changes, number):
            self.missed.append(number)
            return
        self.text.lines = revealed(self.text.lines, self._goal)
        self.is_same = self.text.is_like(self._goal)

    def prepare(self, number: int, *, is_late: bool) -> bool:
        """Become what the log says that the text was before an edit; tell whether it says so."""
        edit = self._edits[number]
        if edit.before is None or is_late or edit.is_altered:
            return False
        self._become(lines_of(edit.before))
        return True

    def _is_known(self, change: Change) -> bool:
        """Tell whether one knows what a change was made of: a whole file tells it not."""
        return not isinstance(change, Written) or (change.is_new and not self.text.lines)

    def measure(self) -> None:
        """Tell how far the text is from the goal."""
        self.distance = distance(self.text.lines, self._goal)

    def _become(self, lines: list[str]) -> None:
        """Become a text that the log tells; what is new there may come from edits missed so far."""
        self.text.become(revealed(lines, self._goal), self._unexplained)
        for number in reversed(self.missed):
            for start, end in gaps(self.text.origins, self._unexplained):
                for place in found(self._edits[number], self.text.lines[start:end]):
                    self.text.origins[start + place] = number
                    self.unsure.add(number)


def found(edit: Edit, lines: Sequence[str]) -> list[int]:
    """Return which of some lines are an edit's: runs of what it added, each with a telling line.

    What it put into a line is no line: which line that was, only the replay tells.
    """
    shown = list(lines)
    if any(isinstance(change, Placed) and change.quoted for change in edit.changes):
        shown = [line.strip().removesuffix(",") for line in lines]
    places: list[int] = []
    for _, start, size in matches(revealed(edit.added, shown), shown):
        if any(map(is_telling, shown[start : start + size])):
            places += range(start, start + size)
    return places


def taken_out(text: Tracked[Origin | int], after: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a version that a text had, where nothing telling was put instead."""
    one = other = 0
    for mine, theirs, size in [*matches(text.lines, after), (len(text.lines), len(after), 0)]:
        if not any(map(is_telling, after[other:theirs])):
            for place in range(one, mine):
                if isinstance(text.origins[place], Origin):
                    yield key(text.lines[place])
        one, other = mine + size, theirs + size


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many lines of two texts are not in both."""
    return len(one) + len(other) - 2 * sum(size for _, _, size in matches(one, other))


def gaps(origins: Sequence[object], wanted: object) -> list[tuple[int, int]]:
    """Return the runs of lines that have a certain origin."""
    runs: list[tuple[int, int]] = []
    for place, origin in enumerate(origins):
        if origin == wanted:
            if runs and runs[-1][1] == place:
                runs[-1] = runs[-1][0], place + 1
            else:
                runs.append((place, place + 1))
    return runs


def runs_of(
    origins: Sequence[Origin | int], start: int, end: int
) -> Iterator[tuple[int, int, Origin | int]]:
    """Yield the runs of lines with one origin between two places."""
    first = start
    for place in range(start + 1, end + 1):
        if place == end or origins[place] != origins[first]:
            yield first, place, origins[first]
            first = place
