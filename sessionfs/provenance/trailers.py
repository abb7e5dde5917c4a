"""Lines of a commit's message that name sessions: read, and written.

`Session: <ulid>` is ours, `Entire-Checkpoint: <id>` that of Entire. They are read wherever they
stand, for what squashes commits puts their messages one below the other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sessionfs.identity import is_ulid
from sessionfs.provenance.messages import cut_off, is_comment, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sessionfs.provenance.messages import Cleanup

SESSION = "Session"
ENTIRE = "Entire-Checkpoint"

_NAMED = re.compile(
    r"^[ \t]*(session|entire-checkpoint)[ \t]*:[ \t]*(\S+)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE
)
_CHECKPOINT = re.compile(r"[0-9a-f]{12}")
_TRAILER = re.compile(r"[A-Za-z0-9-]+[ \t]*:|\(cherry picked from commit ")


class Trailer(NamedTuple):
    """A line that names a session: its key, and what it names."""

    key: str
    ref: str


def parse_trailers(message: str) -> list[Trailer]:
    """Return the sessions and checkpoints that a message names, each once, in its order."""
    found: dict[Trailer, None] = {}
    for match in _NAMED.finditer(message):
        key, ref = match[1].lower(), match[2]
        if key == SESSION.lower() and is_ulid(ref.upper()):
            found[Trailer(SESSION, ref.upper())] = None
        elif key == ENTIRE.lower() and (is_ulid(ref) or _CHECKPOINT.fullmatch(ref)):
            found[Trailer(ENTIRE, ref)] = None
    return list(found)


def names_any(message: str) -> bool:
    """Tell whether a message has a trailer of ours; what is indented is quoted, as in a squash."""
    return any(
        match[1].lower() == SESSION.lower()
        and is_ulid(match[2].upper())
        and not match[0][:1].isspace()
        for match in _NAMED.finditer(message)
    )


def format_trailers(sessions: Iterable[str]) -> list[str]:
    """Return the lines that name sessions, sorted."""
    return [f"{SESSION}: {session}" for session in sorted(set(sessions))]


def with_trailers(message: str, sessions: Iterable[str], cleanup: Cleanup) -> str:
    """Return a message that names these sessions, too, before its comments and scissors.

    A message that says nothing stays as it is: git then ends the commit, as who leaves it empty
    wants.
    """
    content, rest = _split(message, cleanup)
    there = set(content.split("\n"))  # what is indented is quoted, as in a squash
    lines = [line for line in format_trailers(sessions) if line not in there]
    if not words(message, cleanup) or not lines:
        return message
    text = content.rstrip("\n")
    paragraphs = re.split(r"\n[ \t]*\n", text)
    gap = "\n" if len(paragraphs) > 1 and _is_block(paragraphs[-1]) else "\n\n"
    return text + gap + "\n".join(lines) + "\n" + (f"\n{rest}" if rest else "")


def _split(message: str, cleanup: Cleanup) -> tuple[str, str]:
    """Return what a message says, and the comments and cut-off lines below it."""
    cut = cut_off(message, cleanup.mark) if cleanup.cuts else len(message)
    lines = message[:cut].removesuffix("\n").split("\n")
    while lines and (not lines[-1].strip() or is_comment(lines[-1], cleanup)):
        lines.pop()
    content = "\n".join(lines)
    return content, message[len(content) :].lstrip("\n")


def _is_block(paragraph: str) -> bool:
    lines = paragraph.split("\n")
    return _TRAILER.match(lines[0]) is not None and all(
        _TRAILER.match(line) or line[:1] in (" ", "\t") for line in lines
    )
