"""Sessions as a table, cut to the width of a terminal."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from sessionfs.view import Line
from sessionfs.view.text import moment, one_line, pad, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sessionfs.model import Summary

SHORTEST = 8
"""Fewest characters of an id that a table shows."""

_HEAD = ("ID", "STARTED (UTC)", "AGENT", "MESSAGES", "TITLE")
_GAP = "  "
_NARROWEST = 16


def table(rows: Sequence[Summary], ids: Iterable[str], columns: int | None) -> Iterator[Line]:
    """Yield a head and a line for each session; ids are cut as far as they stay unique.

    `ids` are those of the whole archive; `columns` is the terminal's width, None for no limit.
    """
    length = unique_length(ids)
    cells = [_cells(row, length) for row in rows]
    widths = [max(len(cell[i]) for cell in [_HEAD[:4], *cells]) for i in range(4)]
    left = None
    if columns is not None:
        left = max(columns - sum(widths) - len(_GAP) * len(widths), _NARROWEST)
    for number, cell in enumerate([_HEAD, *cells]):
        words = [pad(cell[0], widths[0]), pad(cell[1], widths[1]), pad(cell[2], widths[2])]
        words += [cell[3].rjust(widths[3]), cell[4] if left is None else shorten(cell[4], left)]
        yield Line(_GAP.join(words).rstrip(), "plain" if number else "title")


def _cells(row: Summary, length: int) -> tuple[str, str, str, str, str]:
    title = one_line(row.title or "(no title)")
    if row.lineage:
        title = f"[{row.lineage.relation}] {title}"
    title += "".join(f" #{one_line(tag)}" for tag in row.tags or ())
    started = moment(row.started_at, seconds=False)
    return row.id[:length], started, row.flavor, f"{row.messages:,}", title


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
