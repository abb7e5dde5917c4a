"""The ladder's state: what was found in each file, and the rung on which it failed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from sessionfs.check.explained import MAX_FINDINGS, Rung

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.model import Finding

_KEPT: Final = (Rung.DAMAGE, Rung.DIGESTS)


class Ladder:
    """The findings about one session, each with its rung."""

    def __init__(self) -> None:
        """Start with nothing found."""
        self._found: list[tuple[Rung, Finding]] = []
        self._counts: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()  # what is said of a file however much else is
        self._failed: dict[str, Rung] = {}
        self.has_unknown_keys = False

    def say(self, rung: Rung, *findings: Finding) -> None:
        """Keep findings; errors stop the higher rungs of their file."""
        counts = self._kept if rung in _KEPT else self._counts
        for found in findings:
            counts[found.path] += 1
            if counts[found.path] <= MAX_FINDINGS:
                self._found.append((rung, found))
            if found.level == "error":
                before = self._failed.get(found.path, rung)
                self._failed[found.path] = min(before, rung)
            elif rung is Rung.SCHEMA:  # the one thing that a schema only warns of
                self.has_unknown_keys = True

    def is_sound(self, path: str) -> bool:
        """Tell whether a file has no error below the digests."""
        return self._failed.get(path, Rung.DIGESTS) is Rung.DIGESTS

    def has_failed(self, path: str) -> bool:
        """Tell whether a file has any error."""
        return path in self._failed

    def is_explained(self, path: str) -> bool:
        """Tell whether it is known what happened to a file."""
        return self._failed.get(path) is Rung.DAMAGE

    @property
    def has_errors(self) -> bool:
        """Whether any file has an error."""
        return bool(self._failed)

    def is_full(self, path: str) -> bool:
        """Tell whether enough was found in a file."""
        return self._counts[path] >= MAX_FINDINGS

    def findings(self) -> Iterator[Finding]:
        """Yield what counts: nothing above the rung on which its file failed."""
        for rung, found in self._found:
            failed = self._failed.get(found.path, Rung.DIGESTS)
            if rung <= failed or (rung is Rung.DIGESTS and failed is not Rung.DAMAGE):
                yield found
