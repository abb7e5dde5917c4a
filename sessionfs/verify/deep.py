"""A session without an error judged once more, by other means than the verifier's own.

The published schemas judge every document; what writes sessions derives the summary and the list of
digests, and each byte of them is compared. Everything is read a second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.archive import MANIFEST, REDACTIONS, SUMMARY, Session, read_lines
from sessionfs.canonical import decode
from sessionfs.check.explained import Rung
from sessionfs.digest import digest
from sessionfs.errors import SessionfsError
from sessionfs.schema import validate
from sessionfs.tree import Below, read_bytes
from sessionfs.verify.checksums import compare_list
from sessionfs.verify.oddities import unreadable
from sessionfs.verify.summary import compare_derived
from sessionfs.writer import derive
from sessionfs.yamltext import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.model import Finding
    from sessionfs.verify.files import Files


def judge_anew(files: Files, root: str, summary: bytes) -> None:
    """Judge the session below `root`, with the content of its summary, once more."""
    try:
        files.ladder.say(Rung.SCHEMA, *_by_schema(files, summary))
        derived, digests = derive(Session(Below(files.tree, root, files.names)))
        compare_derived(files, summary, derived)
        compare_list(files, digests | {SUMMARY: digest(summary)})
    except (SessionfsError, OSError) as error:  # it was readable a moment ago
        files.ladder.say(Rung.STRUCTURE, unreadable(error, files.at(SUMMARY)))


def _by_schema(files: Files, summary: bytes) -> Iterator[Finding]:
    """Yield what the reference validator says of all but the messages, which it has judged."""
    path = files.at(MANIFEST)
    yield from validate(parse(read_bytes(files.tree, path)), "manifest", path)
    yield from validate(decode(summary), "summary", files.at(SUMMARY))
    if REDACTIONS in files.names:
        path = files.at(REDACTIONS)
        for number, line in enumerate(read_lines(files.tree, path), 1):
            yield from validate(decode(line), "redactions", path, line=number)
