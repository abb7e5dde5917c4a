"""The message of a commit that is being made, and what git does with it."""

from __future__ import annotations

import os
import re

from sessionfs.git.repository import head
from sessionfs.git.running import ask
from sessionfs.git.worktree import path_setting

_CUT = re.compile(r"^(.{1,4}) -{24} >8 -{24}$", re.MULTILINE)
_NOTE = "sessionfs-message"
"""The file in the git directory that one hook of a commit leaves to the next."""


def comment_mark(top: str, message: str) -> str:
    """Return what a line of comment begins with in messages of commits."""
    for name in ("core.commentString", "core.commentChar"):
        told = (ask(top, "config", "--get", name) or b"").decode("utf-8", "replace").strip()
        if told == "auto":
            cut = _CUT.search(message)
            last = cut[1] if cut else message.rstrip("\n").rpartition("\n")[2]
            return last[:1] if last[:1] in "#;@!$%^&|:" else "#"
        if told:
            return told
    return "#"


def cleanup_mode(top: str) -> str:
    """Return what `commit.cleanup` says; empty where it is not set."""
    return (ask(top, "config", "--get", "commit.cleanup") or b"").decode("utf-8", "replace").strip()


def template(top: str) -> str:
    """Return the text that the repository's messages begin with; empty where it has none."""
    path = path_setting(top, "commit.template")
    if not path:
        return ""
    try:
        return read_message(os.path.join(top, path))
    except OSError:
        return ""


def is_squash(top: str) -> bool:
    """Tell whether the commit puts together what `git merge --squash` has left."""
    return os.path.lexists(_git_path(top, "SQUASH_MSG"))


def read_message(path: str) -> str:
    """Return the text of a file that holds a commit's message; no byte of it is lost."""
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
        return stream.read()


def write_message(path: str, message: str) -> None:
    """Put a message into the file that git will read it from."""
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        stream.write(message)


def leave_note(top: str, text: str) -> None:
    """Leave a text to the commit-msg hook of the commit that is being made."""
    write_message(_git_path(top, _NOTE), f"{head(top)}\n{text}")


def take_note(top: str) -> str | None:
    """Return the text that was left for this commit, and remove it; None where none was.

    One that was left before another commit is of a commit that was given up.
    """
    place = _git_path(top, _NOTE)
    try:
        note = read_message(place)
        os.remove(place)
    except OSError:
        return None
    before, _, text = note.partition("\n")
    return text if before == str(head(top)) else None


def _git_path(top: str, name: str) -> str:
    answer = ask(top, "rev-parse", "--git-path", name) or os.fsencode(name)
    return os.path.join(top, os.fsdecode(answer.removesuffix(b"\n")))
