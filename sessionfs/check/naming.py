"""The names of a session's source files: whether one directory can hold them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Clash:
    """Two names that cannot stand in one directory: `everywhere`, or where case is ignored."""

    other: str
    everywhere: bool


class Names:
    """The names so far. They are safe paths, so to ignore case is all that systems do to them."""

    def __init__(self) -> None:
        """Start without any."""
        self._files: dict[str, str] = {}
        self._below: dict[str, str] = {}
        self._folded_files: dict[str, str] = {}
        self._folded_below: dict[str, str] = {}

    def add(self, name: str) -> Clash | None:
        """Note a name; where it is new and clashes, return that.

        It clashes with a name that is the same but for case, and where one of the two names a
        file that the other has as a directory.
        """
        if name in self._files:
            return None
        clash = self._clash(name)
        self._files[name] = name
        self._folded_files.setdefault(name.lower(), name)
        for directory in _directories(name):
            self._below.setdefault(directory, name)
            self._folded_below.setdefault(directory.lower(), name)
        return clash

    def _clash(self, name: str) -> Clash | None:
        other = _first(self._files, _directories(name)) or self._below.get(name)
        if other is not None:
            return Clash(other, everywhere=True)
        folded = name.lower()
        other = (
            _first(self._folded_files, _directories(folded))
            or self._folded_below.get(folded)
            or self._folded_files.get(folded)
        )
        return None if other is None else Clash(other, everywhere=False)


def _first(known: dict[str, str], names: Iterator[str]) -> str | None:
    return next((known[name] for name in names if name in known), None)


def _directories(name: str) -> Iterator[str]:
    """Yield each directory that a file of this name stands in."""
    place = name.find("/")
    while place >= 0:
        yield name[:place]
        place = name.find("/", place + 1)
