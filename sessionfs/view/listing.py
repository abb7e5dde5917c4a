"""Sessions as a table, cut to the width of a terminal."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from sessionfs.view import Line
from sessionfs.view.text import moment, one_line, pad, shorten, width

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sessionfs.model import Summary

SHORTEST = 8
"""Fewest characters of an id that a table shows."""

_HEAD = ("ID", "STARTED (UTC)", "AGENT", "MESSAGES", "TITLE")
_COUNT, _TITLE = 3, 4
_DISPENSABLE = (2, 1, 3, 0)
"""What a narrow terminal does without, the least first: agent, time, count, id."""
_GAP = "  "
_NARROWEST = 20
"""Columns for a title, below which another column is left out."""


def table(rows: Sequence[Summary], ids: Iterable[str], columns: int | None) -> Iterator[Line]:
    """Yield a head and a line for each session; ids are cut as far as they stay unique.

    `ids` are those of the whole archive; `columns` is the terminal's width, None for no limit.
    """
    length = unique_length(ids)
    cells = [_HEAD, *(_cells(row, length) for row in rows)]
    widths = [max(width(cell[i]) for cell in cells) for i in range(_TITLE)]
    shown, left = list(range(_TITLE)), None
    if columns is not None:
        for least in _DISPENSABLE:
            left = columns - sum(widths[i] + len(_GAP) for i in shown)
            if left >= _NARROWEST:
                break
            shown.remove(least)
        left = max(left or 0, 1)
    for number, cell in enumerate(cells):
        words = [
            pad(cell[i], widths[i]) if i != _COUNT else cell[i].rjust(widths[i]) for i in shown
        ]
        words.append(cell[_TITLE] if left is None else shorten(cell[_TITLE], left))
        yield Line(_GAP.join(words).rstrip(), "plain" if number else "title")


def _cells(row: Summary, length: int) -> tuple[str, str, str, str, str]:
    title = one_line(row.title or "(no title)")
    if row.lineage:
        title = f"[{row.lineage.relation}] {title}"
    title += "".join(f" #{one_line(tag)}" for tag in row.tags or ())
    started = moment(row.started_at, seconds=False)
    return one_line(row.id[:length]), started, one_line(row.flavor), f"{row.messages:,}", title


def unique_length(ids: Iterable[str]) -> int:
    """Return how many first characters tell all the ids apart."""
    ordered = sorted(set(ids))
    longest = SHORTEST - 1
    for one, other in pairwise(ordered):
        same = next(
            (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one)
        )
        longest = max(longest, same)
    return longest + 1
