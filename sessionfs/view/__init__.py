"""Text for people: sessions, listings and findings as lines, without a terminal's tricks.

Everything here is a pure function. What stands in a session is nobody's word to a terminal:
`sessionfs.view.text` takes control sequences out before a line is made.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Style = Literal["plain", "title", "speaker", "faint", "call", "good", "bad", "doubtful"]


class Line(NamedTuple):
    """A line of text without its line end, and how it would be painted."""

    text: str
    style: Style = "plain"
