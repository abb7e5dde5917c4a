"""Whether an edit may be part of what a commit changes in a file: worth a look, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.placeholder import has_placeholder
from sessionfs.provenance.edits import Placed, Written, fresh_lines, key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessionfs.provenance.edits import Edit


def may_be_in(edit: Edit, before: Sequence[str], after: Sequence[str]) -> bool:
    """Tell whether the lines that a file has won or lost have to do with an edit.

    That is no proof: the trace tells. It spares tracing files that somebody else has changed.
    """
    fresh = {key(line) for line in fresh_lines(before, after)}
    gone = {key(line) for line in fresh_lines(after, before)}
    if not fresh and not gone:
        return False
    return (
        any(isinstance(change, Written | Placed) for change in edit.changes)
        or bool(edit.written_in(fresh))
        or any(part in line for part in edit.removed for line in gone)
        or any(has_placeholder(line.encode("utf-8", "surrogateescape")) for line in edit.added)
    )
