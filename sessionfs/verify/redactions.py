"""redactions.jsonl: what was taken out, line by line."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from sessionfs.archive import REDACTIONS
from sessionfs.canonical import decode
from sessionfs.check.explained import Explained, Rung
from sessionfs.check.explanation import is_redaction
from sessionfs.errors import SessionfsError
from sessionfs.schema import is_plainly_valid
from sessionfs.verify.lines import Lines
from sessionfs.verify.oddities import unreadable

if TYPE_CHECKING:
    from sessionfs.verify.files import Files


def judge_redactions(files: Files, *, newer: bool) -> int:
    """Judge the redactions; return how many they tell of."""
    if REDACTIONS not in files.names:
        return 0
    path = files.at(REDACTIONS)
    count = 0
    try:
        with closing(files.tree.open(path)) as stream:
            lines = Lines(files, REDACTIONS, stream, newer=newer)
            for number, line in enumerate(lines, 1):
                explained = _proved(line) or lines.explain(line, number, "redactions")
                if explained is not None and not explained.broken:
                    count += explained.value["count"]
    except (SessionfsError, OSError) as error:
        files.ladder.say(Rung.STRUCTURE, unreadable(error, path))
    else:
        lines.finish()
    return count


def _proved(line: bytes | None) -> Explained | None:
    """Return the value of a line that is valid and in its one spelling."""
    if line is None:
        return None
    try:
        value = decode(line)
    except ValueError:
        return None
    if is_plainly_valid(value, "redactions") and is_redaction(line, value):
        return Explained(value)
    return None
