"""Edits made once more, one after the other, on the text that they were made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.provenance.edits import Placed, Written, is_telling, lines_of, matches
from sessionfs.provenance.lines import Tracked, revealed
from sessionfs.provenance.versions import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sessionfs.provenance.edits import Edit


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
        if edit.before is not None and not is_late and not edit.is_altered:
            self._become(lines_of(edit.before))
        elif is_late or (self.text.lines and any(isinstance(c, Written) for c in edit.changes)):
            self.unsure.add(number)  # over what somebody may have changed meanwhile
        if edit.is_altered or not self.text.apply(edit.changes, number):
            self.missed.append(number)
            return
        self.text.lines = revealed(self.text.lines, self._goal)
        self.is_same = self.text.is_like(self._goal)

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
    """Return which of some lines are an edit's: runs of what it added, each with a telling line."""
    shown = list(lines)
    if any(isinstance(change, Placed) and change.quoted for change in edit.changes):
        shown = [line.strip().removesuffix(",") for line in lines]
    places: list[int] = []
    for _, start, size in matches(_completed(edit, shown), shown):
        if any(map(is_telling, shown[start : start + size])):
            places += range(start, start + size)
    return places


def _completed(edit: Edit, lines: list[str]) -> list[str]:
    """Return the lines that an edit added, parts of lines as some lines have them, if one does."""
    added = revealed(edit.added, lines)
    for place, part in enumerate(added):
        if part in edit.edges:
            whole = {line for line in lines if part in line}
            if len(whole) == 1:
                added[place] = whole.pop()
    return added


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
