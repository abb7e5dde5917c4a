"""Which numbers were given: all up to the highest but for gaps, so a count of gaps is kept."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

MAX_GAPS: Final = 1000
"""Gaps that are remembered: a session with more has as many findings already."""


class Given:
    """The numbers given since the first; those in gaps beyond `MAX_GAPS` count as given."""

    def __init__(self, first: int = 0) -> None:
        """Start with one number."""
        self.highest = first
        self._gaps: list[tuple[int, int]] = []

    def add(self, number: int) -> bool:
        """Note a number, and tell whether it is new."""
        if number > self.highest:
            if number > self.highest + 1 and len(self._gaps) < MAX_GAPS:
                self._gaps.append((self.highest + 1, number - 1))
            self.highest = number
            return True
        place = bisect_right(self._gaps, (number, self.highest)) - 1
        if place < 0 or number > self._gaps[place][1]:
            return False
        low, high = self._gaps[place]
        halves = ((low, number - 1), (number + 1, high))
        self._gaps[place : place + 1] = [half for half in halves if half[0] <= half[1]]
        del self._gaps[MAX_GAPS:]
        return True
