"""One text from two that were redacted at different places: what either removed stays removed.

A placeholder stands for any text, so two forms of one text agree where everything around the
placeholders of both does. The order of the two does not matter.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final

from sessionfs.home import tilde
from sessionfs.placeholder import PLACEHOLDER, covers, is_equal

if TYPE_CHECKING:
    from sessionfs.placeholder import Pairs

_ANCHORS: Final = (256, 64, 16, 4, 1)
"""Characters after a placeholder by which its end is found in the other text, most at first."""

_MOST: Final = 1 << 27
"""Characters, times placeholders, beyond which two texts are not blended: it would take long."""


def blend_values(one: Any, other: Any, learned: tuple[Pairs, Pairs]) -> Any:  # noqa: ANN401  JSON is any value
    """Return the JSON value in which every text has the placeholders of both; raises `ValueError`.

    What the placeholders of one stand for in the other is added to `learned`, one list a side.
    """
    if isinstance(one, str) and isinstance(other, str):
        blended = blend(one, other, learned)
        if blended is None:
            raise ValueError("the texts differ in more than placeholders")
        return blended
    if isinstance(one, dict) and isinstance(other, dict):
        if len(one) != len(other):
            raise ValueError("the objects differ")
        return {
            blend_values(left, right, learned): blend_values(one[left], other[right], learned)
            for left, right in zip(one, other, strict=True)
        }
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            raise ValueError("the lists differ")
        return [blend_values(left, right, learned) for left, right in zip(one, other, strict=True)]
    if not is_equal(one, other):
        raise ValueError("the values differ")
    return one


def blend(one: str, other: str, learned: tuple[Pairs, Pairs] | None = None) -> str | None:
    """Return the text with the placeholders of both texts, or None where they are not one text."""
    if one == other:
        return one
    marks = one.count("[REDACTED:") + other.count("[REDACTED:")
    if marks * max(len(one), len(other)) > _MOST:
        return None
    for left, right in ((one, other), (tilde(one), other), (one, tilde(other))):
        found: tuple[Pairs, Pairs] = ([], [])
        blended = _Blending((left, right), found).run()
        if blended is not None and covers(blended, left) and covers(blended, right):
            if learned is not None:
                for mine, ours in zip(learned, found, strict=True):
                    mine.extend(ours)
            return blended
    return None


class _Blending:
    """One walk through two texts."""

    def __init__(self, texts: tuple[str, str], learned: tuple[Pairs, Pairs]) -> None:
        self._texts = texts
        self._learned = learned
        self._marks = [
            {match.start(): match.group() for match in PLACEHOLDER.finditer(text)} for text in texts
        ]
        self._starts = [sorted(marks) for marks in self._marks]
        self._places = [0, 0]

    def run(self) -> str | None:
        """Return the blended text, or None."""
        made: list[str] = []
        while self._places != [len(text) for text in self._texts]:
            here = [
                marks.get(place) for marks, place in zip(self._marks, self._places, strict=True)
            ]
            if here[0] is not None and here[1] is not None:
                piece = self._both(here[0], here[1])
            elif here[0] is not None:
                piece = self._pass_over(0, here[0])
            elif here[1] is not None:
                piece = self._pass_over(1, here[1])
            else:
                piece = self._same()
            if piece is None:
                return None
            made.append(piece)
        return "".join(made)

    def _same(self) -> str | None:
        """Take what is the same in both, up to the next placeholder of either."""
        ends = [self._next_mark(side) for side in (0, 1)]
        length = min(end - place for end, place in zip(ends, self._places, strict=True))
        pieces = [
            text[place : place + length]
            for text, place in zip(self._texts, self._places, strict=True)
        ]
        if not length or pieces[0] != pieces[1]:
            return None
        self._places = [place + length for place in self._places]
        return pieces[0]

    def _both(self, one: str, other: str) -> str | None:
        """Take two placeholders that stand for one text: with one name, or before the same text."""
        ahead = [self._literal(side) for side in (0, 1)]
        same = min(map(len, ahead))
        if one != other and (ahead[0][:same] != ahead[1][:same] or (not same and any(ahead))):
            # One of the two stands for more: for what the other one is only a part of.
            wider = 0 if self._finds(1, ahead[0], len(other)) else 1
            return self._pass_over(wider, (one, other)[wider])
        self._places[0] += len(one)
        self._places[1] += len(other)
        return min(one, other)

    def _finds(self, side: int, literal: str, skip: int) -> bool:
        text, place = self._texts[side], self._places[side] + skip
        return bool(literal) and text.find(literal, place) >= 0

    def _pass_over(self, side: int, name: str) -> str | None:
        """Take a placeholder of one side, and pass over what it stands for in the other."""
        away = 1 - side
        literal = self._literal(side)
        text, place = self._texts[away], self._places[away]
        end, sure = _end(text, place, literal, last=self._is_last(side))
        if end < 0:
            return None
        stood = text[place:end]
        if not PLACEHOLDER.search(stood):
            self._learned[side].append((name, stood if sure and stood else None))
        self._places[side] += len(name)
        self._places[away] = end
        return name

    def _literal(self, side: int) -> str:
        """Return the text from behind the placeholder that stands here to the next one."""
        place = self._places[side]
        begin = place + len(self._marks[side][place])
        return self._texts[side][begin : self._next_mark(side, begin)]

    def _is_last(self, side: int) -> bool:
        return self._places[side] == self._starts[side][-1]

    def _next_mark(self, side: int, begin: int | None = None) -> int:
        place = self._places[side] if begin is None else begin
        starts = self._starts[side]
        number = bisect_left(starts, place)
        return starts[number] if number < len(starts) else len(self._texts[side])


def _end(text: str, place: int, literal: str, *, last: bool) -> tuple[int, bool]:
    """Return where the text that a placeholder stands for ends, and whether that is sure.

    It ends before the literal that follows the placeholder; -1 where that is nowhere.
    """
    if not literal:
        return (len(text), True) if last else (-1, False)
    if last and text.endswith(literal) and len(text) - len(literal) >= place:
        return len(text) - len(literal), True
    for size in _ANCHORS:
        anchor = literal[:size]
        end = text.find(anchor, place)
        if end >= 0:
            return end, text.find(anchor, end + 1) < 0
    return -1, False
