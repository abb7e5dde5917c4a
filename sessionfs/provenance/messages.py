"""What git leaves of a commit's message, and whether it takes that for one."""

from __future__ import annotations

import re
from typing import NamedTuple

_SIGNED = "Signed-off-by:"


class Cleanup(NamedTuple):
    """What git takes out of a message."""

    mark: str
    """What a comment begins with."""
    strips: bool
    """Whether comments go."""
    cuts: bool
    """Whether the line with scissors goes, and what follows it."""


def cleanup_of(message: str, mark: str, mode: str, *, plain: bool) -> Cleanup:
    """Return what git will take out of a message.

    `mode` is what `commit.cleanup` says, empty for nothing. In a `plain` message, which no editor
    sees, no line is a comment; but one with the help that git writes for an editor has had one
    that changes nothing. Where it is not sure that comments stay, they do not count.
    """
    edited = not plain or mark in message.split("\n")
    stay = mode == "scissors" and cut_off(message, mark) < len(message)
    return Cleanup(mark, strips=mode == "strip" or (edited and not stay), cuts=edited)


def cut_off(message: str, mark: str) -> int:
    """Return where the line with scissors begins, the message's length where it has none."""
    scissors = re.search(rf"^{re.escape(mark)} -{{24}} >8 -{{24}}$", message, re.MULTILINE)
    return scissors.start() if scissors else len(message)


def is_comment(line: str, cleanup: Cleanup) -> bool:
    """Tell whether git takes a line out."""
    return cleanup.strips and line.startswith(cleanup.mark)


def words(message: str, cleanup: Cleanup) -> list[str]:
    """Return the lines that make a message one, for git: who signed it off does not."""
    end = cut_off(message, cleanup.mark) if cleanup.cuts else len(message)
    return [
        line.strip()
        for line in message[:end].split("\n")
        if line.strip() and not line.startswith(_SIGNED) and not is_comment(line, cleanup)
    ]
