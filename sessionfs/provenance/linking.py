"""Whether an edit is part of what a commit changes in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.placeholder import as_text, covers, has_placeholder
from sessionfs.provenance.edits import Placed, Replaced, Written, is_telling, key, lines_of

if TYPE_CHECKING:
    from sessionfs.provenance.edits import Edit


def writes(edit: Edit, before: bytes | None, after: bytes | None, since: int | None) -> bool:
    """Tell whether an edit wrote some of what a file has now and had not before.

    The content decides: a telling line that the edit added. Where it added none, what it took
    away has to be gone, and the edit later than `since`, milliseconds since 1970, the time of
    the last commit.
    """
    old, new = _lines(before), _lines(after)
    if before == after or (b"\0" in (after or b"")[:8000]):
        return False
    added = {line for line in edit.added if is_telling(line)}
    fresh = new - old
    if any(isinstance(change, Placed) and change.quoted for change in edit.changes):
        fresh = {line.strip().removesuffix(",") for line in fresh}
    if added:
        telling = any(map(is_telling, edit.written_in(fresh)))
        return telling or any(_covers_one(line, fresh) for line in added)
    if since is not None and (edit.time is None or edit.time <= since):
        return False
    taken = {
        key(line)
        for change in edit.changes
        if isinstance(change, Replaced)
        for line in lines_of(change.old)
        if is_telling(line)
    }
    whole = any(isinstance(change, Written) and not change.content for change in edit.changes)
    return not (taken & new) and bool(taken & old or (whole and not new))


def _lines(content: bytes | None) -> set[str]:
    return {key(line) for line in lines_of(as_text(content or b""))}


def _covers_one(line: str, lines: set[str]) -> bool:
    """Tell whether a line in which something was redacted stands for one of some lines."""
    return has_placeholder(line.encode("utf-8", "surrogateescape")) and any(
        covers(line, other) for other in lines
    )
