"""Regular expressions in RE2 syntax: linear in what they search, whoever wrote them.

The only importer of re2. Patterns and texts are bytes, places are byte offsets.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Protocol, cast

import re2  # type: ignore[import-untyped]  # it has no types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MEMORY = 64 << 20
"""Most bytes that a pattern may take: it is refused where it needs more to be compiled."""


class BadPattern(ValueError):
    """A pattern that cannot be compiled."""


class Match(Protocol):
    """One match of a pattern."""

    def group(self, group: int, /) -> bytes | None:
        """Return what a group matched; group 0 is the whole match."""

    def span(self, group: int, /) -> tuple[int, int]:
        """Return where a group begins and ends; (-1, -1) where it took no part."""


class Pattern:
    """A compiled pattern. Raises `BadPattern` where there is none."""

    def __init__(self, pattern: str) -> None:
        """Compile it; more than the memory limit is refused, too."""
        self.text = pattern
        try:
            self._compiled = re2.compile(pattern.encode(), _options())
        except (re2.error, ValueError) as error:
            said = error.args[0] if error.args else error
            raise BadPattern(said.decode() if isinstance(said, bytes) else str(said)) from None
        self.groups = cast("int", self._compiled.groups)

    def is_in(self, text: bytes) -> bool:
        """Tell whether the pattern matches somewhere."""
        return self._compiled.search(text) is not None

    def find_in_pieces(self, text: bytes, starts: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Yield begin and end of a match in each piece of a text that has one; starts ascend.

        A match may reach into the next pieces, and hide another one there.
        """
        place = 0
        while (match := self._compiled.search(text, place)) is not None:
            start, end = match.span(0)
            yield start, end
            following = bisect_right(starts, max(start, end - 1))
            if following == len(starts):
                return
            place = starts[following]

    def find(self, text: bytes) -> Iterator[Match]:
        """Yield the matches, from left to right, none inside of another one."""
        return cast("Iterator[Match]", self._compiled.finditer(text))


class Patterns:
    """Many patterns that are looked for in one pass. Raises `BadPattern`."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Compile them together."""
        self._set = re2.Set.SearchSet(_options())
        self._is_empty = True
        for pattern in patterns:
            self._is_empty = False
            try:
                self._set.Add(pattern.encode())
            except (re2.error, ValueError):
                raise BadPattern(f"cannot be compiled: {pattern}") from None
        if not self._is_empty:
            self._set.Compile()

    def found_in(self, text: bytes) -> list[int]:
        """Return the number of each pattern that matches somewhere, ascending."""
        return [] if self._is_empty else sorted(self._set.Match(text) or ())


def literal(text: bytes) -> str:
    """Return the pattern that matches just this text, which is UTF-8."""
    return "".join(_quote(character) for character in text.decode())


def _quote(character: str) -> str:
    if character.isalnum() or not character.isascii():
        return character
    return f"\\x{{{ord(character):x}}}"


def _options() -> re2.Options:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    return options
