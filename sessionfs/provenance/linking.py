"""Whether an edit may be part of what a commit changes in a file: worth a look, or not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sessionfs.placeholder import has_placeholder
from sessionfs.provenance.edits import Placed, Written, fresh_lines, key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessionfs.provenance.edits import Edit


class Difference:
    """The lines that a file has won and lost, by their keys; each edit is held against them.

    That is no proof: the trace tells. It spares tracing files that somebody else has changed, so
    it is linear in the lines of the file and of the edit.
    """

    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        """Compare two texts once, for however many edits."""
        self._fresh = {key(line) for line in fresh_lines(before, after)}
        self._gone = {key(line) for line in fresh_lines(after, before)}
        self._gone_inside = {line.strip() for line in self._gone}  # patches may indent otherwise
        self._more = (Counter(map(key, after)) - Counter(map(key, before))).keys()

    def may_have(self, edit: Edit) -> bool:
        """Tell whether the edit may have written or taken out any of the lines."""
        if not self._fresh and not self._gone:
            return False
        return (
            any(isinstance(change, Placed) for change in edit.changes)
            or bool(edit.written_in(self._fresh))
            or any(has_placeholder(line.encode("utf-8", "surrogateescape")) for line in edit.added)
            or self._may_lack(edit)
        )

    def may_have_late(self, edit: Edit) -> bool:
        """Tell the same of an edit that a commit left out: taking out lines does not count then."""
        return bool(edit.written_in(self._more))

    def _may_lack(self, edit: Edit) -> bool:
        """Tell whether lines are gone that the edit may have taken out."""
        if not self._gone:
            return False
        return (
            any(isinstance(change, Written) for change in edit.changes)
            or any(line.strip() in self._gone_inside for line in edit.removed)
            or any(part in line for part in edit.removed_ends for line in self._gone)
        )
